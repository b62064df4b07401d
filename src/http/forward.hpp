// Heads as the proxy forwards them: rebuilt from a parse, never copied through, so that what the
// next parser reads is what this one understood.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string_view>

#include "http/request_parser.hpp"

namespace urb::http {

/// Writes the head to send upstream for the complete head at `source`: the request line as
/// HTTP/1.1 with a path as its target, end-to-end fields in order, one framing field from `head`,
/// and Via. Hop-by-hop fields (RFC 9110, 7.6.1), those that Connection names, credentials for a
/// proxy (this one is the last), and Expect are left out.
/// Returns the bytes written, or nothing when `source` does not parse or `out` is too small; a head
/// within the parser's limits never needs more than kForwardedHeadBytesMax.
[[nodiscard]] std::optional<std::size_t> write_forwarded_request(std::span<const std::byte> source,
                                                                 const RequestHead& head,
                                                                 std::span<std::byte> out) noexcept;

/// The same for the complete head of a response to be sent to the client, whose connection stays
/// open or not as `keep_alive` says; `http11` is the client's version.
[[nodiscard]] std::optional<std::size_t> write_forwarded_response(
    std::span<const std::byte> source, bool http11, bool keep_alive,
    std::span<std::byte> out) noexcept;

/// Request line and header lines at their limits, ": " and CRLF for each field, and our own fields.
inline constexpr std::size_t kForwardedHeadBytesMax =
    kRequestLineBytesMax + kHeadBytesMax + 4 * kFieldCountMax + kProxyBytesMax;

}  // namespace urb::http
