// Responses, byte for byte.
#include "http/response_bytes.hpp"

#include <doctest/doctest.h>

#include <array>
#include <limits>
#include <string>

#include "base/clock.hpp"
#include "support/child.hpp"

namespace urb {
namespace {

using http::Receipt;
using http::ResponseOptions;

TEST_SUITE_BEGIN("unit");

constexpr std::string_view kDate = "Thu, 01 Jan 1970 00:00:00 GMT";

std::string receipt(const Receipt& what, const ResponseOptions& options) {
  std::array<char, http::kResponseBytesMax> out{};
  return {out.data(), http::write_receipt(out, what, options, kDate)};
}
std::string error(int status, bool head_only = false) {
  std::array<char, http::kResponseBytesMax> out{};
  return {out.data(), http::write_error(out, status, head_only, kDate)};
}

TEST_CASE("response_bytes: the receipt as JSON, with its own length") {
  CHECK(receipt({"socket", 2, 4711, 1048576, {}}, {}) ==
        "HTTP/1.1 200 OK\r\nDate: Thu, 01 Jan 1970 00:00:00 GMT\r\n"
        "Content-Type: application/json\r\nContent-Length: 55\r\nX-Worker: 2\r\n\r\n"
        R"({"mode":"socket","worker":2,"pid":4711,"bytes":1048576})");
}

TEST_CASE("response_bytes: the checksum has eight digits, leading zeros too") {
  const std::string text = receipt({"socket", 0, 1, 3, 0x00ab12cdu}, {});
  CHECK(text.ends_with(R"({"mode":"socket","worker":0,"pid":1,"bytes":3,"crc32c":"00ab12cd"})"));
  CHECK(text.find("Content-Length: 66\r\n") != std::string::npos);
}

TEST_CASE("response_bytes: the checksum is in the head, too, where the body is filler") {
  const std::string text = receipt({"m", 0, 1, 3, 0x00ab12cdu}, {true, true, false, 1000});
  CHECK(text.ends_with("Content-Length: 1000\r\nX-Worker: 0\r\nX-Crc32c: 00ab12cd\r\n\r\n"));
  CHECK(receipt({"m", 0, 1, 3, {}}, {}).find("X-Crc32c") == std::string::npos);
}

TEST_CASE("response_bytes: each version is told what it would not assume") {
  const auto connection_of = [](bool http11, bool keep_alive) -> std::string {
    const std::string text = receipt({"m", 0, 1, 0, {}}, {http11, keep_alive, false, {}});
    const std::size_t at = text.find("Connection: ");
    return at == std::string::npos ? "" : text.substr(at, text.find("\r\n", at) - at);
  };
  CHECK(connection_of(true, true) == "");
  CHECK(connection_of(true, false) == "Connection: close");
  CHECK(connection_of(false, true) == "Connection: keep-alive");
  CHECK(connection_of(false, false) == "Connection: close");
}

TEST_CASE("response_bytes: HEAD has the length of the body, and no body") {
  const std::string full = receipt({"m", 0, 1, 0, {}}, {});
  const std::string head = receipt({"m", 0, 1, 0, {}}, {true, true, true, {}});
  CHECK(head.ends_with("\r\n\r\n"));
  CHECK(head == full.substr(0, head.size()));
  CHECK(full.size() - head.size() ==
        std::string{R"({"mode":"m","worker":0,"pid":1,"bytes":0})"}.size());
}

TEST_CASE("response_bytes: a body that follows has its length in the head, not the receipt") {
  const std::string text = receipt({"m", 3, 1, 0, {}}, {true, true, false, 10485760});
  CHECK(
      text ==
      "HTTP/1.1 200 OK\r\nDate: Thu, 01 Jan 1970 00:00:00 GMT\r\n"
      "Content-Type: application/octet-stream\r\nContent-Length: 10485760\r\nX-Worker: 3\r\n\r\n");
  CHECK(receipt({"m", 3, 1, 0, {}}, {true, true, false, 0}).find("Content-Length: 0\r\n") !=
        std::string::npos);
}

TEST_CASE("response_bytes: the largest values fit") {
  const std::string text =
      receipt({"passthru", std::numeric_limits<unsigned>::max(), std::numeric_limits<int>::min(),
               std::numeric_limits<std::uint64_t>::max(), 0xffffffffu},
              {false, true, false, {}});
  CHECK(text.size() <= http::kResponseBytesMax);
  CHECK(text.ends_with(R"("bytes":18446744073709551615,"crc32c":"ffffffff"})"));
}

TEST_CASE("response_bytes: an error names itself, closes, and has its own length") {
  CHECK(error(400) ==
        "HTTP/1.1 400 Bad Request\r\nDate: Thu, 01 Jan 1970 00:00:00 GMT\r\n"
        "Content-Type: application/json\r\nContent-Length: 36\r\nConnection: close\r\n\r\n"
        R"({"status":400,"error":"Bad Request"})");
  for (const int status : {400, 405, 408, 413, 414, 417, 431, 501, 502, 503, 505}) {
    CAPTURE(status);
    CHECK(http::reason_phrase(status) != "Error");
    const std::string text = error(status);
    const std::size_t body = text.find("\r\n\r\n") + 4;
    CHECK(text.starts_with("HTTP/1.1 " + std::to_string(status) + " "));
    CHECK(text.find("Content-Length: " + std::to_string(text.size() - body) + "\r\n") !=
          std::string::npos);
    CHECK(text.find("Connection: close\r\n") < body);
    CHECK(error(status, /*head_only=*/true) == text.substr(0, body));
  }
}

TEST_CASE("response_bytes: a buffer that is too small is a bug, not a cut response") {
  CHECK(test::aborts([] {
    std::array<char, 16> out{};
    static_cast<void>(http::write_error(out, 400, false, kDate));
  }));
  const std::size_t needed = receipt({"socket", 0, 1, 3, 7, 8}, {}).size();
  for (const std::size_t room : {std::size_t{0}, std::size_t{60}, needed - 70, needed - 1}) {
    CAPTURE(room);
    CHECK(test::aborts([&] {
      std::array<char, http::kResponseBytesMax> out{};
      const http::Receipt what{"socket", 0, 1, 3, 7, 8};
      static_cast<void>(http::write_receipt(std::span{out}.first(room), what, {}, kDate));
    }));
  }
}

TEST_CASE("response_bytes: a date is kept for at most a second, in the form of RFC 9110") {
  http::DateText date;
  const Nanos now = monotonic_now();
  const std::string first{date.at(now)};
  REQUIRE(first.size() == 29);
  CHECK(first.substr(3, 2) == ", ");
  CHECK(first.substr(7, 1) == " ");
  CHECK(first.ends_with(" GMT"));
  // Same text in the same memory: it was not made again.
  const std::string_view kept = date.at(now);
  CHECK(kept == first);
  // Whatever the wall clock's fraction was, a second later it is another second. Both texts are
  // made from the wall clock of this moment, so only that asking again works can be seen here.
  CHECK(date.at(now + std::chrono::seconds{1}).size() == 29);
}

TEST_CASE("response_bytes: the interim response is complete") {
  CHECK(http::kContinue == "HTTP/1.1 100 Continue\r\n\r\n");
}

}  // namespace
}  // namespace urb
