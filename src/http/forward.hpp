// Heads as the proxy forwards them. They are rebuilt from a parse, never copied through. So the
// next parser reads what this one understood.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string_view>

#include "http/request_parser.hpp"

namespace urb::http {

/// Writes the head to send upstream for the complete head at `source`. It has the request line as
/// HTTP/1.1 with a path as its target. End-to-end fields follow in order, then one framing field
/// from `head`, and Via. Left out are Expect, hop-by-hop fields (RFC 9110, 7.6.1) and those that
/// Connection names. So are credentials for a proxy, since this one is the last.
/// Returns the bytes written, or nothing when `source` does not parse or `out` is too small. A head
/// within the parser's limits never needs more than kForwardedHeadBytesMax.
[[nodiscard]] std::optional<std::size_t> write_forwarded_request(std::span<const std::byte> source,
                                                                 const RequestHead& head,
                                                                 std::span<std::byte> out) noexcept;

/// The same for the complete head of a response to the client. `keep_alive` says whether the
/// client's connection stays open. `http11` says whether the client speaks HTTP/1.1.
[[nodiscard]] std::optional<std::size_t> write_forwarded_response(
    std::span<const std::byte> source, bool http11, bool keep_alive,
    std::span<std::byte> out) noexcept;

/// Request line and header lines at their limits, ": " and CRLF for each field, and our own fields.
inline constexpr std::size_t kForwardedHeadBytesMax =
    kRequestLineBytesMax + kHeadBytesMax + 4 * kFieldCountMax + kProxyBytesMax;

}  // namespace urb::http
