// Chunked bodies: where a message ends, and how long its body is, as a plain decoder of RFC 9112
// says it; and the same however the input is cut.
#include <algorithm>
#include <string>

#include "fuzz.hpp"
#include "support/request_steps.hpp"

namespace urb::fuzz {
namespace {

constexpr std::string_view kHead =
    "POST / HTTP/1.1\r\nHost: a\r\nX-Verify: crc32c\r\nTransfer-Encoding: chunked\r\n\r\n";

enum class Ending { complete, wanting, malformed };

bool is_token_char(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
         (c != '\0' && std::string_view{"!#$%&'*+-.^_`|~"}.find(c) != std::string_view::npos);
}

/// RFC 9112, 7.1, by the byte, as the parser has it: extensions without white space, whose names
/// (but for the last) and values may be empty (";;a="), and DEL in quoted values, since nothing
/// hangs on them.
class PlainChunks {
 public:
  explicit PlainChunks(std::string_view text) : text_{text} {}

  Ending decode() {
    while (true) {
      std::uint64_t size = 0;
      if (!take_size(size) || !take_extensions() || !take("\r\n")) return ending_;
      if (size == 0) break;
      if (size > text_.size() - at_) {
        at_ = text_.size();
        return Ending::wanting;
      }
      body_bytes_ += size;
      at_ += size;
      if (!take("\r\n")) return ending_;
    }
    while (!(peek() == '\r')) {
      if (!take_trailer()) return ending_;
    }
    return take("\r\n") ? Ending::complete : ending_;
  }
  [[nodiscard]] std::size_t end() const { return at_; }
  [[nodiscard]] std::uint64_t body_bytes() const { return body_bytes_; }

 private:
  // -1 behind the end.
  [[nodiscard]] int peek() const {
    return at_ < text_.size() ? static_cast<unsigned char>(text_[at_]) : -1;
  }
  bool stop() {
    ending_ = at_ == text_.size() ? Ending::wanting : Ending::malformed;
    return false;
  }
  bool take(std::string_view expected) {
    for (const char c : expected) {
      if (peek() != static_cast<unsigned char>(c)) return stop();
      ++at_;
    }
    return true;
  }
  bool take_token() {
    const std::size_t begin = at_;
    skip_token();
    return at_ != begin || stop();
  }
  void skip_token() {
    while (peek() >= 0 && is_token_char(text_[at_])) ++at_;
  }
  bool take_size(std::uint64_t& size) {
    const std::size_t begin = at_;
    while (peek() >= 0) {
      const std::size_t digit = std::string_view{"0123456789abcdefABCDEF"}.find(text_[at_]);
      if (digit == std::string_view::npos) break;
      if (size >> 60 != 0) return ending_ = Ending::malformed, false;
      size = size * 16 + (digit < 16 ? digit : digit - 6);
      ++at_;
    }
    return at_ != begin || stop();
  }
  bool take_extensions() {
    while (peek() == ';') {
      ++at_;
      if (peek() == '\r') return stop();
      skip_token();
      if (peek() != '=') continue;
      ++at_;
      skip_token();
      if (peek() == '"' && !take_quoted()) return false;
    }
    return true;
  }
  bool take_quoted() {
    ++at_;
    while (peek() != '"') {
      if (peek() == '\\') {
        ++at_;
        if (!is_text(peek())) return stop();
      } else if (!is_text(peek()) && peek() != 127) {
        return stop();
      }
      ++at_;
    }
    ++at_;
    return true;
  }
  static bool is_text(int c) { return c == '\t' || (c >= ' ' && c != 127); }
  bool take_trailer() {
    const std::size_t begin = at_;
    if (!take_token() || !take(":")) return false;
    const std::string_view name = text_.substr(begin, at_ - 1 - begin);
    // Framing cannot be said in a trailer (RFC 9110, 6.5.1): refused, for somebody might obey it.
    if (same_name(name, "content-length")) return ending_ = Ending::malformed, false;
    while (peek() == ' ' || peek() == '\t') ++at_;
    if (same_name(name, "transfer-encoding") && peek() != '\r') return stop();
    while (is_text(peek())) ++at_;
    return take("\r\n");
  }

  std::string_view text_;
  std::size_t at_ = 0;
  std::uint64_t body_bytes_ = 0;
  Ending ending_ = Ending::malformed;
};

void run(const Input& input) {
  const std::string text = std::string{kHead} + std::string{input.text};
  const test::ParsedInput whole = test::parse_at_once(text);
  REQUIRE(test::parse_in_pieces(text, {kHead.size() + input.cut}) == whole);
  REQUIRE(test::parse_evenly(text, input.piece) == whole);
  REQUIRE(test::parse_evenly(text, 1) == whole);

  PlainChunks plain{input.text};
  const Ending ending = plain.decode();
  if (whole.messages.empty()) {
    REQUIRE(whole.is_waiting);
    REQUIRE(ending == Ending::wanting);
    return;
  }
  const test::ParsedMessage& first = whole.messages[0];
  if (first.status == 200) {
    REQUIRE(ending == Ending::complete);
    REQUIRE(first.end == kHead.size() + plain.end());
    REQUIRE(first.body_bytes == plain.body_bytes());
    return;
  }
  REQUIRE(first.status == 400);
  // Limits are the parser's own: below half of each, none of them can have been met.
  const auto lines = std::count(input.text.begin(), input.text.end(), '\n');
  if (input.text.size() > http::kHeadBytesMax / 2 || lines > http::kFieldCountMax / 2) return;
  REQUIRE(ending == Ending::malformed);
}

}  // namespace
}  // namespace urb::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  urb::fuzz::run(urb::fuzz::split_input(data, size));
  return 0;
}
