// The request head as bytes, and what may not be in it.
#include "http/request_bytes.hpp"

#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "base/error.hpp"

TEST_SUITE_BEGIN("unit");

namespace urb::http {
namespace {

RequestOptions options_to(std::string_view path) {
  RequestOptions options;
  options.host = "localhost:8080";
  options.path = path;
  return options;
}

bool contains(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("a request without a body has no framing fields") {
  CHECK(make_request_head(options_to("/a?b=c")) ==
        "GET /a?b=c HTTP/1.1\r\nHost: localhost:8080\r\nUser-Agent: uring-bench\r\n"
        "Accept: */*\r\n\r\n");
}

TEST_CASE("a body is announced with its size, an empty one too") {
  RequestOptions options = options_to("/");
  options.method = "POST";
  options.body = Bytes{1048576};
  CHECK(contains(make_request_head(options), "\r\nContent-Length: 1048576\r\n"));
  options.body = Bytes{0};
  CHECK(contains(make_request_head(options), "\r\nContent-Length: 0\r\n"));
}

TEST_CASE("without keep-alive the close is announced") {
  RequestOptions options = options_to("/");
  CHECK_FALSE(contains(make_request_head(options), "Connection"));
  options.keep_alive = false;
  CHECK(contains(make_request_head(options), "\r\nConnection: close\r\n"));
}

TEST_CASE("a given header replaces ours of the same name in any case") {
  RequestOptions options = options_to("/");
  const std::vector<std::string> headers{"hOST: example.org", "X-Route: 7"};
  options.headers = headers;
  const std::string head = make_request_head(options);
  CHECK(contains(head, "\r\nhOST: example.org\r\nX-Route: 7\r\n\r\n"));
  CHECK_FALSE(contains(head, "\r\nHost:"));
}

TEST_CASE("nothing that would break the request or contradict the options gets into it") {
  for (const char* line :
       {"no colon", "Sp ace: 1", ": 1", "A: b\r\nC: d", "A: b\n", "", "Content-Length: 5",
        "transfer-encoding: chunked", "CONNECTION: close"}) {
    CAPTURE(line);
    RequestOptions options = options_to("/");
    const std::vector<std::string> headers{line};
    options.headers = headers;
    CHECK_THROWS_AS(static_cast<void>(make_request_head(options)), UsageError);
  }
  for (const char* path : {"", "relative", "/with space", "/\r\n", "/\x7f"}) {
    CAPTURE(path);
    CHECK_THROWS_AS(static_cast<void>(make_request_head(options_to(path))), UsageError);
  }
  RequestOptions options = options_to("/");
  options.method = "GET /";
  CHECK_THROWS_AS(static_cast<void>(make_request_head(options)), UsageError);
  options = options_to("/");
  options.host = "a\r\nb";
  CHECK_THROWS_AS(static_cast<void>(make_request_head(options)), UsageError);
}

}  // namespace urb::http
