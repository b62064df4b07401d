// "http://host:port/path" → the pieces the load generator takes. A name is looked up once, before
// anything is measured.
#pragma once

#include <string>
#include <string_view>
#include <variant>

#include "base/address.hpp"

namespace urb {

struct Url {
  Address address;   ///< unknown yet where there is a name; its port is known
  std::string name;  ///< to look up; empty for localhost and what is numeric
  std::string host;  ///< as typed, with the port, for the Host header
  std::string path;  ///< with the query; "/" when there is none
  bool has_tls = false;
  std::string tls_name;       ///< that TLS asks for; empty where the host is numeric
  bool is_localhost = false;  ///< by name: either loopback address may be meant
};

/// The host is a name, an IPv4 address, or an IPv6 address in brackets; the port is 80 when there
/// is none, with https 443. Or "unix:PATH", as `serve` prints it, which asks for "/".
[[nodiscard]] std::variant<Url, ParseError> parse_url(std::string_view text);
/// `text` for a message: what may be a user and a password is replaced by "***".
[[nodiscard]] std::string hide_user(std::string_view text);

/// Where the server is. Of a name, the first of its addresses that accepts a connection. Of
/// localhost, [::1] where a server listens there and none at 127.0.0.1. Of others, the address.
/// Throws runtime_error, with the name and the reason, where a name has no such address.
[[nodiscard]] Address find_server_address(const Url& url);

}  // namespace urb
