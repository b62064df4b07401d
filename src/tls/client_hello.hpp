// The first message of a TLS client, read without taking it: for whoever chooses a server by its
// name and leaves TLS to that server. There is no cryptography in it.
//
// RFC 8446, 4.1.2 and 5.1: a ClientHello in one or more records. RFC 6066, 3: the server's name.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace urb::tls {

/// Bytes that a ClientHello may have with the headers of its records, beginning with the first of
/// the connection. A guess: one with keys against quantum computers has 2 KB, and nginx's
/// preread_buffer_size is as much.
inline constexpr std::size_t kClientHelloMax = 16 * 1024;

struct ClientHello {
  enum class Status : std::uint8_t {
    need_more,  ///< as far as it goes, it is one
    complete,
    refused,  ///< no TLS server would take it, or it is too long
  };
  Status status = Status::need_more;
  /// need_more: how many bytes are worth another look, up to the end of a record or of its header.
  /// More than there were, and at most kClientHelloMax.
  std::size_t needed = 0;
  /// refused: the alert that says why (RFC 8446, 6.2). None to a client that does not speak TLS.
  std::optional<std::uint8_t> alert;
  /// complete: hash_of_name() of the host that the client asks for, if it asks for one.
  std::optional<std::uint64_t> name_hash;
};

/// Looks at the first bytes of a connection, however many are there. It reads every field up to the
/// name, and the frames of the others. What follows the message is not looked at.
[[nodiscard]] ClientHello read_client_hello(std::span<const std::byte> bytes) noexcept;

/// The same for a name in upper and in lower case (RFC 6066, 3).
[[nodiscard]] std::uint64_t hash_of_name(std::string_view name) noexcept;

}  // namespace urb::tls
