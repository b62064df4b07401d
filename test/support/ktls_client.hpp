// A TLS client whose own records the kernel seals, so that a test chooses their types. It reads by
// OpenSSL. For guests, and for whoever has the kernel's TLS.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/address.hpp"
#include "base/fd.hpp"

struct ssl_st;
struct ssl_ctx_st;
struct ssl_session_st;

namespace urb::test {

/// What a session of one client is for another: the ticket of the first.
using Ticket = std::shared_ptr<ssl_session_st>;

class KtlsClient {
 public:
  enum class Version : std::uint8_t { tls12, tls13 };
  /// Connects and completes a handshake, by `ticket` where there is one. Throws SysError and
  /// std::runtime_error.
  KtlsClient(const Address& server, Version version, const Ticket& ticket = {});
  KtlsClient(const KtlsClient&) = delete;
  KtlsClient& operator=(const KtlsClient&) = delete;
  ~KtlsClient();

  void send(std::string_view data) { send_record(kData, data); }
  /// A record of `type` for each 16 KiB of `bytes`. Throws SysError.
  void send_record(unsigned char type, std::string_view bytes);
  /// The end of this side of TCP, behind no end of TLS.
  void end_tcp();

  struct End {
    std::string text;  ///< all that came before
    bool is_clean;     ///< it was told (close_notify)
    int alert = -1;    ///< the fatal alert that it was, if any
  };
  /// Reads until the server ends the connection, or is silent for kPatience.
  [[nodiscard]] End read_to_end();
  /// Reads until `end` has come. Throws std::runtime_error.
  [[nodiscard]] std::string read_until(std::string_view end);

  [[nodiscard]] bool is_resumed() const noexcept;
  /// After read_until(), by which tickets come.
  [[nodiscard]] Ticket ticket() const;

  static constexpr unsigned char kAlert = 21;
  static constexpr unsigned char kHandshake = 22;
  static constexpr unsigned char kData = 23;

 private:
  std::unique_ptr<ssl_ctx_st, void (*)(ssl_ctx_st*)> context_;
  Fd socket_;
  std::unique_ptr<ssl_st, void (*)(ssl_st*)> ssl_;
};

}  // namespace urb::test
