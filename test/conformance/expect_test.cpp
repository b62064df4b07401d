// Expect: 100-continue (RFC 9110, 10.1.1).
#include "conformance/conformance.hpp"

TEST_SUITE_BEGIN("conformance");

namespace urb::test {
namespace {

constexpr std::string_view kExpect = "Expect: 100-continue\r\n";

std::string make_expecting_head(std::size_t body_bytes, std::string_view fields = kExpect) {
  return make_head("POST", "/",
                   std::string{fields} + "X-Verify: crc32c\r\nContent-Length: " +
                       std::to_string(body_bytes) + "\r\n");
}

void check_continue(TcpClient& client) {
  const Response interim = client.read_response();
  CHECK(interim.status == 100);
  CHECK(interim.headers.empty());
}

TEST_CASE_FIXTURE(SharedServer, "100 Continue comes before the body is sent, for each request") {
  TcpClient client = connect();
  for (const std::size_t bytes : {std::size_t{1}, std::size_t{5000}, std::size_t{1024 * 1024}}) {
    CAPTURE(bytes);
    const std::string body = random_text(bytes, bytes);
    client.send(make_expecting_head(bytes));
    check_continue(client);
    client.send(body);
    check_receipt(server, client.read_response(), bytes, checksum(body));
  }
}

TEST_CASE_FIXTURE(SharedServer, "100 Continue comes before a chunked body is sent") {
  TcpClient client = connect();
  client.send(make_head("POST", "/", "Transfer-Encoding: chunked\r\nExpect: 100-Continue\r\n"));
  check_continue(client);
  client.send_and_let_read("3\r\nabc\r\n");
  client.send("0\r\n\r\n");
  check_receipt(server, client.read_response(), 3);
}

TEST_CASE_FIXTURE(SharedServer, "no 100 Continue when the body came along") {
  TcpClient client = connect();
  for (int round = 0; round < 3; ++round) {
    client.send(make_expecting_head(5) + "hello");
    check_receipt(server, client.read_response(), 5, checksum("hello"));
  }
}

TEST_CASE_FIXTURE(SharedServer, "an expecting request may be pipelined behind another") {
  TcpClient client = connect();
  client.send(make_post("first") + make_expecting_head(5));
  check_receipt(server, client.read_response(), 5);
  check_continue(client);
  client.send("hello");
  check_receipt(server, client.read_response(), 5, checksum("hello"));
}

TEST_CASE_FIXTURE(SharedServer, "HTTP/1.0 gets no 100 Continue") {
  TcpClient client = connect();
  client.send_and_let_read("POST / HTTP/1.0\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n");
  client.send("hello");
  check_receipt(server, client.read_response(), 5);  // the first thing that comes
  CHECK(client.is_closed_by_peer());
}

TEST_CASE_FIXTURE(SharedServer, "another expectation gets 417") {
  for (const std::string_view field : {"Expect: 200-ok\r\n", "Expect: 100-continue, other\r\n"}) {
    CAPTURE(field);
    TcpClient client = connect();
    client.send(make_expecting_head(5, field));
    check_refused(client, 417);
  }
}

TEST_CASE_FIXTURE(SharedServer, "a client may end while it waits for 100 Continue, or after it") {
  {
    TcpClient client = connect();
    client.send(make_expecting_head(5));
    client.reset();
  }
  TcpClient client = connect();
  client.send(make_expecting_head(5));
  check_continue(client);
  client.reset();
}

TEST_CASE("a body that is too large is refused instead of continued") {
  ServerConfig config = configured_server();
  config.limits.max_body = Bytes{1000};
  const auto server = start_server(config);
  TcpClient client{server->address()};
  client.send(make_expecting_head(1001));
  check_refused(client, 413);
}

}  // namespace
}  // namespace urb::test

TEST_SUITE_END();
