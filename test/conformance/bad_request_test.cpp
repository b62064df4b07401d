// What is wrong gets a final answer that names it, and the end of the connection. Never a hang.
#include "conformance/conformance.hpp"

TEST_SUITE_BEGIN("conformance");

namespace urb::test {
namespace {

struct BadRequest {
  std::string what;
  int status;
  std::string bytes;
};

std::string many_fields(unsigned count) {
  std::string fields;
  for (unsigned index = 0; index < count; ++index) {
    fields += "X-" + std::to_string(index) + ": v\r\n";
  }
  return fields;
}

std::string long_target(std::size_t bytes) {
  std::string target(bytes, 'a');
  target[0] = '/';
  return target;
}

std::vector<BadRequest> bad_requests() {
  const std::string chunked = "Transfer-Encoding: chunked\r\n";
  const std::string length = "Content-Length: 3\r\n";
  return {
      {"no HTTP at all", 400, "\x16\x03\x01\x02 binary\r\n\r\n"},
      {"no version", 505, "GET /\r\n\r\n"},
      {"no Host", 400, "GET / HTTP/1.1\r\n\r\n"},
      {"two Hosts", 400, make_head("GET", "/", "Host: other\r\n")},
      {"space in the name", 400, make_head("GET", "/", "X Y: z\r\n")},
      {"space before the colon", 400, make_head("POST", "/", "Content-Length : 3\r\n") + "abc"},
      {"no colon", 400, make_head("GET", "/", "something\r\n")},
      {"control byte in a value", 400, make_head("GET", "/", "X-A: b\x01c\r\n")},
      {"length is no number", 400, make_head("POST", "/", "Content-Length: 3x\r\n")},
      {"negative length", 400, make_head("POST", "/", "Content-Length: -3\r\n")},
      {"length beyond 64 bits", 400,
       make_head("POST", "/", "Content-Length: 99999999999999999999\r\n")},
      {"two different lengths", 400, make_head("POST", "/", length + "Content-Length: 4\r\n")},
      {"length and chunked", 400, make_head("POST", "/", length + chunked)},
      {"chunked and length", 400, make_head("POST", "/", chunked + length)},
      {"chunked twice", 400, make_head("POST", "/", chunked + chunked)},
      {"chunked in HTTP/1.0", 400, "POST / HTTP/1.0\r\n" + chunked + "\r\n"},
      {"target too long", 414, make_head("GET", long_target(8 * 1024))},
      {"other expectation", 417, make_head("POST", "/", "Expect: tea\r\n" + length)},
      {"header lines too long", 431, make_head("GET", "/", "X-A: " + std::string(16384, 'a'))},
      {"too many fields", 431, make_head("GET", "/", many_fields(101))},
      {"unknown transfer coding", 501, make_head("POST", "/", "Transfer-Encoding: gzip\r\n")},
      {"version 2", 505, "GET / HTTP/2.0\r\nHost: test\r\n\r\n"},
  };
}

TEST_CASE_FIXTURE(SharedServer, "a bad request gets its status and a close") {
  for (const BadRequest& bad : bad_requests()) {
    CAPTURE(bad.what);
    TcpClient client = connect();
    client.send(bad.bytes);
    check_refused(client, bad.status);
  }
}

TEST_CASE_FIXTURE(SharedServer, "a bad request behind a good one leaves that one its answer") {
  for (const BadRequest& bad : bad_requests()) {
    CAPTURE(bad.what);
    TcpClient client = connect();
    client.send(make_post("good") + bad.bytes);
    check_receipt(server, client.read_response(), 4);
    check_refused(client, bad.status);
  }
}

TEST_CASE_FIXTURE(SharedServer, "a bad request on a connection in use is refused") {
  for (const BadRequest& bad : bad_requests()) {
    CAPTURE(bad.what);
    TcpClient client = connect();
    client.send(make_post("good"));
    check_receipt(server, client.read_response(), 4);
    client.send(bad.bytes);
    check_refused(client, bad.status);
  }
}

TEST_CASE_FIXTURE(SharedServer,
                  "what is still sent behind a bad request does not destroy answers") {
  // More than all socket buffers hold: the server has to read it, or its close would be a reset.
  const std::string junk(8 * 1024 * 1024, 'j');
  TcpClient client = connect();
  client.send(make_head("GET", "/?size=300000") + "what is this\r\n\r\n");
  (void)client.try_send(junk);
  CHECK(client.read_response().body.size() == 300000);
  CHECK(client.read_response().status == 400);
}

TEST_CASE_FIXTURE(SharedServer, "what is sent behind a last request does not destroy its answer") {
  // In one piece, so that it is there when the connection is closed; in `passthru` the relay takes
  // the body and leaves the rest unread.
  for (const std::size_t bytes : {std::size_t{0}, std::size_t{100}, std::size_t{20'000}}) {
    CAPTURE(bytes);
    TcpClient client = connect();
    client.send(make_post(std::string(bytes, 'b'), "Connection: close\r\n") +
                std::string(9000, 'j'));
    check_receipt(server, client.read_response(), bytes);
    CHECK(client.is_closed_by_peer());
    CHECK_FALSE(client.was_reset());
  }
}

TEST_CASE_FIXTURE(SharedServer, "heads at the limits are served") {
  TcpClient client = connect();
  const std::string target = long_target(8 * 1024 - 30);
  client.send(make_head("GET", target));
  check_receipt(server, client.read_response(), 0);
  client.send(make_head("GET", "/", "X-A: " + std::string(15 * 1024, 'a') + "\r\n"));
  check_receipt(server, client.read_response(), 0);
  client.send(make_head("GET", "/", many_fields(98)));
  check_receipt(server, client.read_response(), 0);
  // Both at once, with a body behind them.
  client.send(make_head("POST", target,
                        "X-A: " + std::string(15 * 1024, 'a') + "\r\nContent-Length: 4\r\n"));
  client.send("body");
  check_receipt(server, client.read_response(), 4);
}

TEST_CASE("413 reaches a client that goes on uploading") {
  ServerConfig config = configured_server();
  config.limits.max_body = Bytes{100'000};
  const auto server = start_server(config);
  const std::string piece(1024 * 1024, 'b');
  for (const std::string_view framing :
       {"Content-Length: 33554432\r\n", "Transfer-Encoding: chunked\r\n"}) {
    CAPTURE(framing);
    TcpClient client{server->address()};
    client.send(make_head("POST", "/", framing));
    // It reads nothing before all is sent: more than all socket buffers hold.
    for (int count = 0; count < 32; ++count) {
      if (framing.starts_with("T")) client.send("100000\r\n");
      client.send(piece);
      if (framing.starts_with("T")) client.send("\r\n");
    }
    client.end_sending();
    check_refused(client, 413);
    CHECK_FALSE(client.was_reset());
  }
  check_no_sockets_left(*server);
}

TEST_CASE("a body above --max-body gets 413, one at the limit is served") {
  ServerConfig config = configured_server();
  config.limits.max_body = Bytes{1000};
  const auto server = start_server(config);
  const std::string chunked = make_head("POST", "/", "Transfer-Encoding: chunked\r\n");
  {
    TcpClient client{server->address()};
    client.send(make_post(std::string(1000, 'b')));
    check_receipt(*server, client.read_response(), 1000);
    client.send(chunked + "1f4\r\n" + std::string(500, 'b') + "\r\n1f4\r\n" +
                std::string(500, 'b') + "\r\n0\r\n\r\n");
    check_receipt(*server, client.read_response(), 1000);
    client.send(make_post(std::string(1001, 'b')));
    check_refused(client, 413);
  }
  {
    TcpClient client{server->address()};
    client.send(chunked + "1f4\r\n" + std::string(500, 'b') + "\r\n1f5\r\n" +
                std::string(501, 'b') + "\r\n0\r\n\r\n");
    check_refused(client, 413);
  }
  {
    TcpClient client{server->address()};  // not even the body's first byte is waited for
    client.send(make_head("POST", "/", "Content-Length: 1000000000000\r\n"));
    check_refused(client, 413);
  }
  check_healthy(*server);
  check_no_sockets_left(*server);
}

}  // namespace
}  // namespace urb::test

TEST_SUITE_END();
