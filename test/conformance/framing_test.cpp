// Where TCP cuts the stream must not matter: heads, bodies and chunks split at every offset,
// several messages in one segment. Each piece is sent only when the server has read the one before.
#include "conformance/conformance.hpp"

TEST_SUITE_BEGIN("conformance");

namespace urb::test {
namespace {

// A request with every part: target with a query, a field that routes, a body, a checksum.
const std::string kBody = "0123456789abcdef";
const std::string kRequest = make_post(kBody, "X-Route: blue\r\nX-Verify: crc32c\r\n");

const std::string kChunkedRequest = make_head("POST", "/", "Transfer-Encoding: chunked\r\n") +
                                    "6;name=\"a b\"\r\n012345\r\n0A\r\n6789abcdef\r\n"
                                    "0\r\nTrailer-Field: value\r\n\r\n";

TEST_CASE_FIXTURE(SharedServer, "a request may be split in two at any offset") {
  for (std::size_t cut = 1; cut < kRequest.size(); ++cut) {
    CAPTURE(cut);
    TcpClient client = connect();
    client.send_and_let_read(kRequest.substr(0, cut));
    client.send(kRequest.substr(cut));
    check_receipt(server, client.read_response(), kBody.size(), checksum(kBody));
  }
}

TEST_CASE_FIXTURE(SharedServer, "a later request of a connection may be split at any offset") {
  TcpClient client = connect();
  for (std::size_t cut = 1; cut < kRequest.size(); ++cut) {
    CAPTURE(cut);
    client.send_and_let_read(kRequest.substr(0, cut));
    client.send(kRequest.substr(cut));
    check_receipt(server, client.read_response(), kBody.size(), checksum(kBody));
  }
}

TEST_CASE_FIXTURE(SharedServer, "requests may come byte by byte") {
  TcpClient client = connect();
  for (const std::string& request : {kRequest, kChunkedRequest, kRequest}) {
    for (const char byte : request) client.send_and_let_read({&byte, 1});
    const Response response = client.read_response();
    CHECK(response.status == 200);
    CHECK(response.body.find(R"("bytes":16)") != std::string::npos);
  }
}

TEST_CASE_FIXTURE(SharedServer, "a chunked request may be split in two at any offset") {
  for (std::size_t cut = 1; cut < kChunkedRequest.size(); ++cut) {
    CAPTURE(cut);
    TcpClient client = connect();
    client.send_and_let_read(kChunkedRequest.substr(0, cut));
    client.send(kChunkedRequest.substr(cut));
    check_receipt(server, client.read_response(), kBody.size());
  }
}

TEST_CASE_FIXTURE(SharedServer, "two pipelined requests may be split in two at any offset") {
  const std::string both = make_post("abc") + make_post("defgh");
  for (std::size_t cut = 1; cut < both.size(); ++cut) {
    CAPTURE(cut);
    TcpClient client = connect();
    client.send_and_let_read(both.substr(0, cut));
    client.send(both.substr(cut));
    check_receipt(server, client.read_response(), 3);
    check_receipt(server, client.read_response(), 5);
  }
}

TEST_CASE_FIXTURE(SharedServer, "pipelined requests in one segment are answered in order") {
  constexpr std::size_t kCount = 32;
  std::string all;
  for (std::size_t index = 0; index < kCount; ++index) {
    all += make_post(std::string(index, 'x'));  // the byte count tells which one it was
  }
  TcpClient client = connect();
  client.send(all);
  for (std::size_t index = 0; index < kCount; ++index) {
    CAPTURE(index);
    check_receipt(server, client.read_response(), index);
  }
  CHECK_FALSE(client.has_input(Nanos{0}));
}

TEST_CASE_FIXTURE(SharedServer, "large bodies may be pipelined, and read late") {
  const std::string body = random_text(1024 * 1024 + 7, 1);
  std::string all;
  for (int index = 0; index < 4; ++index) {
    all += make_post(body, "X-Verify: crc32c\r\n");
    all += make_head("GET", "/?size=100000");
    all += make_head("POST", "/", "Transfer-Encoding: chunked\r\n") + "3\r\nabc\r\n0\r\n\r\n";
  }
  TcpClient client = connect();
  client.send(all);
  for (int index = 0; index < 4; ++index) {
    CAPTURE(index);
    check_receipt(server, client.read_response(), body.size(), checksum(body));
    CHECK(client.read_response().body.size() == 100000);
    check_receipt(server, client.read_response(), 3);
  }
}

TEST_CASE_FIXTURE(SharedServer,
                  "a segment may hold a body's end and the next request's beginning") {
  const std::string body = random_text(300 * 1024, 2);
  const std::string first = make_post(body, "X-Verify: crc32c\r\n");
  for (const std::size_t cut : {first.size() - body.size() - 1, first.size() - body.size(),
                                first.size() - 1, first.size(), first.size() + 10}) {
    CAPTURE(cut);
    const std::string all = first + make_post("next");
    TcpClient client = connect();
    client.send_and_let_read(all.substr(0, cut));
    client.send(all.substr(cut));
    check_receipt(server, client.read_response(), body.size(), checksum(body));
    check_receipt(server, client.read_response(), 4);
  }
}

TEST_CASE_FIXTURE(SharedServer, "empty lines before a request are skipped") {
  TcpClient client = connect();
  client.send("\r\n" + make_post("abc") + "\r\n" + make_post("de"));
  check_receipt(server, client.read_response(), 3);
  check_receipt(server, client.read_response(), 2);
}

}  // namespace
}  // namespace urb::test

TEST_SUITE_END();
