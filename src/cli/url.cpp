// Splits, then lets base/address do the rest.
#include "cli/url.hpp"

#include <poll.h>
#include <strings.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <optional>
#include <utility>

#include "base/fd.hpp"

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

// The host with a port that can be connected to.
std::variant<Address, ParseError> parse_host(std::string_view host) {
  // A colon behind the brackets of an IPv6 address, or any colon without brackets.
  const std::size_t bracket = host.rfind(']');
  const std::size_t colon = host.find(':', bracket == std::string_view::npos ? 0 : bracket);
  std::string with_port{host};
  if (colon == std::string_view::npos) {
    with_port += ":80";
  } else if (colon + 1 == host.size()) {
    with_port += "80";  // an empty port is the scheme's own (RFC 3986, 3.2.3)
  } else if (bracket == std::string_view::npos && colon != host.rfind(':')) {
    return ParseError{0, "an IPv6 address stands in brackets: write http://[::1]:8080/"};
  }
  auto parsed = parse_address(with_port);
  if (const auto* const address = std::get_if<Address>(&parsed);
      address != nullptr && address->port() == 0) {
    return ParseError{0, "port 0 cannot be connected to"};
  }
  return parsed;
}

std::variant<Url, ParseError> parse_unix(std::string_view text) {
  auto parsed = parse_listen_address(text);
  if (auto* const error = std::get_if<ParseError>(&parsed)) return std::move(*error);
  return Url{std::get<Address>(parsed), "localhost", "/"};
}

bool accepts(const Address& address) {
  constexpr int kPatienceMs = 1000;
  const int raw = socket(address.family(), SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (raw < 0) return false;
  const Fd probe{Adopt{}, raw};
  if (connect(raw, address.raw(), address.raw_bytes()) == 0) return true;
  if (errno != EINPROGRESS) return false;
  pollfd connected{raw, POLLOUT, 0};
  if (poll(&connected, 1, kPatienceMs) <= 0) return false;
  int error = 0;
  socklen_t bytes = sizeof error;
  return getsockopt(raw, SOL_SOCKET, SO_ERROR, &error, &bytes) == 0 && error == 0;
}

}  // namespace

std::variant<Url, ParseError> parse_url(std::string_view text) {
  constexpr const char* kNoUser =
      "a user in the URL is not sent; leave it out and use -H 'Authorization: Basic …'";
  if (begins_with(text, kUnix)) return parse_unix(text);
  if (begins_with(text, kHttps)) return ParseError{0, "https is not supported, use http://"};
  if (!begins_with(text, kHttp)) return ParseError{0, "a URL begins with http://"};
  const std::string_view rest = text.substr(kHttp.size());
  const std::size_t path_begin = std::min(rest.find_first_of("/?#"), rest.size());
  const std::string_view host = rest.substr(0, path_begin);
  const std::string_view path = rest.substr(path_begin, rest.find('#') - path_begin);
  if (host.find('@') != std::string_view::npos) return ParseError{kHttp.size(), kNoUser};
  if (host.empty() || (host.front() == ':' && host.rfind(':') == 0))
    return ParseError{kHttp.size(), "a URL needs a host: http://127.0.0.1:8080/"};
  if (auto forbidden = find_forbidden(text, kHttp.size() + path_begin)) {
    return std::move(*forbidden);
  }

  auto parsed = parse_host(host);
  if (auto* const error = std::get_if<ParseError>(&parsed)) {
    // A password may have a slash in it, and what stands before that looks like a port.
    if (rest.find('@') != std::string_view::npos) return ParseError{kHttp.size(), kNoUser};
    return ParseError{error->position + kHttp.size(), std::move(error->message)};
  }
  Url url{std::get<Address>(parsed), std::string{host}, "/"};
  if (url.host.back() == ':') url.host.pop_back();
  url.path += path.starts_with('/') ? path.substr(1) : path;
  url.is_localhost = urb::is_localhost(host.substr(0, host.find(':')));
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
  if (!url.is_localhost || accepts(url.address)) return url.address;
  const Address six = Address::loopback_v6(url.address.port());
  return accepts(six) ? six : url.address;
}

}  // namespace urb
