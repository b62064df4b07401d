// When a connection stays open, as each version defines it, and what is served on it.
#include "conformance/conformance.hpp"

TEST_SUITE_BEGIN("conformance");

namespace urb::test {
namespace {

std::string make_http10(std::string_view body, std::string_view fields = "") {
  return "POST / HTTP/1.0\r\n" + std::string{fields} +
         "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + std::string{body};
}

TEST_CASE_FIXTURE(SharedServer, "HTTP/1.1 keeps the connection for 100 requests") {
  TcpClient client = connect();
  for (std::size_t index = 0; index < 100; ++index) {
    CAPTURE(index);
    client.send(make_post(std::string(index * 97, 'b')));
    const Response response = client.read_response();
    check_receipt(server, response, index * 97);
    CHECK(response.header("connection") != "close");
  }
}

TEST_CASE_FIXTURE(SharedServer, "Connection: close ends the connection behind the response") {
  for (const std::string_view field :
       {"Connection: close\r\n", "connection: Close\r\n", "Connection: x-other, close\r\n"}) {
    CAPTURE(field);
    TcpClient client = connect();
    client.send(make_post("first") + make_post("last one", field));
    check_receipt(server, client.read_response(), 5);
    const Response response = client.read_response();
    check_receipt(server, response, 8);
    CHECK(response.header("connection") == "close");
    CHECK(client.is_closed_by_peer());
  }
}

TEST_CASE_FIXTURE(SharedServer, "what is pipelined behind Connection: close is not answered") {
  const std::string more = make_post(std::string(100 * 1024, 'm'));
  TcpClient client = connect();
  client.send(make_post("last", "Connection: close\r\n") + more + more);
  check_receipt(server, client.read_response(), 4);
  CHECK(client.is_closed_by_peer());
}

TEST_CASE_FIXTURE(SharedServer, "HTTP/1.0 closes unless it asks to stay") {
  TcpClient client = connect();
  client.send(make_http10("abc"));
  const Response response = client.read_response();
  check_receipt(server, response, 3);
  CHECK(response.header("connection") == "close");
  CHECK(client.is_closed_by_peer());
}

TEST_CASE_FIXTURE(SharedServer, "HTTP/1.0 with keep-alive stays, and is told so") {
  TcpClient client = connect();
  for (std::size_t index = 0; index < 20; ++index) {
    CAPTURE(index);
    client.send(make_http10(std::string(index, 'b'), "Connection: Keep-Alive\r\n"));
    const Response response = client.read_response();
    check_receipt(server, response, index);
    CHECK(response.header("connection") == "keep-alive");
  }
  client.send(make_http10("end"));
  check_receipt(server, client.read_response(), 3);
  CHECK(client.is_closed_by_peer());
}

TEST_CASE_FIXTURE(SharedServer, "the versions may take turns on a connection") {
  TcpClient client = connect();
  client.send(make_http10("abc", "Connection: keep-alive\r\n") + make_post("de") +
              make_http10("f", "Connection: keep-alive\r\n") + make_http10(""));
  check_receipt(server, client.read_response(), 3);
  check_receipt(server, client.read_response(), 2);
  check_receipt(server, client.read_response(), 1);
  check_receipt(server, client.read_response(), 0);
  CHECK(client.is_closed_by_peer());
}

TEST_CASE_FIXTURE(SharedServer, "any method and any target is served") {
  TcpClient client = connect();
  for (const std::string_view method : {"GET", "PUT", "PATCH", "DELETE", "PROPFIND"}) {
    CAPTURE(method);
    client.send(make_head(method, "/a/b%20c?d=e&f=//g"));
    check_receipt(server, client.read_response(), 0);
  }
  client.send(make_head("OPTIONS", "*"));
  check_receipt(server, client.read_response(), 0);
  client.send(make_head("GET", "http://test/absolute"));
  check_receipt(server, client.read_response(), 0);
}

TEST_CASE_FIXTURE(SharedServer, "an upgrade that nobody speaks is an ordinary request") {
  TcpClient client = connect();
  client.send(make_head("GET", "/", "Connection: upgrade\r\nUpgrade: websocket\r\n") +
              make_post("next"));
  check_receipt(server, client.read_response(), 0);
  check_receipt(server, client.read_response(), 4);
}

}  // namespace
}  // namespace urb::test

TEST_SUITE_END();
