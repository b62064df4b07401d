// A handshake on a socket, after which the kernel seals and opens records by itself (kTLS). What
// follows needs no library: the socket gives and takes plaintext, in whatever process.
#pragma once

#include <cstdint>
#include <string>

#include "tls/tls.hpp"

namespace urb::tls {

/// Whether the library gives the keys of TLS 1.3 to the kernel, both ways: OpenSSL from 3.2 on.
/// An older one does it for TLS 1.2, and a server offers nothing else then.
[[nodiscard]] bool kernel_takes_tls13() noexcept;
/// Why the library gives no keys to any kernel; empty where it does.
[[nodiscard]] std::string find_library_obstacle();

/// The server's side of one handshake. It reads and writes `socket` by itself, and never waits.
class KernelHandshake {
 public:
  enum class Step : std::uint8_t {
    wants_input,   ///< again once the socket is readable
    wants_output,  ///< again once the socket is writable
    done,
    failed,  ///< an alert has been sent, where there was something to say
  };

  /// `context` is for_kernel() and outlives it. `socket` is connected, does not block, and stays
  /// the caller's. It is closed after this object, or lives on without it.
  KernelHandshake(Context& context, int socket) noexcept;
  KernelHandshake(KernelHandshake&& other) noexcept;
  KernelHandshake& operator=(KernelHandshake&& other) noexcept;
  /// Says nothing to the peer.
  ~KernelHandshake();

  [[nodiscard]] Step advance() noexcept;

  // Once done:

  /// The kernel has the keys of both directions, and the library holds no byte of the peer's. Only
  /// then may somebody else use the socket.
  [[nodiscard]] bool is_offloaded() const noexcept;
  /// It has been a short one.
  [[nodiscard]] bool is_resumed() const noexcept;

 private:
  ssl_st* ssl_ = nullptr;
};

}  // namespace urb::tls
