// Splits, then lets base/address do the rest.
#include "cli/url.hpp"

#include <fmt/format.h>
#include <poll.h>
#include <strings.h>
#include <sys/socket.h>

#include <algorithm>
#include <cctype>
#include <cerrno>
#include <cstring>
#include <optional>
#include <stdexcept>
#include <utility>

#include "base/fd.hpp"
#include "cli/resolver.hpp"

namespace urb {
namespace {

constexpr std::string_view kHttp = "http://";
constexpr std::string_view kHttps = "https://";
constexpr std::string_view kUnix = "unix:";

// Schemes are the same in capitals (RFC 3986, 3.1).
bool begins_with(std::string_view text, std::string_view scheme) noexcept {
  return text.size() >= scheme.size() &&
         strncasecmp(text.data(), scheme.data(), scheme.size()) == 0;
}

// Whatever ends up in the request line must not end it.
std::optional<ParseError> find_forbidden(std::string_view text, std::size_t path_begin) {
  for (std::size_t at = 0; at < text.size(); ++at) {
    const auto byte = static_cast<unsigned char>(text[at]);
    if (byte <= ' ' || byte == 0x7f) {
      return ParseError{at, "a URL has no spaces or control characters (write %20)"};
    }
    if (byte > 0x7f && at >= path_begin) {
      return ParseError{at, "a path has no bytes above 127; write each as %C3"};
    }
  }
  return std::nullopt;
}

// A name for a resolver: what is not all digits and dots, of letters that names have (RFC 1123,
// 2.1), and underscores.
bool is_name(std::string_view host) noexcept {
  const auto is_letter = [](unsigned char c) { return std::isalpha(c) != 0; };
  const auto may_be = [](unsigned char c) {
    return std::isalnum(c) != 0 || c == '-' || c == '.' || c == '_';
  };
  return std::any_of(host.begin(), host.end(), is_letter) &&
         std::all_of(host.begin(), host.end(), may_be);
}

struct UrlHost {
  Address address;
  std::string name;
};

// The host with a port that can be connected to.
std::variant<UrlHost, ParseError> parse_host(std::string_view host, std::string_view port) {
  // A colon behind the brackets of an IPv6 address, or any colon without brackets.
  const std::size_t bracket = host.rfind(']');
  const std::size_t colon = host.find(':', bracket == std::string_view::npos ? 0 : bracket);
  std::string with_port{host};
  if (colon == std::string_view::npos) {
    with_port.append(":").append(port);
  } else if (colon + 1 == host.size()) {
    with_port += port;  // an empty port is the scheme's own (RFC 3986, 3.2.3)
  } else if (bracket == std::string_view::npos && colon != host.rfind(':')) {
    return ParseError{0, "an IPv6 address stands in brackets: write http://[::1]:8080/"};
  }
  std::string name{host.substr(0, colon)};
  if (!is_name(name) || is_localhost(name)) name.clear();
  if (!name.empty()) with_port.erase(0, name.size());  // any address, for the port
  auto parsed = parse_address(with_port);
  if (auto* const error = std::get_if<ParseError>(&parsed)) return std::move(*error);
  const Address& address = std::get<Address>(parsed);
  if (address.port() == 0) return ParseError{0, "port 0 cannot be connected to"};
  return UrlHost{address, std::move(name)};
}

std::variant<Url, ParseError> parse_unix(std::string_view text) {
  auto parsed = parse_listen_address(text);
  if (auto* const error = std::get_if<ParseError>(&parsed)) return std::move(*error);
  return Url{.address = std::get<Address>(parsed), .name = {}, .host = "localhost", .path = "/"};
}

// What connect(2) says of an address, 0 when it accepts.
int connect_error(const Address& address, int patience_ms) {
  const int raw = socket(address.family(), SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (raw < 0) return errno;
  const Fd probe{Adopt{}, raw};
  if (connect(raw, address.raw(), address.raw_bytes()) == 0) return 0;
  if (errno != EINPROGRESS) return errno;
  pollfd connected{raw, POLLOUT, 0};
  if (poll(&connected, 1, patience_ms) <= 0) return ETIMEDOUT;
  int error = 0;
  socklen_t bytes = sizeof error;
  return getsockopt(raw, SOL_SOCKET, SO_ERROR, &error, &bytes) == 0 ? error : errno;
}

Address connect_by_name(const Url& url) {
  constexpr int kPatienceMs = 5000;
  std::string tried;
  for (const Address& address : look_up(url.name, url.address.port())) {
    const int error = connect_error(address, kPatienceMs);
    if (error == 0) return address;
    tried += fmt::format("{}{}: {}", tried.empty() ? "" : ", ", format_address(address),
                         std::strerror(error));
  }
  throw std::runtime_error{fmt::format("{} accepts no connection ({})", url.name, tried)};
}

}  // namespace

std::variant<Url, ParseError> parse_url(std::string_view text) {
  constexpr const char* kNoUser =
      "a user in the URL is not sent; leave it out and use -H 'Authorization: Basic …'";
  if (begins_with(text, kUnix)) return parse_unix(text);
  const bool has_tls = begins_with(text, kHttps);
  if (!has_tls && !begins_with(text, kHttp)) {
    return ParseError{0, "a URL begins with http:// or https://"};
  }
  const std::size_t host_begin = (has_tls ? kHttps : kHttp).size();
  const std::string_view rest = text.substr(host_begin);
  const std::size_t path_begin = std::min(rest.find_first_of("/?#"), rest.size());
  const std::string_view host = rest.substr(0, path_begin);
  const std::string_view path = rest.substr(path_begin, rest.find('#') - path_begin);
  if (host.find('@') != std::string_view::npos) return ParseError{host_begin, kNoUser};
  if (host.empty() || (host.front() == ':' && host.rfind(':') == 0))
    return ParseError{host_begin, "a URL needs a host: http://127.0.0.1:8080/"};
  if (auto forbidden = find_forbidden(text, host_begin + path_begin)) {
    return std::move(*forbidden);
  }

  auto parsed = parse_host(host, has_tls ? "443" : "80");
  if (auto* const error = std::get_if<ParseError>(&parsed)) {
    // A password may have a slash in it, and what stands before that looks like a port.
    if (rest.find('@') != std::string_view::npos) return ParseError{host_begin, kNoUser};
    return ParseError{error->position + host_begin, std::move(error->message)};
  }
  UrlHost& found = std::get<UrlHost>(parsed);
  Url url{.address = found.address,
          .name = std::move(found.name),
          .host = std::string{host},
          .path = "/"};
  if (url.host.back() == ':') url.host.pop_back();
  url.path += path.starts_with('/') ? path.substr(1) : path;
  const std::string_view without_port = host.substr(0, host.find(':'));
  url.is_localhost = urb::is_localhost(without_port);
  url.has_tls = has_tls;
  if (is_name(without_port)) url.tls_name = without_port;
  return url;
}

std::string hide_user(std::string_view text) {
  const std::size_t at = text.rfind('@');
  if (at == std::string_view::npos || begins_with(text, kUnix)) return std::string{text};
  const std::size_t slashes = text.find("//");
  const std::size_t begin = slashes < at ? slashes + 2 : 0;
  return std::string{text.substr(0, begin)} + "***" + std::string{text.substr(at)};
}

Address find_server_address(const Url& url) {
  if (!url.name.empty()) return connect_by_name(url);
  constexpr int kPatienceMs = 1000;
  if (!url.is_localhost || connect_error(url.address, kPatienceMs) == 0) return url.address;
  const Address six = Address::loopback_v6(url.address.port());
  return connect_error(six, kPatienceMs) == 0 ? six : url.address;
}

}  // namespace urb
