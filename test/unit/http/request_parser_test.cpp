// What the request parser says about a head and a body. Valid and invalid inputs are in
// test/data/http; here is what their one-line outcomes cannot show.
#include "http/request_parser.hpp"

#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "base/crc32c.hpp"
#include "base/fnv.hpp"
#include "support/request_steps.hpp"

namespace urb {
namespace {

using http::ParseStatus;
using test::ParsedMessage;

TEST_SUITE_BEGIN("unit");

std::string get(std::string_view target, std::string_view fields = "") {
  std::string text = "GET ";
  text.append(target).append(" HTTP/1.1\r\nHost: a\r\n").append(fields).append("\r\n");
  return text;
}
std::string post(std::string_view fields, std::string_view body) {
  std::string text = "POST / HTTP/1.1\r\nHost: a\r\n";
  text.append(fields).append("\r\n").append(body);
  return text;
}
std::span<const std::byte> bytes_of(std::string_view text) {
  return std::as_bytes(std::span{text});
}

TEST_CASE("request_parser: stops behind the empty line, no body byte consumed") {
  http::RequestParser parser;
  const std::string input = post("Content-Length: 3\r\n", "abcGET");
  const std::size_t head_bytes = input.size() - 6;
  const http::ParseStep head = parser.parse(bytes_of(input));
  CHECK(head.status == ParseStatus::head_complete);
  CHECK(head.consumed == head_bytes);
  CHECK(parser.has_head());
  CHECK(parser.head().has_body());
  CHECK(parser.body_bytes() == 0);
  const http::ParseStep rest = parser.parse(bytes_of(input).subspan(head_bytes));
  CHECK(rest.status == ParseStatus::message_complete);
  CHECK(rest.consumed == 3);
  CHECK(parser.body_bytes() == 3);
  CHECK_FALSE(parser.in_message());
}

TEST_CASE("request_parser: a message without a body ends without another byte") {
  http::RequestParser parser;
  CHECK_FALSE(parser.in_message());
  CHECK(parser.parse(bytes_of(get("/"))).status == ParseStatus::head_complete);
  CHECK(parser.in_message());
  const http::ParseStep end = parser.parse({});
  CHECK(end.status == ParseStatus::message_complete);
  CHECK(end.consumed == 0);
  CHECK_FALSE(parser.in_message());
}

TEST_CASE("request_parser: nothing to parse changes nothing") {
  http::RequestParser parser;
  CHECK(parser.parse({}).status == ParseStatus::need_more);
  CHECK_FALSE(parser.in_message());
  CHECK(parser.parse(bytes_of("GE")).status == ParseStatus::need_more);
  CHECK(parser.parse({}).status == ParseStatus::need_more);
  CHECK(parser.in_message());
  CHECK_FALSE(parser.has_head());
}

TEST_CASE("request_parser: an error stays, whatever comes after it") {
  http::RequestParser parser;
  CHECK(parser.parse(bytes_of("GET / HTTP/1.1\r\n\r\n")).status == ParseStatus::error);
  CHECK(parser.error_status() == 400);
  const http::ParseStep again = parser.parse(bytes_of(get("/")));
  CHECK(again.status == ParseStatus::error);
  CHECK(again.consumed == 0);
  CHECK(parser.error_status() == 400);
}

TEST_CASE("request_parser: the head says what a server needs") {
  const ParsedMessage plain = test::parse_one(get("/"));
  CHECK(plain.head.http11);
  CHECK(plain.head.keep_alive);
  CHECK(plain.head.has_host);
  CHECK_FALSE(plain.head.is_head_method);
  CHECK_FALSE(plain.head.expect_continue);
  CHECK_FALSE(plain.head.chunked);
  CHECK_FALSE(plain.head.has_content_length);
  CHECK_FALSE(plain.head.has_route);
  CHECK_FALSE(plain.head.verify_crc32c);
  CHECK_FALSE(plain.head.has_body());
  CHECK_FALSE(plain.head.response_bytes);

  const ParsedMessage head = test::parse_one("HEAD / HTTP/1.0\r\n\r\n");
  CHECK(head.head.is_head_method);
  CHECK_FALSE(head.head.http11);
  CHECK_FALSE(head.head.has_host);
  CHECK_FALSE(head.head.keep_alive);

  const ParsedMessage body =
      test::parse_one(post("Expect: 100-continue\r\nContent-Length: 2\r\n", "ab"));
  CHECK(body.head.expect_continue);
  CHECK(body.head.has_content_length);
  CHECK(body.head.content_length == 2);

  const ParsedMessage chunked =
      test::parse_one(post("Transfer-Encoding: chunked\r\n", "1\r\nx\r\n0\r\n\r\n"));
  CHECK(chunked.head.chunked);
  CHECK(chunked.head.content_length == 0);
  CHECK(chunked.head.has_body());

  CHECK_FALSE(
      test::parse_one("PUT / HTTP/1.0\r\nExpect: 100-continue\r\n\r\n").head.expect_continue);
}

TEST_CASE("request_parser: what one request said is forgotten in the next") {
  const std::string input =
      "HEAD /?size=7 HTTP/1.1\r\nHost: a\r\nX-Route: r\r\nX-Verify: crc32c\r\nExpect: "
      "100-continue\r\n"
      "Content-Length: 1\r\n\r\nx" +
      get("/");
  const test::ParsedInput parsed = test::parse_at_once(input);
  REQUIRE(parsed.messages.size() == 2);
  const ParsedMessage fresh = test::parse_one(get("/"));
  const ParsedMessage& second = parsed.messages[1];
  CHECK(parsed.messages[0].head.response_bytes == 7u);
  CHECK(parsed.messages[0].crc != 0);
  CHECK_FALSE(second.head.is_head_method);
  CHECK_FALSE(second.head.response_bytes);
  CHECK_FALSE(second.head.has_route);
  CHECK_FALSE(second.head.verify_crc32c);
  CHECK_FALSE(second.head.expect_continue);
  CHECK_FALSE(second.head.has_content_length);
  CHECK(second.head.route_hash == fresh.head.route_hash);
  CHECK(second.crc == 0);
  CHECK(second.body_bytes == 0);
  CHECK(second.end == input.size());
}

TEST_CASE("request_parser: limits count anew for each request of a connection") {
  std::string fields;
  for (int count = 0; count < 60; ++count) fields += "X-A: " + std::string(200, 'v') + "\r\n";
  const std::string one = get("/" + std::string(5000, 'p'), fields);
  const test::ParsedInput parsed = test::parse_at_once(one + one + one);
  CHECK(test::format_outcome(parsed) == "200 keep 0, 200 keep 0, 200 keep 0");
  CHECK(test::parse_evenly(one + one + one, 1000) == parsed);
}

TEST_CASE("request_parser: ?size=N is found wherever it stands in the query") {
  const std::vector<std::pair<std::string, std::uint64_t>> sizes{
      {"/?size=0", 0},         {"/?size=1048576", 1048576},
      {"?size=5", 5},          {"/?a=1&size=5", 5},
      {"/?size=5&b=2", 5},     {"/a/b?x&size=5&y", 5},
      {"/?size=5&size=6", 5},  {"/?sizes=1&size=5", 5},
      {"/?siz&size=5", 5},     {"/?&&size=5", 5},
      {"http://a/?size=5", 5}, {"/?size=17592186044415", 17592186044415},
      {"/?size=0005", 5},      {"/?s&si&siz&size&size=5", 5}};
  for (const auto& [sized_target, size] : sizes) {
    const std::string& target = sized_target;  // a binding cannot be captured by clang 14
    CAPTURE(target);
    const std::string input = get(target[0] == '?' ? "/" + target : target);
    CHECK(test::parse_one(input).head.response_bytes == size);
    CHECK(test::parse_evenly(input, 1) == test::parse_at_once(input));
  }
}

TEST_CASE("request_parser: what only looks like ?size=N is ignored") {
  for (const std::string target :
       {"/size=5", "/?xsize=5", "/?Size=5", "/?size", "/?size=", "/?size=x", "/?size=5x",
        "/?size=-5", "/?size=+5", "/?size=5.0", "/&size=5", "/?a=size=5", "/?size=17592186044416",
        "/?size=99999999999999999999999"}) {
    CAPTURE(target);
    CHECK_FALSE(test::parse_one(get(target)).head.response_bytes);
  }
}

TEST_CASE("request_parser: equal keys have equal hashes, however they come") {
  const ParsedMessage plain = test::parse_one(get("/", "X-Route: user 17\r\n"));
  CHECK(plain.head.has_route);
  CHECK(plain.head.route_hash == http::fnv1a(http::kFnvOffset, "user 17"));
  for (const std::string fields :
       {"x-route:user 17\r\n", "X-ROUTE: \t user 17\r\n", "X-Route: user 17   \r\n",
        "X-A: 1\r\nX-Route: user 17\t\r\nX-B: 2\r\n"}) {
    CAPTURE(fields);
    const std::string input = get("/other", fields);
    CHECK(test::parse_one(input).head.route_hash == plain.head.route_hash);
    CHECK(test::parse_evenly(input, 1) == test::parse_at_once(input));
  }
}

TEST_CASE("request_parser: different keys have different hashes, long ones too") {
  const auto hash = [](const std::string& key) {
    return test::parse_one(get("/", "X-Route: " + key + "\r\n")).head.route_hash;
  };
  CHECK(hash("a") != hash("b"));
  CHECK(hash("A") != hash("a"));
  CHECK(hash("a b") != hash("a  b"));
  const std::string text(500, 'k');
  CHECK(hash(text + "1") != hash(text + "2"));
  CHECK(hash(text) == http::fnv1a(http::kFnvOffset, text));
  CHECK(test::parse_one(get("/", "X-Route:\r\n")).head.has_route);
  CHECK(hash("") == http::kFnvOffset);
}

TEST_CASE("request_parser: X-Verify sums exactly the body's bytes, without their framing") {
  std::string body;
  for (int value = 0; value < 1000; ++value) body += static_cast<char>(value * 7);
  const std::uint32_t expected = crc32c(0, bytes_of(body));
  const std::string sized = post("X-Verify: crc32c\r\nContent-Length: 1000\r\n", body);
  CHECK(test::parse_one(sized).crc == expected);
  const std::string chunked = post("X-Verify: CRC32C\r\nTransfer-Encoding: chunked\r\n",
                                   "12c;x=y\r\n" + body.substr(0, 300) + "\r\n2bc\r\n" +
                                       body.substr(300) + "\r\n0\r\nX: y\r\n\r\n");
  CHECK(test::parse_one(chunked).crc == expected);
  CHECK(test::parse_one(chunked).body_bytes == 1000);
  for (const std::size_t piece : {1, 2, 3, 64, 301}) {
    CHECK(test::parse_evenly(sized, piece) == test::parse_at_once(sized));
    CHECK(test::parse_evenly(chunked, piece) == test::parse_at_once(chunked));
  }
  CHECK(test::parse_one(post("X-Verify: md5\r\nContent-Length: 1\r\n", "x")).crc == 0);
  CHECK(test::parse_one(post("Content-Length: 1\r\n", "x")).crc == 0);
}

TEST_CASE("request_parser: a body above the maximum is refused, by length before its first byte") {
  const std::string sized = post("Content-Length: 11\r\n", "");
  CHECK(test::format_outcome(test::parse_at_once(sized, Bytes{10})) == "413");
  CHECK(test::format_outcome(test::parse_evenly(sized, 1, Bytes{10})) == "413");
  const std::string exact = post("Content-Length: 10\r\n", "0123456789");
  CHECK(test::format_outcome(test::parse_at_once(exact, Bytes{10})) == "200 keep 10");
  CHECK(test::format_outcome(test::parse_at_once(post("Content-Length: 1\r\n", ""), Bytes{0})) ==
        "413");
}

TEST_CASE("request_parser: a body above the maximum is refused, by its chunks") {
  const std::string head = "Transfer-Encoding: chunked\r\n";
  const std::string exact = post(head, "6\r\n012345\r\n4\r\n6789\r\n0\r\n\r\n");
  const std::string above = post(head, "6\r\n012345\r\n5\r\n6789a\r\n0\r\n\r\n");
  for (const std::size_t piece : {std::size_t{1}, std::size_t{5}, above.size()}) {
    CHECK(test::format_outcome(test::parse_evenly(exact, piece, Bytes{10})) == "200 keep 10");
    CHECK(test::format_outcome(test::parse_evenly(above, piece, Bytes{10})) == "413");
  }
}

TEST_CASE("request_parser: a length of 64 bits is read as it is") {
  http::RequestParser parser;
  const std::string input = post("Content-Length: 18446744073709551615\r\n", "");
  CHECK(parser.parse(bytes_of(input)).status == ParseStatus::head_complete);
  CHECK(parser.head().content_length == 18446744073709551615u);
}

TEST_CASE("request_parser: a body of many small chunks is not cut off by the limit on framing") {
  std::string body;
  for (int count = 0; count < 20'000; ++count) body += "1;x\r\nb\r\n";
  const std::string input = post("Transfer-Encoding: chunked\r\n", body + "0\r\n\r\n");
  CHECK(test::format_outcome(test::parse_at_once(input)) == "200 keep 20000");
  CHECK(test::parse_evenly(input, 4096) == test::parse_at_once(input));
}

// Everything at once, cut into three pieces at every pair of places.
TEST_CASE("request_parser: any two cuts give the same steps") {
  const std::string input =
      "POST /a?size=12 HTTP/1.1\r\nHost: a\r\nX-Route: k\r\nTransfer-Encoding: chunked\r\n"
      "X-Verify: crc32c\r\n\r\n3;e=\"f\"\r\nabc\r\n0\r\nT: v\r\n\r\n"
      "GET / HTTP/1.0\r\nConnection: keep-alive\r\nContent-Length: 2\r\n\r\nxyHEAD / "
      "HTTP/1.0\r\n\r\n";
  const test::ParsedInput whole = test::parse_at_once(input);
  REQUIRE(test::format_outcome(whole) == "200 keep 3, 200 keep 2, 200 close 0");
  for (std::size_t first = 0; first < input.size(); ++first) {
    for (std::size_t second = first; second < input.size(); ++second) {
      REQUIRE(test::parse_in_pieces(input, {first, second}) == whole);
    }
  }
}

}  // namespace
}  // namespace urb
