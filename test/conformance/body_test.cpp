// Bodies of every size, in both directions: counted, checksummed, complete to the byte.
#include <cstdio>
#include <cstring>
#include <ctime>

#include "conformance/conformance.hpp"
#include "http/body_digest.hpp"

TEST_SUITE_BEGIN("conformance");

namespace urb::test {
namespace {

constexpr std::size_t kMega = 1024 * 1024;

TEST_CASE_FIXTURE(SharedServer, "a request body is counted and checksummed") {
  const std::string source = random_text(10 * kMega, 10);
  TcpClient kept = connect();
  // 0, 1 and the study's two sizes; in between, what the buffers of some stage just hold or not.
  for (const std::size_t bytes :
       {std::size_t{0}, std::size_t{1}, std::size_t{4000}, std::size_t{4096}, std::size_t{32767},
        std::size_t{65536}, std::size_t{65537}, kMega - 1, kMega, kMega + 1, 10 * kMega}) {
    CAPTURE(bytes);
    const std::string_view body = std::string_view{source}.substr(source.size() - bytes);
    const std::string request = make_post(body, "X-Verify: crc32c\r\n");
    kept.send(request);
    check_receipt(server, kept.read_response(), bytes, checksum(body));
    TcpClient fresh = connect();
    fresh.send(request);
    check_receipt(server, fresh.read_response(), bytes, checksum(body));
  }
}

TEST_CASE_FIXTURE(SharedServer, "without X-Verify there is no checksum") {
  TcpClient client = connect();
  for (const std::string_view fields : {"", "X-Verify: md5\r\n", "X-Verify:\r\n"}) {
    client.send(make_post(std::string(kMega, 'b'), fields));
    check_receipt(server, client.read_response(), kMega);
  }
}

TEST_CASE_FIXTURE(SharedServer, "a body's digest is of its bytes, however they come") {
  // Two that are digested whole, and many that are not.
  std::vector<std::string> bodies;
  for (unsigned seed = 0, whole = 0; whole < 2 || bodies.size() < 8; ++seed) {
    std::string body = random_text(20'000, 1000 + seed);
    std::uint64_t word = 0;
    std::memcpy(&word, body.data(), sizeof word);
    const bool is_whole = http::BodyDigest::is_whole(word);
    whole += is_whole ? 1 : 0;
    if (is_whole || bodies.size() < 6) bodies.push_back(std::move(body));
  }
  for (const std::size_t bytes : {1U, 7U, 8U, 9U}) bodies.push_back(random_text(bytes, 5));

  TcpClient client = connect();
  for (const std::string& body : bodies) {
    http::BodyDigest digest;
    digest.add(std::as_bytes(std::span{body}));
    char expected[16];
    std::snprintf(expected, sizeof expected, "%08x", digest.value());
    char size[16];
    std::snprintf(size, sizeof size, "%zx", body.size());
    const std::string chunked = make_head("POST", "/", "Transfer-Encoding: chunked\r\n") +
                                std::string{size} + "\r\n" + body + "\r\n0\r\n\r\n";
    // Pipelined, then in pieces.
    client.send(make_post(body, "") + chunked + make_post(body, ""));
    for (int count = 0; count < 3; ++count) {
      CHECK(client.read_response().header("x-body") == expected);
    }
    const std::string request = make_post(body, "");
    const std::size_t step = request.size() / 3 + 1;
    for (std::size_t at = 0; at < request.size(); at += step) {
      client.send_and_let_read(request.substr(at, step));
    }
    CHECK(client.read_response().header("x-body") == expected);
  }
}

TEST_CASE_FIXTURE(SharedServer, "a body may come in small pieces") {
  const std::string body = random_text(3000, 11);
  TcpClient client = connect();
  const std::string request = make_post(body, "X-Verify: crc32c\r\n");
  for (std::size_t at = 0; at < request.size(); at += 100) {
    client.send_and_let_read(request.substr(at, 100));
  }
  check_receipt(server, client.read_response(), body.size(), checksum(body));
}

TEST_CASE_FIXTURE(SharedServer, "uploads at the same time do not mix") {
  constexpr std::size_t kClients = 12;
  std::vector<std::string> bodies;
  std::vector<TcpClient> clients;
  for (std::size_t index = 0; index < kClients; ++index) {
    bodies.push_back(random_text(kMega + index, 100 + index));
    clients.push_back(connect());
    clients.back().send(make_head(
        "POST", "/",
        "X-Verify: crc32c\r\nContent-Length: " + std::to_string(bodies.back().size()) + "\r\n"));
  }
  constexpr std::size_t kPiece = 50 * 1000;
  for (std::size_t at = 0; at < kMega + kClients; at += kPiece) {
    for (std::size_t index = 0; index < kClients; ++index) {
      if (at < bodies[index].size()) clients[index].send(bodies[index].substr(at, kPiece));
    }
  }
  for (std::size_t index = 0; index < kClients; ++index) {
    CAPTURE(index);
    check_receipt(server, clients[index].read_response(), bodies[index].size(),
                  checksum(bodies[index]));
  }
}

TEST_CASE_FIXTURE(SharedServer, "?size=N answers with a body of N bytes") {
  TcpClient client = connect();
  for (const std::size_t bytes :
       {std::size_t{0}, std::size_t{1}, std::size_t{65536}, kMega, 10 * kMega, std::size_t{100}}) {
    CAPTURE(bytes);
    const std::string target = "/?size=" + std::to_string(bytes);
    client.send(make_head("GET", target) + make_head("HEAD", target));
    const Response response = client.read_response();
    CHECK(response.header("x-worker").size() == 1);
    check_filler(response, bytes);
    const Response head = client.read_response(/*to_head=*/true);
    CHECK(head.status == 200);
    CHECK(head.header("content-length") == std::to_string(bytes));
  }
  client.send(make_post("next"));
  check_receipt(server, client.read_response(), 4);
}

TEST_CASE_FIXTURE(SharedServer, "HEAD of the short answer has its length and no body") {
  TcpClient client = connect();
  client.send(make_head("HEAD", "/") + make_head("GET", "/"));
  const Response head = client.read_response(/*to_head=*/true);
  CHECK(head.status == 200);
  const Response full = client.read_response();
  check_receipt(server, full, 0);
  CHECK(head.header("content-type") == full.header("content-type"));
  // The two may come from different workers, whose numbers have different lengths.
  const std::size_t difference = 8;
  CHECK(std::stoul(head.header("content-length")) <= full.body.size() + difference);
  CHECK(std::stoul(head.header("content-length")) + difference >= full.body.size());
}

TEST_CASE_FIXTURE(SharedServer, "a large upload may ask for a large answer") {
  const std::string body = random_text(3 * kMega, 12);
  TcpClient client = connect();
  for (int round = 0; round < 2; ++round) {
    client.send(make_head("POST", "/?a=b&size=3000000",
                          "Content-Length: " + std::to_string(body.size()) + "\r\n"));
    client.send(body);
    check_filler(client.read_response(), 3000000);
  }
}

TEST_CASE_FIXTURE(SharedServer, "Date is the time of the answer") {
  TcpClient client = connect();
  client.send(make_head("GET", "/"));
  const std::string date = client.read_response().header("date");
  tm parts{};
  const char* const end = strptime(date.c_str(), "%a, %d %b %Y %H:%M:%S GMT", &parts);
  REQUIRE(end != nullptr);
  CHECK(*end == '\0');
  const double age_s = std::difftime(std::time(nullptr), timegm(&parts));
  CHECK(age_s >= -1);
  CHECK(age_s <= to_seconds(kPatience));
}

TEST_CASE("--response sets the answer's size, ?size=N overrides it") {
  ServerConfig config = configured_server();
  config.response_bytes = Bytes{kMega + 3};
  const auto server = start_server(config);
  TcpClient client{server->address()};
  client.send(make_post("abc") + make_head("GET", "/?size=2") + make_post("abc"));
  check_filler(client.read_response(), kMega + 3);
  check_filler(client.read_response(), 2);
  check_filler(client.read_response(), kMega + 3);
}

}  // namespace
}  // namespace urb::test

TEST_SUITE_END();
