// Requests: any cut gives the same steps, what is accepted is strict HTTP, and the head that the
// proxy writes means the same to the next parser.
#include <algorithm>
#include <array>
#include <string>

#include "fuzz.hpp"
#include "http/forward.hpp"
#include "support/request_steps.hpp"

namespace urb::fuzz {
namespace {

constexpr std::array kStatuses{400, 405, 413, 414, 417, 431, 501, 505};

bool is_number(std::string_view text) {
  return !text.empty() && text.find_first_not_of("0123456789") == std::string_view::npos;
}

// What two servers could read differently has been refused.
void check_framing(const http::RequestHead& head, const PlainHead& plain) {
  const auto lengths = plain.values_of("content-length");
  const auto codings = plain.values_of("transfer-encoding");
  REQUIRE(lengths.size() + codings.size() <= 1);
  REQUIRE(head.has_content_length == !lengths.empty());
  REQUIRE(head.chunked == !codings.empty());
  if (!lengths.empty()) {
    REQUIRE(is_number(lengths[0]));
    REQUIRE(std::stoull(std::string{lengths[0]}) == head.content_length);
  }
  if (!codings.empty()) REQUIRE(same_name(codings[0], "chunked"));
  REQUIRE(plain.values_of("host").size() <= 1);
  REQUIRE(head.has_host == (plain.values_of("host").size() == 1));
  REQUIRE((head.has_host || !head.http11));
  REQUIRE(head.http11 == plain.first_line.ends_with(" HTTP/1.1"));
  REQUIRE((head.http11 || plain.first_line.ends_with(" HTTP/1.0")));
  if (plain.is_named_by_connection("close")) REQUIRE_FALSE(head.keep_alive);
}

// Method and target as an origin gets them: "GET /path". Several spaces are one to the parser, as
// RFC 9112, 3 allows.
std::string request_for_origin(const PlainHead& plain) {
  const std::string_view line = plain.first_line;
  const std::size_t space = line.find(' ');
  const std::string method{line.substr(0, space + 1)};
  std::string_view target = line.substr(line.find_first_not_of(' ', space));
  target = target.substr(0, target.find(' '));
  if (target.starts_with('/') || target == "*") return method + std::string{target};
  target.remove_prefix(target.find("//") + 2);
  const std::size_t end = target.find_first_of("/?");
  if (end == std::string_view::npos) return method + (method == "OPTIONS " ? "*" : "/");
  return method + (target[end] == '?' ? "/" : "") + std::string{target.substr(end)};
}

void check_forwarded(std::string_view source, const http::RequestHead& head) {
  const PlainHead plain = read_plain_head(source);
  check_framing(head, plain);
  static std::array<std::byte, http::kForwardedHeadBytesMax> out;
  const auto size = http::write_forwarded_request(bytes_of(source), head, out);
  REQUIRE(size);
  const std::string_view written{reinterpret_cast<const char*>(out.data()), *size};
  const PlainHead rewritten = read_plain_head(written);
  REQUIRE(rewritten.first_line == request_for_origin(plain) + " HTTP/1.1");
  constexpr std::array<std::string_view, 4> kAdded{"Host", "Transfer-Encoding", "Content-Length",
                                                   "Via"};
  check_end_to_end(plain, rewritten, kAdded);

  http::RequestParser parser{{}, true};
  const http::ParseStep step = parser.parse(bytes_of(written));
  REQUIRE(step.status == http::ParseStatus::head_complete);
  REQUIRE(step.consumed == written.size());
  const http::RequestHead& read = parser.head();
  REQUIRE((read.http11 && read.has_host && read.keep_alive && !read.expect_continue));
  check_framing(read, rewritten);
  REQUIRE(read.is_head_method == head.is_head_method);
  REQUIRE(read.chunked == head.chunked);
  REQUIRE(read.has_content_length == head.has_content_length);
  REQUIRE(read.content_length == head.content_length);
  REQUIRE(read.response_bytes == head.response_bytes);
  if (!plain.is_named_by_connection("x-route")) {
    REQUIRE(read.has_route == head.has_route);
    REQUIRE(read.route_hash == head.route_hash);
  }
  if (!plain.is_named_by_connection("x-verify")) {
    REQUIRE(read.verify_crc32c == head.verify_crc32c);
  }
}

void run(const Input& input) {
  const std::optional<Bytes> body_max =
      input.options % 2 == 0 ? std::optional<Bytes>{} : Bytes{input.options};
  const test::ParsedInput whole = test::parse_at_once(input.text, body_max);
  REQUIRE(test::parse_in_pieces(input.text, {input.cut}, body_max) == whole);
  REQUIRE(test::parse_evenly(input.text, input.piece, body_max) == whole);
  REQUIRE(test::parse_evenly(input.text, 1, body_max) == whole);

  std::size_t begin = 0;
  for (const test::ParsedMessage& message : whole.messages) {
    if (message.status != 200) {
      REQUIRE(std::find(kStatuses.begin(), kStatuses.end(), message.status) != kStatuses.end());
      break;
    }
    REQUIRE((!body_max || message.body_bytes <= body_max->value));
    if (!message.head.chunked) REQUIRE(message.body_bytes == message.head.content_length);
    check_forwarded(input.text.substr(begin, message.head_end - begin), message.head);
    begin = message.end;
  }
}

}  // namespace
}  // namespace urb::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  urb::fuzz::run(urb::fuzz::split_input(data, size));
  return 0;
}
