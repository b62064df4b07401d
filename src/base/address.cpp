#include "base/address.hpp"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <sys/un.h>

#include <algorithm>
#include <charconv>
#include <cstring>
#include <utility>

#include "base/error.hpp"

namespace urb {
namespace {

// The storage is a sockaddr_storage, which C lets alias every address family. Copies keep to
// the letter of C++ too.
template <class T>
T view(const sockaddr* raw) noexcept {
  T out{};
  std::memcpy(&out, raw, sizeof out);
  return out;
}

std::variant<sockaddr_in6, ParseError> parse_ipv6(std::string_view host) {
  sockaddr_in6 in{};
  in.sin6_family = AF_INET6;
  if (host.find('%') != std::string_view::npos) {
    return ParseError{1, "an IPv6 address with a zone (%lo) is not supported"};
  }
  if (inet_pton(AF_INET6, std::string{host}.c_str(), &in.sin6_addr) != 1) {
    return ParseError{1, "not a numeric IPv6 address"};
  }
  if (IN6_IS_ADDR_LINKLOCAL(&in.sin6_addr)) {
    return ParseError{1,
                      "a link-local IPv6 address needs a zone, which is not supported; use "
                      "another address of that host"};
  }
  return in;
}

// Parses what stands before the port, without brackets.
std::string describe_wrong_host(std::string_view host) {
  if (host.find(':') != std::string_view::npos) {
    return "an IPv6 address stands in brackets: write [::1]";
  }
  if (std::any_of(host.begin(), host.end(), [](char c) { return (c & '\x80') != 0; })) {
    return "a host has no bytes above 127; write a numeric address (names other than localhost are "
           "not looked up)";
  }
  if (host.back() == '.') return "not a numeric IPv4 address: no dot stands at its end";
  return "not a numeric IPv4 address (names other than localhost are not looked up)";
}

}  // namespace

bool is_localhost(std::string_view host) noexcept {
  constexpr std::string_view kName = "localhost";
  if (host.ends_with('.')) host.remove_suffix(1);  // the root of all names
  return std::equal(host.begin(), host.end(), kName.begin(), kName.end(),
                    [](char typed, char letter) { return (typed | ' ') == letter; });
}

Address Address::loopback(std::uint16_t port) noexcept {
  Address address;
  sockaddr_in in{};
  in.sin_family = AF_INET;
  in.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  std::memcpy(&address.storage_, &in, sizeof in);
  address.set_port(port);
  return address;
}

Address Address::loopback_v6(std::uint16_t port) noexcept {
  Address address;
  sockaddr_in6 in{};
  in.sin6_family = AF_INET6;
  in.sin6_addr = in6addr_loopback;
  std::memcpy(&address.storage_, &in, sizeof in);
  address.set_port(port);
  return address;
}

Address Address::of_socket(int fd) {
  Address address;
  socklen_t size = sizeof address.storage_;
  check(getsockname(fd, reinterpret_cast<sockaddr*>(&address.storage_), &size), "getsockname");
  return address;
}

socklen_t Address::raw_bytes() const noexcept {
  if (is_unix()) {
    const auto bytes =
        offsetof(sockaddr_un, sun_path) + std::strlen(view<sockaddr_un>(raw()).sun_path) + 1;
    return static_cast<socklen_t>(bytes);
  }
  return storage_.ss_family == AF_INET6 ? sizeof(sockaddr_in6) : sizeof(sockaddr_in);
}

Address Address::copy_of(const sockaddr& raw, socklen_t bytes) noexcept {
  Address address;
  std::memcpy(&address.storage_, &raw, bytes);
  return address;
}

bool Address::is_loopback() const noexcept {
  if (family() == AF_INET6) {
    const auto in = view<sockaddr_in6>(raw());
    return IN6_IS_ADDR_LOOPBACK(&in.sin6_addr);
  }
  return family() == AF_INET &&
         ntohl(view<sockaddr_in>(raw()).sin_addr.s_addr) >> 24 == IN_LOOPBACKNET;
}

std::uint16_t Address::port() const noexcept {
  if (is_unix()) return 0;
  // The other families keep the port at the same place.
  return ntohs(view<sockaddr_in>(raw()).sin_port);
}

void Address::set_port(std::uint16_t port) noexcept {
  const std::uint16_t network = htons(port);
  std::memcpy(reinterpret_cast<std::byte*>(&storage_) + offsetof(sockaddr_in, sin_port), &network,
              sizeof network);
}

std::string Address::path() const {
  return is_unix() ? std::string{view<sockaddr_un>(raw()).sun_path} : std::string{};
}

std::variant<Address, ParseError> parse_address(std::string_view text) {
  const std::size_t colon = text.rfind(':');
  if (colon == std::string_view::npos) {
    return ParseError{text.size(), "an address is HOST:PORT, such as 127.0.0.1:8080"};
  }
  std::uint16_t port = 0;
  const std::string_view digits = text.substr(colon + 1);
  const auto [rest, error] = std::from_chars(digits.data(), digits.data() + digits.size(), port);
  if (error != std::errc{} || rest != digits.data() + digits.size()) {
    return ParseError{colon + 1, digits.empty() ? "a port stands behind the colon, from 0 to 65535"
                                                : "the port is a number from 0 to 65535"};
  }

  const std::string_view host = text.substr(0, colon);
  Address address = Address::loopback(port);
  if (host.empty() || is_localhost(host)) return address;
  if (host.front() == '[' && host.back() == ']') {
    auto in = parse_ipv6(host.substr(1, host.size() - 2));
    if (auto* const error_in = std::get_if<ParseError>(&in)) return std::move(*error_in);
    std::memcpy(&address.storage_, &std::get<sockaddr_in6>(in), sizeof(sockaddr_in6));
    address.set_port(port);
    return address;
  }
  sockaddr_in in{};
  in.sin_family = AF_INET;
  if (inet_pton(AF_INET, std::string{host}.c_str(), &in.sin_addr) != 1) {
    return ParseError{0, describe_wrong_host(host)};
  }
  std::memcpy(&address.storage_, &in, sizeof in);
  address.set_port(port);
  return address;
}

std::variant<Address, ParseError> parse_listen_address(std::string_view text) {
  constexpr std::string_view kUnix = "unix:";
  if (!text.starts_with(kUnix)) return parse_address(text);
  const std::string_view path = text.substr(kUnix.size());
  sockaddr_un un{};
  un.sun_family = AF_UNIX;
  if (path.empty()) return ParseError{kUnix.size(), "a path belongs behind unix:"};
  if (path.front() == '@') {
    return ParseError{kUnix.size(),
                      "abstract sockets (unix:@NAME) are not supported; write "
                      "unix:./@NAME for a file of that name"};
  }
  if (path.size() >= sizeof un.sun_path) {
    return ParseError{kUnix.size(), fmt::format("the path of a Unix socket has at most {} bytes",
                                                sizeof un.sun_path - 1)};
  }
  path.copy(un.sun_path, path.size());
  Address address;
  std::memcpy(&address.storage_, &un, sizeof un);
  return address;
}

std::string format_address(const Address& address) {
  if (address.is_unix()) return "unix:" + address.path();
  char text[INET6_ADDRSTRLEN] = "";
  if (address.family() == AF_INET6) {
    const auto in = view<sockaddr_in6>(address.raw());
    inet_ntop(AF_INET6, &in.sin6_addr, text, sizeof text);
    return fmt::format("[{}]:{}", text, address.port());
  }
  const auto in = view<sockaddr_in>(address.raw());
  inet_ntop(AF_INET, &in.sin_addr, text, sizeof text);
  return fmt::format("{}:{}", text, address.port());
}

}  // namespace urb
