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
  std::string host;  ///< as typed, with the port, for the Host header
  std::string path;  ///< with the query; "/" when there is none
};

/// The host is an IPv4 address, an IPv6 address in brackets, or localhost; the port is 80 when
/// there is none.
[[nodiscard]] std::variant<Url, ParseError> parse_url(std::string_view text);

}  // namespace urb
