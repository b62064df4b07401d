// The response parser: every response is fed whole, byte by byte, and split at every offset, and
// has to give the same steps each time.
#include "http/response_parser.hpp"

#include <doctest/doctest.h>

#include <array>
#include <string>
#include <string_view>

TEST_SUITE_BEGIN("unit");

namespace urb::http {
namespace {

std::span<const std::byte> bytes_of(std::string_view text) {
  return std::as_bytes(std::span{text});
}

/// What a parse came to, whatever the pieces were.
struct Outcome {
  ParseStatus status = ParseStatus::need_more;
  std::size_t head_end = 0;  ///< offset behind the final head
  std::size_t end = 0;       ///< offset where the parser stopped
  bool operator==(const Outcome&) const = default;
};

void feed(ResponseParser& parser, std::string_view piece, Outcome& outcome) {
  if (outcome.status == ParseStatus::message_complete || outcome.status == ParseStatus::error)
    return;
  while (true) {
    const ParseStep step = parser.parse(bytes_of(piece));
    piece.remove_prefix(step.consumed);
    outcome.end += step.consumed;
    outcome.status = step.status;
    if (step.status != ParseStatus::head_complete) {
      if (step.status == ParseStatus::need_more) CHECK(piece.empty());
      return;
    }
    CHECK(parser.body_bytes() == 0);
    CHECK(outcome.head_end == 0);
    outcome.head_end = outcome.end;
  }
}

Outcome parse_in_two(ResponseParser& parser, std::string_view text, std::size_t split) {
  Outcome outcome;
  feed(parser, text.substr(0, split), outcome);
  feed(parser, text.substr(split), outcome);
  return outcome;
}

/// Parses `text` in every split, and byte by byte; all must come to `expected` and `body_bytes`.
void check_all_splits(std::string_view text, const Outcome& expected, std::uint64_t body_bytes,
                      bool to_head_method = false) {
  ResponseParser parser;
  for (std::size_t split = 0; split <= text.size(); ++split) {
    CAPTURE(split);
    parser.reset(to_head_method);
    CHECK(parse_in_two(parser, text, split) == expected);
    CHECK(parser.body_bytes() == body_bytes);
  }
  parser.reset(to_head_method);
  Outcome drip;
  for (const char& c : text) feed(parser, {&c, 1}, drip);
  CHECK(drip == expected);
}

constexpr std::string_view kHead = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n";

}  // namespace

TEST_CASE("a response with Content-Length is complete at its last byte, however it is split") {
  const std::string text = std::string{kHead} + "hello";
  check_all_splits(text, {ParseStatus::message_complete, kHead.size(), text.size()}, 5);
}

TEST_CASE("the head is reported before any body byte, with exactly its bytes consumed") {
  const std::string text = std::string{kHead} + "hello";
  ResponseParser parser;
  const ParseStep step = parser.parse(bytes_of(text));
  CHECK(step.status == ParseStatus::head_complete);
  CHECK(step.consumed == kHead.size());
  CHECK(parser.has_head());
  CHECK(parser.body_bytes() == 0);
  const ResponseHead& head = parser.head();
  CHECK(head.status == 200);
  CHECK(head.is_success());
  CHECK(head.keep_alive);
  CHECK(head.http11);
  CHECK_FALSE(head.chunked);
  CHECK(head.has_content_length);
  CHECK(head.content_length == 5);
}

TEST_CASE("a relay that passes the body on may reset instead of feeding it") {
  ResponseParser parser;
  CHECK(parser.parse(bytes_of(kHead)).status == ParseStatus::head_complete);
  parser.reset();
  CHECK(parser.parse(bytes_of(kHead)).status == ParseStatus::head_complete);
  CHECK(parser.head().content_length == 5);
}

TEST_CASE("bytes behind the message are not consumed") {
  const std::string message = std::string{kHead} + "hello";
  check_all_splits(message + "HTTP/1.1",
                   {ParseStatus::message_complete, kHead.size(), message.size()}, 5);
}

TEST_CASE("a complete response stays complete and consumes nothing more") {
  ResponseParser parser;
  Outcome outcome;
  feed(parser, std::string{kHead} + "hello", outcome);
  const ParseStep again = parser.parse(bytes_of("x"));
  CHECK(again.status == ParseStatus::message_complete);
  CHECK(again.consumed == 0);
  CHECK(parser.parse_end() == ParseStatus::message_complete);
}

TEST_CASE("an empty body needs one more call, without bytes, behind the head") {
  constexpr std::string_view kEmpty = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";
  check_all_splits(kEmpty, {ParseStatus::message_complete, kEmpty.size(), kEmpty.size()}, 0);
  ResponseParser parser;
  CHECK(parser.parse(bytes_of(kEmpty)).status == ParseStatus::head_complete);
  CHECK(parser.parse({}).status == ParseStatus::message_complete);
}

TEST_CASE("a chunked body is counted without its framing and ends with the last chunk") {
  constexpr std::string_view kChunked = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
  const std::string text =
      std::string{kChunked} + "5\r\nhello\r\n6;x=y\r\n world\r\n0\r\nT: v\r\n\r\n";
  check_all_splits(text, {ParseStatus::message_complete, kChunked.size(), text.size()}, 11);
}

TEST_CASE("the response to HEAD ends with its head, whatever length it announces") {
  check_all_splits(kHead, {ParseStatus::message_complete, kHead.size(), kHead.size()}, 0, true);
}

TEST_CASE("204 and 304 have no body") {
  for (const std::string_view text :
       {std::string_view{"HTTP/1.1 204 No Content\r\n\r\n"},
        std::string_view{"HTTP/1.1 304 Not Modified\r\nContent-Length: 7\r\n\r\n"}}) {
    check_all_splits(text, {ParseStatus::message_complete, text.size(), text.size()}, 0);
  }
}

TEST_CASE("interim responses are skipped, and their bytes told apart from the final head's") {
  const std::string interim =
      "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n"
      "HTTP/1.1 199 Strange\r\nConnection: close\r\nContent-Length: 3\r\n\r\n";
  const std::string text = interim + std::string{kHead} + "hello";
  check_all_splits(text,
                   {ParseStatus::message_complete, interim.size() + kHead.size(), text.size()}, 5);
  ResponseParser parser;
  Outcome outcome;
  feed(parser, text, outcome);
  CHECK(parser.interim_bytes() == interim.size());
  CHECK(parser.head().status == 200);
}

TEST_CASE("a body without framing ends with the connection") {
  constexpr std::string_view kOpen = "HTTP/1.1 200 OK\r\n\r\n";
  ResponseParser parser;
  Outcome outcome;
  feed(parser, std::string{kOpen} + "abc", outcome);
  CHECK(outcome.status == ParseStatus::need_more);
  CHECK_FALSE(parser.head().keep_alive);
  CHECK(parser.parse_end() == ParseStatus::message_complete);
  CHECK(parser.body_bytes() == 3);
}

TEST_CASE("the end of the connection anywhere else is an error") {
  const std::string text = std::string{kHead} + "hello";
  for (std::size_t cut = 0; cut < text.size(); ++cut) {
    CAPTURE(cut);
    ResponseParser parser;
    Outcome outcome;
    feed(parser, std::string_view{text}.substr(0, cut), outcome);
    CHECK(outcome.status == ParseStatus::need_more);
    CHECK(parser.has_begun() == (cut != 0));
    CHECK(parser.parse_end() == ParseStatus::error);
  }
}

TEST_CASE("the connection's reuse is what version and Connection make of it") {
  struct Case {
    std::string_view text;
    bool keep_alive;
  };
  for (const Case& c :
       {Case{"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", true},
        Case{"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n", false},
        Case{"HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n", false},
        Case{"HTTP/1.0 200 OK\r\nContent-Length: 0\r\nConnection: keep-alive\r\n\r\n", true},
        Case{"HTTP/1.1 200 OK\r\n\r\n", false}}) {
    CAPTURE(c.text);
    ResponseParser parser;
    CHECK(parser.parse(bytes_of(c.text)).status == ParseStatus::head_complete);
    CHECK(parser.head().keep_alive == c.keep_alive);
  }
}

TEST_CASE("what is not a response is an error with a text, and stays one") {
  for (const std::string_view text :
       {std::string_view{"garbage\r\n\r\n"}, std::string_view{"HTTP/2.0 200 OK\r\n\r\n"},
        std::string_view{"GET / HTTP/1.1\r\n\r\n"},
        std::string_view{"HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n"},
        std::string_view{"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n"},
        std::string_view{"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n"},
        std::string_view{"HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: "
                         "x\r\n\r\n"}}) {
    CAPTURE(text);
    ResponseParser parser;
    Outcome outcome;
    feed(parser, text, outcome);
    CHECK(outcome.status == ParseStatus::error);
    CHECK(std::string_view{parser.error_text()}.size() > 0);
    CHECK(parser.parse(bytes_of(kHead)).status == ParseStatus::error);
    parser.reset();
    CHECK(parser.parse(bytes_of(kHead)).status == ParseStatus::head_complete);
  }
}

TEST_CASE("a head without an end is an error, not a wait") {
  ResponseParser parser;
  Outcome outcome;
  feed(parser, "HTTP/1.1 200 OK\r\n", outcome);
  for (int i = 0; i < 70'000 && outcome.status == ParseStatus::need_more; ++i) {
    feed(parser, "A: b\r\n", outcome);
  }
  CHECK(outcome.status == ParseStatus::error);
}

TEST_CASE("the body's beginning is kept while there is room, across pieces") {
  std::array<char, 8> room{};
  ResponseParser parser{room};
  Outcome outcome;
  const std::string text = "HTTP/1.1 200 OK\r\nContent-Length: 12\r\n\r\nabcdefghijkl";
  for (const char& c : text) feed(parser, {&c, 1}, outcome);
  CHECK(outcome.status == ParseStatus::message_complete);
  CHECK(parser.body_prefix() == "abcdefgh");
  CHECK(parser.body_bytes() == 12);
  parser.reset();
  CHECK(parser.body_prefix().empty());
}

TEST_CASE("what our server says of a request is read from the head, however it is split") {
  constexpr std::string_view text =
      "HTTP/1.1 100 Continue\r\nX-Worker: 9\r\n\r\n"
      "HTTP/1.1 200 OK\r\nX-Worker-Of-Another-Kind: 7\r\nx-wORKER:  12 \r\nEmpty:\r\n"
      "X-Crc32c: 00ab12CD\r\nX-Work: 5\r\nTransfer-Encoding: chunked\r\n\r\n"
      "1\r\na\r\n0\r\nX-Worker: 8\r\n\r\n";
  ResponseFields fields;
  ResponseParser parser{{}, &fields};
  for (std::size_t split = 0; split <= text.size(); ++split) {
    CAPTURE(split);
    parser.reset(false, true);
    CHECK(parse_in_two(parser, text, split).status == ParseStatus::message_complete);
    CHECK(fields.worker_index == 12);
    CHECK(fields.crc32c == 0x00ab12cdU);
  }
  fields = {};
  parser.reset();
  CHECK(parse_in_two(parser, text, 0).status == ParseStatus::message_complete);
  CHECK_FALSE(fields.worker_index.has_value());
  CHECK_FALSE(fields.crc32c.has_value());
}

TEST_CASE("a field that is no number, or no number of ours, says nothing") {
  for (const std::string_view value : {"", "x", "1x", "-1", "4294967296", "1 2"}) {
    CAPTURE(value);
    const std::string text =
        "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nX-Worker: " + std::string{value} + "\r\n\r\n";
    ResponseFields fields;
    ResponseParser parser{{}, &fields};
    parser.reset(false, true);
    CHECK(parse_in_two(parser, text, 0).status == ParseStatus::message_complete);
    CHECK_FALSE(fields.worker_index.has_value());
  }
}

}  // namespace urb::http
