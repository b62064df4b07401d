// Sealed bytes on their way to a socket: what is being sent, and what TLS puts behind it meanwhile.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "tls/tls.hpp"

namespace urb::tls {

/// One connection and what of it is to be sent. While a request names unsent(), nothing else may be
/// taken, since that would move the bytes.
struct Outbox {
  std::optional<Connection> tls;
  std::uint64_t sealed = 0;  ///< bytes of plaintext that the owner has sealed, and are on their way
  std::size_t owed = 0;      ///< sealed bytes that wait and are none of the owner's: TLS's answers

  [[nodiscard]] std::string_view unsent() const noexcept {
    const std::string_view all{reinterpret_cast<const char*>(sending_.data()), sending_.size()};
    return all.substr(sent_);
  }
  void on_sent(std::size_t bytes) noexcept { sent_ += bytes; }
  /// Takes the output of TLS, once everything before it is sent. False where nothing is to be sent.
  [[nodiscard]] bool take() noexcept {
    if (sent_ == sending_.size()) {
      // A connection that may be idle from here on keeps no large memory.
      if (sending_.capacity() > kKeptBytes) sending_ = {};
      sending_.clear();
      sent_ = 0;
      sending_.swap(tls->output());
      owed = 0;
    }
    return !sending_.empty();
  }

 private:
  static constexpr std::size_t kKeptBytes = 4096;
  std::vector<std::byte> sending_;
  std::size_t sent_ = 0;
};

}  // namespace urb::tls
