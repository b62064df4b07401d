// Responses as the server writes them: complete heads, short JSON bodies, errors.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "base/units.hpp"

namespace urb::http {

/// The Date header's value, made anew once a second.
class DateText {
 public:
  /// `now` is the monotonic clock, which only decides whether a second has passed.
  [[nodiscard]] std::string_view at(Nanos now) noexcept;

 private:
  Nanos valid_until_{Nanos::min()};
  char text_[40] = "";
  std::size_t size_ = 0;
};

/// What the answer to a served request says about it.
struct Receipt {
  std::string_view mode;
  unsigned worker_index = 0;
  int pid = 0;
  std::uint64_t body_bytes = 0;
  /// In the JSON and as X-Crc32c, since a body that the caller sends has no room for it.
  std::optional<std::uint32_t> crc32c;
  std::optional<std::uint32_t> body_digest;  ///< as X-Body, of a request with a body
};

struct ResponseOptions {
  bool http11 = true;
  bool keep_alive = true;
  bool head_only = false;  ///< answer to HEAD: the length of the body, without the body
  /// Length of a body that the caller sends behind the head, instead of the JSON object.
  std::optional<std::uint64_t> body_bytes;
};

/// Enough for any response that the functions below write.
inline constexpr std::size_t kResponseBytesMax = 512;

/// Writes "200 OK" with the receipt as JSON, or with the head alone when the options say so.
/// Returns the bytes written, at most kResponseBytesMax.
[[nodiscard]] std::size_t write_receipt(std::span<char> out, const Receipt& receipt,
                                        const ResponseOptions& options,
                                        std::string_view date) noexcept;
/// Writes a final error response, which always closes the connection. `head_only` is as above.
[[nodiscard]] std::size_t write_error(std::span<char> out, int status, bool head_only,
                                      std::string_view date) noexcept;

inline constexpr std::string_view kContinue = "HTTP/1.1 100 Continue\r\n\r\n";

[[nodiscard]] std::string_view reason_phrase(int status) noexcept;

}  // namespace urb::http
