// One head of a request, parsed once and written anew: the lean half of `head`, for many inputs.
// Inputs are those of `head`, which checks more of what is found here.
#include <array>

#include "fuzz.hpp"
#include "http/forward.hpp"

namespace urb::fuzz {
namespace {

// Behind the first line, lines end with CRLF and nothing else, and one empty line ends the head.
void check_lines(std::string_view head) {
  REQUIRE(head.ends_with("\r\n\r\n"));
  std::size_t ends = 0;
  for (std::size_t at = head.find_first_of(std::string_view{"\r\n\0", 3});
       at != std::string_view::npos;
       at = head.find_first_of(std::string_view{"\r\n\0", 3}, at + 2)) {
    REQUIRE(head.substr(at, 2) == "\r\n");
    const bool is_empty_line = head.substr(at + 2, 2) == "\r\n";
    REQUIRE(is_empty_line == (at + 4 == head.size()));
    ++ends;
  }
  REQUIRE(ends >= 2);
}

void check_rebuilt(std::string_view source, const http::RequestHead& head) {
  static std::array<std::byte, http::kForwardedHeadBytesMax> out;
  const auto size = http::write_forwarded_request(bytes_of(source), head, out);
  REQUIRE(size);
  const std::string_view written{reinterpret_cast<const char*>(out.data()), *size};
  check_lines(written);

  http::RequestParser parser{{}, true};
  const http::ParseStep step = parser.parse(bytes_of(written));
  REQUIRE(step.status == http::ParseStatus::head_complete);
  REQUIRE(step.consumed == written.size());
  const http::RequestHead& read = parser.head();
  REQUIRE((read.http11 && read.has_host && read.keep_alive && !read.expect_continue));
  REQUIRE(read.is_head_method == head.is_head_method);
  REQUIRE(read.chunked == head.chunked);
  REQUIRE(read.has_content_length == head.has_content_length);
  REQUIRE(read.content_length == head.content_length);
  REQUIRE(read.response_bytes == head.response_bytes);
}

void run(const Input& input) {
  http::RequestParser parser;
  const http::ParseStep step = parser.parse(bytes_of(input.text));
  REQUIRE(step.consumed <= input.text.size());
  if (step.status != http::ParseStatus::head_complete) {
    // The body, and with it the end of a message, comes behind the head.
    REQUIRE(step.status != http::ParseStatus::message_complete);
    REQUIRE((parser.error_status() != 0) == (step.status == http::ParseStatus::error));
    return;
  }
  check_rebuilt(input.text.substr(0, step.consumed), parser.head());
}

}  // namespace
}  // namespace urb::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  urb::fuzz::run(urb::fuzz::split_input(data, size));
  return 0;
}
