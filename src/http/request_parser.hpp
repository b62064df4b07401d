// The request parser of workers and master alike: llhttp behind our types, without I/O.
//
// It adds what llhttp leaves to its user: limits, Host, the combinations of Transfer-Encoding and
// Content-Length that two servers could read differently, versions, expectations.
#pragma once

#include <llhttp.h>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "base/units.hpp"
#include "http/body_digest.hpp"
#include "http/connection_options.hpp"
#include "http/host_check.hpp"
#include "http/short_text.hpp"
#include "http/size_query.hpp"

namespace urb::http {

// Interface limits: docs of `serve`, and the statuses that go with them.
inline constexpr std::size_t kRequestLineBytesMax = 8 * 1024;  // else 414
inline constexpr std::size_t kHeadBytesMax = 16 * 1024;  // header lines, else 431, trailers 400
inline constexpr unsigned kFieldCountMax = 100;          // else 431, trailers 400
/// What our own proxy adds to a head that it has accepted: Via, and Host to an HTTP/1.0 request.
inline constexpr std::size_t kProxyBytesMax = 512;
inline constexpr unsigned kProxyFieldsMax = 2;
/// Chunk framing, trailers included, else 400. There is room for all allowed trailers and the white
/// space around them.
inline constexpr std::size_t kFramingBytesMax = 2 * kHeadBytesMax;
/// Each body byte allows so much framing. Chunks of one byte are served, but not a body that is
/// nothing but extensions. The value is a guess. The framing of an ordinary chunk is half of it.
inline constexpr std::size_t kFramingPerBodyByte = 16;

/// What the head says, as far as a server needs it. Valid from ParseStatus::head_complete until
/// the parser is given bytes of the next message.
struct RequestHead {
  /// Valid as soon as the method has been read. Whatever is wrong behind it, the answer has no
  /// body.
  bool is_head_method = false;
  bool keep_alive = false;
  bool http11 = false;
  bool expect_continue = false;
  bool chunked = false;
  bool has_content_length = false;
  bool has_host = false;
  bool has_route = false;
  bool verify_crc32c = false;
  std::uint64_t content_length = 0;             ///< 0 when chunked or absent
  std::uint64_t route_hash = 0;                 ///< of X-Route's value
  std::optional<std::uint64_t> response_bytes;  ///< of ?size=N

  [[nodiscard]] bool has_body() const noexcept { return chunked || content_length != 0; }
};

enum class ParseStatus : std::uint8_t {
  need_more,         ///< all bytes consumed, the message goes on
  head_complete,     ///< stopped behind the empty line, before any body byte
  message_complete,  ///< stopped behind the last byte of the message
  error,             ///< error_status() says what to answer, then the connection is closed
};

struct ParseStep {
  ParseStatus status;
  std::size_t consumed;
};

/// Incremental parser of a connection's requests, one after the other. It is immovable, since
/// llhttp keeps a pointer to it. It holds no bytes of the input. Any split of the input gives the
/// same steps.
class RequestParser {
 public:
  /// With `behind_proxy` heads come from our own proxy, and may be larger by what it adds.
  explicit RequestParser(std::optional<Bytes> body_max = {}, bool behind_proxy = false) noexcept
      : body_max_{body_max}, behind_proxy_{behind_proxy} {
    restart();
  }
  RequestParser(const RequestParser&) = delete;
  RequestParser& operator=(const RequestParser&) = delete;

  /// What comes next is the first message of another connection. Between messages of a kept one
  /// that takes nothing.
  void restart() noexcept;

  /// Parses until the next step. Call it again with the bytes that were not consumed.
  [[nodiscard]] ParseStep parse(std::span<const std::byte> bytes) noexcept;

  [[nodiscard]] const RequestHead& head() const noexcept { return head_; }
  /// Body bytes of the current message so far, without chunk framing.
  [[nodiscard]] std::uint64_t body_bytes() const noexcept { return body_bytes_; }
  /// The proof that they were there to be read. Only behind a head that has a body.
  [[nodiscard]] std::uint32_t body_digest() const noexcept { return digest_.value(); }
  /// CRC32C of those bytes, if the head asked for it.
  [[nodiscard]] std::uint32_t body_crc32c() const noexcept { return crc_; }
  /// Whether some byte of the current message has been consumed.
  [[nodiscard]] bool in_message() const noexcept { return in_message_; }
  /// Whether the head of the current message is complete. What follows is its body.
  [[nodiscard]] bool has_head() const noexcept { return in_message_ && head_complete_; }
  [[nodiscard]] int error_status() const noexcept { return error_status_; }

 private:
  struct Callbacks;
  friend struct Callbacks;
  enum class Field : std::uint8_t {
    other,
    connection,
    host,
    content_length,
    transfer_encoding,
    expect,
    x_route,
    x_verify
  };
  void begin_message() noexcept;
  int fail(int status) noexcept {
    error_status_ = status;
    return HPE_USER;
  }
  /// For fields. Behind the head all limits and errors except 413 give 400. So the answer does not
  /// depend on the split.
  int fail_size() noexcept { return fail(head_complete_ ? 400 : 431); }
  [[nodiscard]] ParseStep fail_step(int status, std::size_t consumed) noexcept;
  [[nodiscard]] ParseStep after_execute(llhttp_errno error, std::size_t consumed) noexcept;
  [[nodiscard]] int status_for(llhttp_errno error) const noexcept;
  [[nodiscard]] int check_empty_lines(std::string_view bytes) noexcept;
  [[nodiscard]] int limit_head(std::size_t consumed) noexcept;
  [[nodiscard]] int limit_framing(std::size_t consumed) noexcept;
  int on_method() noexcept {
    head_.is_head_method = parser_.method == HTTP_HEAD;
    return HPE_OK;
  }
  int on_line_bytes(std::string_view piece) noexcept;
  int on_target(std::string_view piece) noexcept;
  int on_field_name(std::string_view piece) noexcept;
  int on_field_value(std::string_view piece) noexcept;
  int on_field_end() noexcept;
  int on_version() noexcept;
  int on_head_end() noexcept;
  int on_body(std::string_view piece) noexcept;
  int count_head_bytes(std::size_t count) noexcept;
  void count_unreported(std::size_t consumed) noexcept;

  llhttp_t parser_{};
  RequestHead head_;
  std::optional<Bytes> body_max_;
  std::uint64_t body_bytes_ = 0;
  std::size_t head_bytes_ = 0;   ///< of the current head, all bytes consumed
  std::size_t field_bytes_ = 0;  ///< of the header lines and trailers, white space not counted
  // Where the current parse() is, for what has to be counted within one call.
  const char* input_ = nullptr;
  std::size_t framed_until_ = 0;   ///< offset in the input behind the last body byte
  std::size_t framing_bytes_ = 0;  ///< that no body byte has made up for
  BodyDigest digest_;
  std::uint32_t crc_ = 0;
  int error_status_ = 0;
  unsigned field_count_ = 0;
  unsigned host_count_ = 0;
  bool behind_proxy_;
  bool in_message_ = false;
  bool line_begun_ = false;  ///< behind the empty lines that may come first
  bool after_cr_ = false;    ///< in one of those
  bool line_complete_ = false;
  bool head_complete_ = false;  ///< from here on, fields are trailers
  bool message_complete_ = false;
  bool paused_ = false;
  bool has_transfer_encoding_ = false;
  Field field_ = Field::other;
  ShortText name_;
  ShortText value_;
  std::uint64_t hash_ = 0;
  std::uint64_t trimmed_hash_ = 0;
  SizeQuery query_;
  TargetCheck target_;
  HostCheck host_;
  ConnectionOptions connection_;
};

}  // namespace urb::http
