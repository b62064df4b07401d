// Responses: any cut gives the same steps, and the head that the proxy writes for the client means
// the same to the next parser.
#include <algorithm>
#include <array>
#include <string>

#include "fuzz.hpp"
#include "http/forward.hpp"
#include "http/response_parser.hpp"

namespace urb::fuzz {
namespace {

struct Outcome {
  http::ParseStatus status = http::ParseStatus::need_more;
  bool has_head = false;
  http::ResponseHead head{};
  std::uint64_t interim_bytes = 0;
  std::size_t head_end = 0;  ///< offset in the input
  std::size_t end = 0;       ///< offset of the end, when there is one
  std::uint64_t body_bytes = 0;
  std::string body_prefix;

  bool operator==(const Outcome& other) const {
    const auto same_head = [](const http::ResponseHead& a, const http::ResponseHead& b) {
      return a.status == b.status && a.keep_alive == b.keep_alive && a.http11 == b.http11 &&
             a.chunked == b.chunked && a.has_content_length == b.has_content_length &&
             a.content_length == b.content_length;
    };
    if (status != other.status || has_head != other.has_head) return false;
    if (has_head && !same_head(head, other.head)) return false;
    if (status == http::ParseStatus::error) return true;
    return interim_bytes == other.interim_bytes && head_end == other.head_end && end == other.end &&
           body_bytes == other.body_bytes && body_prefix == other.body_prefix;
  }
};

// Parses one response in pieces of that size, the first one perhaps shorter; then the peer ends.
Outcome parse(std::string_view text, std::size_t first, std::size_t piece, bool to_head_method) {
  std::array<char, 16> prefix{};
  http::ResponseParser parser{prefix};
  parser.reset(to_head_method);
  Outcome outcome;
  std::size_t at = 0;
  std::size_t next = first;
  while (at < text.size() || next != 0) {
    // In memory of its own size, so that a read beyond it is seen.
    const std::string_view rest = text.substr(at, next);
    const std::vector<char> copy(rest.begin(), rest.end());
    const http::ParseStep step = parser.parse(std::as_bytes(std::span{copy}));
    REQUIRE(step.consumed <= copy.size());
    at += step.consumed;
    outcome.status = step.status;
    if (step.status == http::ParseStatus::head_complete) {
      REQUIRE_FALSE(outcome.has_head);
      outcome.has_head = true;
      outcome.head = parser.head();
      outcome.head_end = at;
      outcome.interim_bytes = parser.interim_bytes();
      next = rest.size() - step.consumed;
      if (next == 0) {
        // The message may end here, which needs no bytes.
        const http::ParseStep empty = parser.parse({});
        outcome.status = empty.status;
        if (empty.status != http::ParseStatus::need_more) break;
        next = piece;
      }
      continue;
    }
    if (step.status != http::ParseStatus::need_more) break;
    REQUIRE(step.consumed == copy.size());
    if (at == text.size()) break;
    next = piece;
  }
  if (outcome.status == http::ParseStatus::need_more) outcome.status = parser.parse_end();
  outcome.end = outcome.status == http::ParseStatus::message_complete ? at : 0;
  outcome.body_bytes = parser.body_bytes();
  const auto kept = std::min<std::uint64_t>(parser.body_bytes(), prefix.size());
  outcome.body_prefix.assign(prefix.data(), static_cast<std::size_t>(kept));
  return outcome;
}

// llhttp takes CR CR for the end of a status line; and skips what line ends come before it.
std::string with_plain_status_line(std::string_view head) {
  std::string text{head.substr(std::min(head.find_first_not_of("\r\n"), head.size()))};
  const std::size_t end = text.find('\r');
  if (end + 1 < text.size() && text[end + 1] == '\r') text[end + 1] = '\n';
  return text;
}

void check_forwarded(std::string_view original, const http::ResponseHead& head, bool http11,
                     bool keep_alive) {
  std::vector<std::byte> out(original.size() + 4 * http::kFieldCountMax + 256);
  const auto size = http::write_forwarded_response(bytes_of(original), http11, keep_alive, out);
  const std::string source = with_plain_status_line(original);
  const std::string_view status_line = std::string_view{source}.substr(0, source.find("\r\n"));
  const bool has_control = std::any_of(status_line.begin(), status_line.end(), [](char c) {
    return (static_cast<unsigned char>(c) < ' ' && c != '\t') || c == 127;
  });
  REQUIRE((!size || !has_control));
  if (has_control) return;
  const PlainHead plain = read_plain_head(source);
  REQUIRE(size.has_value() == (plain.lines.size() <= http::kFieldCountMax));
  if (!size) return;
  const std::string_view written{reinterpret_cast<const char*>(out.data()), *size};
  const PlainHead rewritten = read_plain_head(written);
  constexpr std::array<std::string_view, 2> kAdded{"Content-Length", "Connection"};
  check_end_to_end(plain, rewritten, kAdded);
  const auto connection = rewritten.values_of("connection");
  if (!keep_alive) {
    REQUIRE((connection.size() == 1 && connection[0] == "close"));
  } else {
    REQUIRE(connection.size() == (http11 ? 0 : 1));
    if (!http11) REQUIRE(connection[0] == "keep-alive");
  }
  REQUIRE(rewritten.values_of("transfer-encoding").empty());
  REQUIRE(rewritten.values_of("content-length").size() == (head.has_content_length ? 1 : 0));

  http::ResponseParser parser;
  const http::ParseStep step = parser.parse(bytes_of(written));
  REQUIRE(step.status == http::ParseStatus::head_complete);
  REQUIRE(step.consumed == written.size());
  REQUIRE(parser.head().status == head.status);
  REQUIRE(parser.head().has_content_length == head.has_content_length);
  REQUIRE(parser.head().content_length == head.content_length);
  REQUIRE((!parser.head().keep_alive || keep_alive));
}

void run(const Input& input) {
  const bool to_head_method = (input.options & 1) != 0;
  const std::size_t all = input.text.size();
  const Outcome whole = parse(input.text, all, all, to_head_method);
  REQUIRE(parse(input.text, input.cut, all, to_head_method) == whole);
  REQUIRE(parse(input.text, input.piece, input.piece, to_head_method) == whole);
  REQUIRE(parse(input.text, 1, 1, to_head_method) == whole);
  if (!whole.has_head) return;
  REQUIRE(whole.head.status >= 200);
  REQUIRE((!to_head_method || whole.body_bytes == 0));
  // The proxy forwards what has a length; without one it gives up.
  if (!whole.head.has_content_length) return;
  REQUIRE(whole.body_bytes <= whole.head.content_length);
  const std::string_view final_head =
      input.text.substr(whole.interim_bytes, whole.head_end - whole.interim_bytes);
  check_forwarded(final_head, whole.head, (input.options & 2) != 0, (input.options & 4) != 0);
}

}  // namespace
}  // namespace urb::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  urb::fuzz::run(urb::fuzz::split_input(data, size));
  return 0;
}
