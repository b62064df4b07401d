// The response parser of the load generator and the relay: llhttp behind our types, without I/O.
// Interim (1xx) responses are skipped, since neither of the two has a use for them.
#pragma once

#include <llhttp.h>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "http/request_parser.hpp"
#include "http/short_text.hpp"

namespace urb::http {

/// What the head of the final response says. Valid from ParseStatus::head_complete until reset().
struct ResponseHead {
  unsigned status = 0;
  bool keep_alive = false;  ///< the connection can carry another response after this one
  bool http11 = false;
  bool chunked = false;
  bool has_content_length = false;
  std::uint64_t content_length = 0;  ///< 0 when absent or chunked

  [[nodiscard]] bool is_success() const noexcept { return status >= 200 && status < 300; }
};

/// What our server's answer says of the request, and room to read it. It is apart from the head,
/// since the relay has thousands of parsers and no use for it.
struct ResponseFields {
  std::optional<std::uint32_t> worker_index;  ///< X-Worker
  std::optional<std::uint32_t> crc32c;        ///< X-Crc32c, of the request's body
  std::optional<std::uint32_t> body_digest;   ///< X-Body, of the request's body
  ShortText name;                             ///< of the field being read
  ShortText value;
  bool is_ours = false;  ///< its name begins with an x: of others nothing is kept

  /// Forgets the field being read.
  void clear() noexcept {
    name.clear();
    value.clear();
  }
};

/// Incremental parser of one response. reset() readies it for the next. It is immovable, since
/// llhttp keeps a pointer to it. Any split of the input gives the same steps.
class ResponseParser {
 public:
  /// `body_prefix` keeps the first bytes of each body while there is room. Without it body bytes
  /// are only counted. `fields` is filled for a response whose reset() asks for it. Both outlive
  /// the parser.
  explicit ResponseParser(std::span<char> body_prefix = {},
                          ResponseFields* fields = nullptr) noexcept;
  ResponseParser(const ResponseParser&) = delete;
  ResponseParser& operator=(const ResponseParser&) = delete;

  /// Forgets everything and expects the response to a request that was a HEAD, or was not. Reading
  /// the fields costs a call or two for each field of the head.
  void reset(bool to_head_method = false, bool with_fields = false) noexcept;

  /// Parses until the next step. Stops behind the head, before any body byte. Call it again with
  /// the bytes that were not consumed, even if there are none, since the message may end there.
  /// A caller that passes the body on unparsed stops calling, and calls reset().
  [[nodiscard]] ParseStep parse(std::span<const std::byte> bytes) noexcept;
  /// The peer will send no more. It is message_complete if this response ends so, else error.
  [[nodiscard]] ParseStatus parse_end() noexcept;

  [[nodiscard]] const ResponseHead& head() const noexcept { return head_; }
  /// Whether the final response's head is complete. What follows is its body.
  [[nodiscard]] bool has_head() const noexcept { return state_ == State::body; }
  /// Whether some byte was consumed since reset(), even of an interim response.
  [[nodiscard]] bool has_begun() const noexcept { return head_bytes_ != 0; }
  /// Bytes consumed since reset() up to the end of the last interim response. The final head starts
  /// behind them.
  [[nodiscard]] std::uint64_t interim_bytes() const noexcept { return interim_bytes_; }
  /// Body bytes so far, without chunk framing.
  [[nodiscard]] std::uint64_t body_bytes() const noexcept { return body_bytes_; }
  [[nodiscard]] std::string_view body_prefix() const noexcept {
    return {prefix_.data(), prefix_size_};
  }
  /// After ParseStatus::error: what was wrong, a literal.
  [[nodiscard]] const char* error_text() const noexcept { return error_text_; }

 private:
  struct Callbacks;
  friend struct Callbacks;
  enum class State : std::uint8_t { head, interim, body, complete, failed };

  int on_head_end() noexcept;
  int on_body(std::string_view piece) noexcept;
  int on_message_end() noexcept;
  int on_field_name(std::string_view piece) noexcept;
  int on_field_value(std::string_view piece) noexcept;
  int on_field_end() noexcept;
  void begin_message() noexcept;
  [[nodiscard]] ParseStep fail(const char* text, std::size_t consumed) noexcept;

  llhttp_t parser_{};
  std::span<char> prefix_;
  std::size_t prefix_size_ = 0;
  ResponseHead head_;
  std::uint64_t head_bytes_ = 0;  ///< consumed before the body, interim responses included
  std::uint64_t interim_bytes_ = 0;
  std::uint64_t body_bytes_ = 0;
  const char* error_text_ = "";
  ResponseFields* fields_;
  bool with_fields_ = false;
  State state_ = State::head;
  bool to_head_method_ = false;
};

}  // namespace urb::http
