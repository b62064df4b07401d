// Splits, then lets base/address do the rest.
#include "cli/url.hpp"

#include <algorithm>
#include <utility>

namespace urb {

std::variant<Url, ParseError> parse_url(std::string_view text) {
  constexpr std::string_view kScheme = "http://";
  if (text.starts_with("https://")) return ParseError{0, "https is not supported, use http://"};
  if (!text.starts_with(kScheme)) return ParseError{0, "a URL begins with http://"};
  const std::string_view rest = text.substr(kScheme.size());
  const std::size_t path_begin = std::min(rest.find_first_of("/?#"), rest.size());
  const std::string_view host = rest.substr(0, path_begin);
  const std::string_view path = rest.substr(path_begin, rest.find('#') - path_begin);
  if (host.empty() || host.front() == ':')
    return ParseError{kScheme.size(), "a URL needs a host: http://127.0.0.1:8080/"};
  // Whatever ends up in the request line must not end it.
  const auto is_forbidden = [](char c) { return c <= ' ' || c == '\x7f'; };
  const auto* const bad = std::find_if(text.begin(), text.end(), is_forbidden);
  if (bad != text.end()) {
    return ParseError{static_cast<std::size_t>(bad - text.begin()),
                      "a URL has no spaces or control characters (write %20)"};
  }

  // A colon behind the brackets of an IPv6 address, or any colon without brackets.
  const std::size_t bracket = host.rfind(']');
  const std::size_t colon = host.find(':', bracket == std::string_view::npos ? 0 : bracket);
  std::string with_port{host};
  if (colon == std::string_view::npos) with_port += ":80";
  auto parsed = parse_address(with_port);
  if (auto* const error = std::get_if<ParseError>(&parsed)) {
    return ParseError{error->position + kScheme.size(), std::move(error->message)};
  }
  const auto& address = std::get<Address>(parsed);
  if (address.port() == 0) return ParseError{kScheme.size(), "port 0 cannot be connected to"};

  Url url{address, std::string{host}, "/"};
  url.path += path.starts_with('/') ? path.substr(1) : path;
  return url;
}

}  // namespace urb
