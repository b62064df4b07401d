// Heads as the proxy rebuilds them.
#include "http/forward.hpp"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <array>
#include <string>

#include "support/request_steps.hpp"

namespace urb {
namespace {

TEST_SUITE_BEGIN("unit");

std::span<const std::byte> bytes_of(std::string_view text) {
  return std::as_bytes(std::span{text});
}

// The forwarded head of the request whose head is `source`; "nothing" when it does not fit.
std::string forward(std::string_view source, std::size_t room = http::kForwardedHeadBytesMax) {
  http::RequestParser parser;
  const http::ParseStep step = parser.parse(bytes_of(source));
  REQUIRE(step.status == http::ParseStatus::head_complete);
  REQUIRE(step.consumed == source.size());
  std::vector<std::byte> out(room);
  const auto size = http::write_forwarded_request(bytes_of(source), parser.head(), out);
  return size ? std::string{reinterpret_cast<const char*>(out.data()), *size} : "nothing";
}
std::string forward_response(std::string_view source, bool http11, bool keep_alive) {
  std::array<std::byte, 1024> out{};
  const auto size = http::write_forwarded_response(bytes_of(source), http11, keep_alive, out);
  return size ? std::string{reinterpret_cast<const char*>(out.data()), *size} : "nothing";
}

TEST_CASE("forward: the request line as HTTP/1.1, end-to-end fields in order, and Via") {
  CHECK(forward("GET /a?b=c HTTP/1.1\r\nHost: h\r\nX-B:  2 \r\nX-A:1\r\n\r\n") ==
        "GET /a?b=c HTTP/1.1\r\nHost: h\r\nX-B: 2 \r\nX-A: 1\r\nVia: 1.1 uring-bench\r\n\r\n");
}

TEST_CASE("forward: hop-by-hop fields stay on their hop") {
  CHECK(forward("GET / HTTP/1.1\r\nHost: h\r\nConnection: keep-alive\r\nKeep-Alive: timeout=5\r\n"
                "Proxy-Connection: x\r\nTE: trailers\r\nTrailer: X-Sum\r\nUpgrade: h2c\r\n"
                "Expect: 100-continue\r\nX-Kept: 1\r\n\r\n") ==
        "GET / HTTP/1.1\r\nHost: h\r\nX-Kept: 1\r\nVia: 1.1 uring-bench\r\n\r\n");
}

TEST_CASE("forward: credentials for a proxy and settings of HTTP/2 are not for the worker") {
  CHECK(forward("GET / HTTP/1.1\r\nHost: h\r\nProxy-Authorization: Basic eA==\r\n"
                "Proxy-Authenticate: Basic\r\nHTTP2-Settings: AAMA\r\n"
                "Authorization: Basic eA==\r\n\r\n") ==
        "GET / HTTP/1.1\r\nHost: h\r\nAuthorization: Basic eA==\r\nVia: 1.1 uring-bench\r\n\r\n");
}

TEST_CASE("forward: of an absolute target the path, and the host where there is no Host") {
  const auto line = [](const std::string& target, const std::string& method = "GET") {
    const std::string all = forward(method + " " + target + " HTTP/1.1\r\nHost: H:1\r\n\r\n");
    return all.substr(0, all.find(" HTTP"));
  };
  CHECK(line("http://h:1/a?b=http://c/d") == "GET /a?b=http://c/d");
  CHECK(line("http://h:1?b/c") == "GET /?b/c");
  CHECK(line("HTTPS://H:1") == "GET /");
  CHECK(line("http://h:1", "OPTIONS") == "OPTIONS *");
  CHECK(line("*", "OPTIONS") == "OPTIONS *");
  CHECK(line("/http://x/y") == "GET /http://x/y");
  CHECK(forward("GET http://h:1/a HTTP/1.0\r\n\r\n") ==
        "GET /a HTTP/1.1\r\nHost: h:1\r\nVia: 1.0 uring-bench\r\n\r\n");
}

TEST_CASE("forward: what Connection names stays as well, in any case and spacing") {
  CHECK(forward("GET / HTTP/1.1\r\nHost: h\r\nx-one: 1\r\nConnection:  X-One ,x-TWO,, \r\n"
                "X-Two: 2\r\nConnection: x-three\r\nX-Three: 3\r\nX-Four: 4\r\n\r\n") ==
        "GET / HTTP/1.1\r\nHost: h\r\nX-Four: 4\r\nVia: 1.1 uring-bench\r\n\r\n");
}

TEST_CASE("forward: no client talks Host or the framing away") {
  CHECK(forward("POST / HTTP/1.1\r\nHost: h\r\nConnection: host, content-length\r\n"
                "Content-Length: 3\r\n\r\n") ==
        "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\nVia: 1.1 uring-bench\r\n\r\n");
}

TEST_CASE("forward: exactly one framing field, written from the parse") {
  CHECK(forward("POST / HTTP/1.1\r\nHost: h\r\ncontent-length: 0007\r\n\r\n") ==
        "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 7\r\nVia: 1.1 uring-bench\r\n\r\n");
  CHECK(forward("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 0\r\n\r\n") ==
        "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 0\r\nVia: 1.1 uring-bench\r\n\r\n");
  CHECK(forward("POST / HTTP/1.1\r\ntransfer-encoding: CHUNKED\r\nHost: h\r\n\r\n") ==
        "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\nVia: 1.1 uring-bench\r\n\r\n");
}

TEST_CASE("forward: an HTTP/1.0 request gets the Host that 1.1 needs, and only if it has none") {
  CHECK(forward("GET / HTTP/1.0\r\n\r\n") ==
        "GET / HTTP/1.1\r\nHost: \r\nVia: 1.0 uring-bench\r\n\r\n");
  CHECK(forward("GET / HTTP/1.0\r\nHost: h\r\nConnection: keep-alive\r\n\r\n") ==
        "GET / HTTP/1.1\r\nHost: h\r\nVia: 1.0 uring-bench\r\n\r\n");
}

TEST_CASE("forward: empty values and values of others' Via go through") {
  CHECK(forward("GET / HTTP/1.1\r\nHost:a\r\nX-Empty:\r\nX-Next: 1\r\nVia: 1.1 other\r\n\r\n") ==
        "GET / HTTP/1.1\r\nHost: a\r\nX-Empty: \r\nX-Next: 1\r\nVia: 1.1 other\r\n"
        "Via: 1.1 uring-bench\r\n\r\n");
}

TEST_CASE("forward: the next parser reads the same request in it") {
  const std::string source =
      "POST /p?size=9 HTTP/1.1\r\nHost: h\r\nX-Route: k\r\nX-Verify: crc32c\r\n"
      "Connection: close\r\nContent-Length: 3\r\n\r\n";
  const test::ParsedMessage before = test::parse_one(source + "abc");
  const test::ParsedMessage after = test::parse_one(forward(source) + "abc");
  CHECK(after.head.response_bytes == before.head.response_bytes);
  CHECK(after.head.route_hash == before.head.route_hash);
  CHECK(after.head.verify_crc32c);
  CHECK(after.head.content_length == 3);
  CHECK(after.head.keep_alive);  // the upstream connection stays, whatever the client wants
  CHECK(after.crc == before.crc);
}

TEST_CASE("forward: the longest heads fit into the promised room, and not into less") {
  std::string fields = "Host: h\r\n";
  for (int count = 0; count < 99; ++count) {
    fields += fmt::format("X{}:{}\r\n", count, std::string(155, 'v'));
  }
  const std::string longest =
      fmt::format("PROPPATCH /{} HTTP/1.1\r\n{}\r\n", std::string(8100, 'p'), fields);
  const std::string out = forward(longest);
  REQUIRE(out != "nothing");
  CHECK(out.size() <= http::kForwardedHeadBytesMax);
  CHECK(forward(longest, out.size()) == out);
  CHECK(forward(longest, out.size() - 1) == "nothing");
  CHECK(forward(longest, 0) == "nothing");
}

TEST_CASE("forward: what is no complete head is not forwarded") {
  std::array<std::byte, 1024> out{};
  const http::RequestHead head;
  for (const std::string source : {"", "GET / HTTP/1.1\r\nHost: h\r\n", "rubbish\r\n\r\n"}) {
    CAPTURE(source);
    CHECK_FALSE(http::write_forwarded_request(bytes_of(source), head, out));
    CHECK_FALSE(http::write_forwarded_response(bytes_of(source), true, true, out));
  }
}

TEST_CASE(
    "forward: a response keeps its status, fields and length; its connection is the client's") {
  const std::string source =
      "HTTP/1.1 200 Very OK\r\nDate: d\r\nX-Worker: 2\r\nConnection: close, x-private\r\n"
      "X-Private: 1\r\nContent-Length: 5\r\n\r\n";
  const std::string common =
      "HTTP/1.1 200 Very OK\r\nDate: d\r\nX-Worker: 2\r\nContent-Length: 5\r\n";
  CHECK(forward_response(source, true, true) == common + "\r\n");
  CHECK(forward_response(source, true, false) == common + "Connection: close\r\n\r\n");
  CHECK(forward_response(source, false, true) == common + "Connection: keep-alive\r\n\r\n");
  CHECK(forward_response(source, false, false) == common + "Connection: close\r\n\r\n");
}

TEST_CASE("forward: a reason with control characters is not passed on") {
  for (const char c : {'\0', '\x01', '\x1b', '\x7f'}) {
    const std::string source = std::string{"HTTP/1.1 200 O"} + c + "K\r\nContent-Length: 0\r\n\r\n";
    CHECK(forward_response(source, true, true) == "nothing");
  }
  CHECK(forward_response("HTTP/1.1 200 \xc3\xa4\t\r\n\r\n", true, true) ==
        "HTTP/1.1 200 \xc3\xa4\t\r\n\r\n");
}

TEST_CASE("forward: a response without a reason, an interim one") {
  CHECK(forward_response("HTTP/1.1 404 \r\nContent-Length: 0\r\n\r\n", true, true) ==
        "HTTP/1.1 404 \r\nContent-Length: 0\r\n\r\n");
  CHECK(forward_response("HTTP/1.1 100 Continue\r\n\r\n", true, true) ==
        "HTTP/1.1 100 Continue\r\n\r\n");
}

}  // namespace
}  // namespace urb
