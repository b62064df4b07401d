// Clients that leave early, come in crowds, or neither send nor read: the server answers those who
// listen, and is as healthy afterwards as before.
#include "conformance/conformance.hpp"

TEST_SUITE_BEGIN("conformance");

namespace urb::test {
namespace {

constexpr std::size_t kMega = 1024 * 1024;

/// More than the receive buffers of any process of the server.
constexpr std::size_t kCrowd = 200;

TEST_CASE_FIXTURE(SharedServer, "a half-closed connection still gets its answers") {
  for (const std::size_t bytes : {std::size_t{0}, std::size_t{5}, kMega}) {
    CAPTURE(bytes);
    const std::string body = random_text(bytes, bytes);
    TcpClient client = connect();
    client.send(make_post(body, "X-Verify: crc32c\r\n"));
    client.end_sending();
    check_receipt(server, client.read_response(), bytes, checksum(body));
    CHECK(client.is_closed_by_peer());
  }
  TcpClient client = connect();
  client.send(make_post("abc") + make_head("GET", "/?size=1000000") + make_post("de"));
  client.end_sending();
  check_receipt(server, client.read_response(), 3);
  CHECK(client.read_response().body.size() == 1000000);
  check_receipt(server, client.read_response(), 2);
  CHECK(client.is_closed_by_peer());
}

TEST_CASE_FIXTURE(SharedServer, "a connection whose request is cut off by its end is closed") {
  const std::string request = make_post(std::string(100 * 1024, 'b'));
  for (const std::size_t sent : {std::size_t{0}, std::size_t{1}, std::size_t{20},
                                 request.find("\r\n\r\n") + 4, std::size_t{70 * 1024}}) {
    CAPTURE(sent);
    TcpClient client = connect();
    client.send_and_let_read(request.substr(0, sent));
    client.end_sending();
    // An answer that says so would do too, a receipt would not.
    if (client.has_input(kPatience) && !client.is_closed_by_peer()) {
      CHECK(client.read_response().status == 400);
    }
  }
}

TEST_CASE_FIXTURE(SharedServer, "resets at any point leave the server healthy") {
  const std::string request = make_post(std::string(300 * 1024, 'b'));
  for (int round = 0; round < 10; ++round) {
    for (const std::size_t sent :
         {std::size_t{0}, std::size_t{1}, std::size_t{20}, request.find("\r\n\r\n") + 4,
          std::size_t{200 * 1024}, request.size()}) {
      TcpClient client = connect();
      client.send(request.substr(0, sent));
      client.reset();
    }
    for (const std::size_t sent : {std::size_t{1}, std::size_t{20}, std::size_t{200 * 1024}}) {
      TcpClient client = connect();
      client.send(make_post("abc"));
      check_receipt(server, client.read_response(), 3);
      client.send_and_let_read(request.substr(0, sent));
      client.reset();
    }
  }
}

TEST_CASE_FIXTURE(SharedServer, "resets while the answer is sent leave the server healthy") {
  for (int round = 0; round < 10; ++round) {
    TcpClient unread = connect();
    unread.send(make_head("GET", "/?size=10485760"));
    TcpClient begun = connect();
    begun.send(make_head("GET", "/?size=10485760"));
    CHECK(begun.has_input(kPatience));
    begun.reset();
    unread.reset();
  }
}

TEST_CASE_FIXTURE(SharedServer, "clients that do not read their answer do not stop others") {
  std::vector<TcpClient> deaf;
  for (int index = 0; index < 40; ++index) {
    deaf.emplace_back(server.address(), /*receive_buffer_bytes=*/4096);
    deaf.back().send(make_head("GET", "/?size=10485760"));
  }
  for (int index = 0; index < 8; ++index) check_healthy(server);
  // One of them begins to read: it has missed nothing.
  check_filler(deaf.front().read_response(), 10 * kMega);
}

// What is pipelined behind a request must not keep a receive buffer while its answer waits.
TEST_CASE_FIXTURE(SharedServer, "clients that pipeline and do not read do not stop others") {
  for (const std::string_view behind : {"G", "GET / HTTP/1.1\r\nHost: a\r\n\r\n"}) {
    std::vector<TcpClient> deaf;
    for (std::size_t index = 0; index < 90; ++index) {
      deaf.emplace_back(server.address(), /*receive_buffer_bytes=*/4096);
      deaf.back().send(make_head("GET", "/?size=10485760").append(behind));
    }
    for (int index = 0; index < 8; ++index) check_healthy(server);
    // What they have pipelined is answered when they read.
    check_filler(deaf.front().read_response(), 10 * kMega);
    if (behind.size() == 1) deaf.front().send(make_head("GET", "/").substr(1));
    check_receipt(server, deaf.front().read_response(), 0);
  }
}

// More than passthru has pipes and buffers for: who stands still gives way.
TEST_CASE_FIXTURE(SharedServer, "any number of clients that do not read do not stop others") {
  std::vector<TcpClient> deaf;
  for (std::size_t index = 0; index < 330; ++index) {
    deaf.emplace_back(server.address(), /*receive_buffer_bytes=*/4096);
    deaf.back().send(make_head("GET", "/?size=10485760"));
  }
  for (int index = 0; index < 2; ++index) {
    TcpClient client = connect();
    client.send(make_head("GET", "/?size=1048576"));
    check_filler(client.read_response(), kMega);
  }
}

TEST_CASE_FIXTURE(SharedServer, "clients that do not finish their request do not stop others") {
  const std::string request = make_post(std::string(kMega, 'b'));
  const std::size_t head_bytes = request.find("\r\n\r\n") + 4;
  for (const std::size_t sent :
       {std::size_t{0}, std::size_t{1}, head_bytes - 1, head_bytes, std::size_t{500 * 1000}}) {
    CAPTURE(sent);
    std::vector<TcpClient> slow;
    for (std::size_t index = 0; index < kCrowd; ++index) {
      slow.push_back(connect());
      slow.back().send(request.substr(0, sent));
    }
    for (int index = 0; index < 8; ++index) check_healthy(server);
    for (TcpClient* const late : {&slow.front(), &slow.back()}) {
      late->send(request.substr(sent));
      check_receipt(server, late->read_response(), kMega);
    }
  }
}

TEST_CASE_FIXTURE(SharedServer, "many connections are served at once, again and again") {
  std::vector<TcpClient> clients;
  for (std::size_t index = 0; index < kCrowd; ++index) clients.push_back(connect());
  for (std::size_t round = 0; round < 3; ++round) {
    for (std::size_t index = 0; index < kCrowd; ++index) {
      clients[index].send(make_post(std::string(index * 10 + round, 'b')));
    }
    for (std::size_t index = 0; index < kCrowd; ++index) {
      CAPTURE(index);
      check_receipt(server, clients[index].read_response(), index * 10 + round);
    }
  }
}

TEST_CASE_FIXTURE(SharedServer, "connections may come and go without a word") {
  for (std::size_t index = 0; index < kCrowd; ++index) TcpClient client = connect();
}

}  // namespace
}  // namespace urb::test

TEST_SUITE_END();
