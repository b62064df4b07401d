// "http://host:port/path" → the pieces the load generator takes. No resolver: a benchmark that
// looks names up measures the wrong thing.
#pragma once

#include <string>
#include <string_view>
#include <variant>

#include "base/address.hpp"

namespace urb {

struct Url {
  Address address;
  std::string host;           ///< as typed, with the port, for the Host header
  std::string path;           ///< with the query; "/" when there is none
  bool is_localhost = false;  ///< by name: either loopback address may be meant
};

/// The host is an IPv4 address, an IPv6 address in brackets, or localhost; the port is 80 when
/// there is none. Or "unix:PATH", as `serve` prints it, which asks for "/".
[[nodiscard]] std::variant<Url, ParseError> parse_url(std::string_view text);
/// `text` for a message: what may be a user and a password is replaced by "***".
[[nodiscard]] std::string hide_user(std::string_view text);

/// What localhost stands for: [::1] where a server listens there, and none at 127.0.0.1. Of the
/// others, the address. Connects once or twice.
[[nodiscard]] Address find_server_address(const Url& url);

}  // namespace urb
