// The request parser on whole messages, as they come in one read.
//
// small: what `ab` sends. 2 KiB: what a browser sends, mostly cookies. body: 64 KiB of body, by
// length and in chunks of 4 KiB, with and without its checksum.
#include "http/request_parser.hpp"

#include <benchmark/benchmark.h>
#include <fmt/format.h>

#include <string>

namespace urb {
namespace {

std::string small_head() {
  return "GET / HTTP/1.0\r\nConnection: Keep-Alive\r\nHost: 127.0.0.1:8080\r\n"
         "User-Agent: bench/1.0\r\nAccept: */*\r\n\r\n";
}

std::string browser_head() {
  std::string head =
      "GET /a/path?with=a&longer=query HTTP/1.1\r\nHost: www.example.org\r\n"
      "User-Agent: Mozilla/5.0 (X11; Linux x86_64) Some/1.0 Other/2.0\r\n"
      "Accept: text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8\r\n"
      "Accept-Language: en-US,en;q=0.5\r\nAccept-Encoding: gzip, deflate, br\r\n"
      "Referer: https://www.example.org/another/path\r\nX-Route: user-4711\r\n";
  for (int count = 0; head.size() < 2048 - 160; ++count) {
    head += fmt::format("Cookie: name{}={}\r\n", count, std::string(100, 'c'));
  }
  head += fmt::format("X-Pad: {}\r\n\r\n", std::string(2048 - head.size() - 11, 'p'));
  return head;
}

std::string with_body(bool chunked, bool verify) {
  constexpr std::size_t kBodyBytes = 64 * 1024;
  constexpr std::size_t kChunkBytes = 4096;
  std::string text = "POST / HTTP/1.1\r\nHost: a\r\n";
  if (verify) text += "X-Verify: crc32c\r\n";
  if (!chunked) {
    return text +
           fmt::format("Content-Length: {}\r\n\r\n{}", kBodyBytes, std::string(kBodyBytes, 'b'));
  }
  text += "Transfer-Encoding: chunked\r\n\r\n";
  for (std::size_t done = 0; done < kBodyBytes; done += kChunkBytes) {
    text += fmt::format("{:x}\r\n{}\r\n", kChunkBytes, std::string(kChunkBytes, 'b'));
  }
  return text + "0\r\n\r\n";
}

void parse(benchmark::State& state, const std::string& message) {
  http::RequestParser parser;
  std::uint64_t messages = 0;
  std::uint64_t sum = 0;
  for (auto _ : state) {
    auto rest = std::as_bytes(std::span{message});
    http::ParseStep step{};
    do {
      step = parser.parse(rest);
      rest = rest.subspan(step.consumed);
      if (step.status == http::ParseStatus::error) {
        state.SkipWithError("the request is refused");
        return;
      }
    } while (step.status != http::ParseStatus::message_complete);
    ++messages;
    sum += parser.body_bytes() + parser.body_crc32c();
  }
  benchmark::DoNotOptimize(sum);
  state.SetItemsProcessed(static_cast<std::int64_t>(messages));
  state.SetBytesProcessed(static_cast<std::int64_t>(messages * message.size()));
}

BENCHMARK_CAPTURE(parse, small_head, small_head());
BENCHMARK_CAPTURE(parse, head_of_2_KiB, browser_head());
BENCHMARK_CAPTURE(parse, body_by_length, with_body(false, false));
BENCHMARK_CAPTURE(parse, body_by_length_verified, with_body(false, true));
BENCHMARK_CAPTURE(parse, body_in_chunks, with_body(true, false));

}  // namespace
}  // namespace urb

BENCHMARK_MAIN();
