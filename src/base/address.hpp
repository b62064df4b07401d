// Socket addresses: IPv4 and IPv6 with a port, and paths of Unix sockets. They are numeric. The
// caller resolves names.
#pragma once

#include <netinet/in.h>
#include <sys/socket.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>

#include "base/units.hpp"

namespace urb {

/// An IPv4 or IPv6 address and port, or a Unix socket's path, ready for bind(2) and connect(2).
class Address {
 public:
  Address() noexcept = default;
  static Address loopback(std::uint16_t port) noexcept;
  static Address loopback_v6(std::uint16_t port) noexcept;
  /// Of any family that raw() may have; `bytes` are at most those of a sockaddr_storage.
  static Address copy_of(const sockaddr& raw, socklen_t bytes) noexcept;
  /// The local address of a bound socket. Throws SysError.
  static Address of_socket(int fd);

  [[nodiscard]] const sockaddr* raw() const noexcept {
    return reinterpret_cast<const sockaddr*>(&storage_);
  }
  [[nodiscard]] socklen_t raw_bytes() const noexcept;
  [[nodiscard]] int family() const noexcept { return storage_.ss_family; }
  [[nodiscard]] bool is_unix() const noexcept { return family() == AF_UNIX; }
  /// Whether it is in 127.0.0.0/8, or is ::1.
  [[nodiscard]] bool is_loopback() const noexcept;
  /// The port, zero for a Unix socket.
  [[nodiscard]] std::uint16_t port() const noexcept;
  void set_port(std::uint16_t port) noexcept;
  /// The path of a Unix socket, empty for other addresses.
  [[nodiscard]] std::string path() const;

 private:
  friend std::variant<Address, ParseError> parse_address(std::string_view text);
  friend std::variant<Address, ParseError> parse_listen_address(std::string_view text);
  sockaddr_storage storage_{};
};

/// "localhost" in any case, also with the dot that a full name may end with.
[[nodiscard]] bool is_localhost(std::string_view host) noexcept;

/// "127.0.0.1:8080", "[::1]:8080", ":8080" (loopback), "localhost:8080".
[[nodiscard]] std::variant<Address, ParseError> parse_address(std::string_view text);
/// The same, and "unix:PATH".
[[nodiscard]] std::variant<Address, ParseError> parse_listen_address(std::string_view text);
/// The inverse: "127.0.0.1:8080", "[::1]:8080", "unix:/run/server.sock".
[[nodiscard]] std::string format_address(const Address& address);

}  // namespace urb
