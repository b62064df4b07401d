// The graceful end: what has begun is finished, what is idle is closed, and the grace bounds it
// all.
#include <fmt/format.h>
#include <unistd.h>

#include <variant>

#include "base/error.hpp"
#include "conformance/conformance.hpp"

TEST_SUITE_BEGIN("conformance");

namespace urb::test {
namespace {

constexpr Nanos kNoGrace = std::chrono::milliseconds{100};

void check_ends(Server& server, const std::vector<ProcessWatch>& processes, int status) {
  CHECK(server.wait(monotonic_now() + kPatience) == status);
  CHECK(have_ended(processes));
}

bool accepts(const Server& server) {
  try {
    const TcpClient client{server.address()};
    return true;
  } catch (const SysError& refused) {
    return false;
  }
}

TEST_CASE("a server without connections stops at once, with status 0") {
  // An address of our own: another process may take its port as soon as it is free, on 127.0.0.1.
  ServerConfig config = configured_server();
  const auto number = static_cast<unsigned>(getpid());
  config.listen = std::get<Address>(parse_address(
      fmt::format("127.{}.{}.{}:0", 1 + number / 65536 % 250, number / 256 % 256, number % 256)));
  const auto server = start_server(config);
  const auto processes = watch_processes(*server);
  CHECK(server->wait(Nanos{0}) == -1);
  server->begin_stop();
  check_ends(*server, processes, 0);
  CHECK_FALSE(accepts(*server));
}

TEST_CASE("idle connections are closed by the stop, requests under way are answered") {
  ServerConfig config = configured_server();
  config.grace = kPatience;
  const auto server = start_server(config);
  const auto processes = watch_processes(*server);
  const std::string body = random_text(300 * 1024, 20);
  const std::string request = make_post(body, "X-Verify: crc32c\r\n");

  std::vector<TcpClient> idle;  // as many as there are workers: one each, where the master chooses
  for (unsigned index = 0; index < config.workers; ++index) {
    idle.emplace_back(server->address());
    idle.back().send(make_post("abc"));
    check_receipt(*server, idle.back().read_response(), 3);
  }
  TcpClient silent{server->address()};
  TcpClient in_head{server->address()};
  in_head.send_and_let_read(request.substr(0, 30));
  TcpClient in_body{server->address()};
  in_body.send_and_let_read(request.substr(0, 200 * 1024));
  TcpClient in_second{server->address()};
  in_second.send(make_post("first"));
  check_receipt(*server, in_second.read_response(), 5);
  in_second.send_and_let_read(request.substr(0, 1000));
  TcpClient reader{server->address(), /*receive_buffer_bytes=*/65536};
  reader.send(make_head("GET", "/?size=10485760"));
  CHECK(reader.has_input(kPatience));

  server->begin_stop();
  CHECK(silent.is_closed_by_peer());
  CHECK(wait_until([&] { return !accepts(*server); }));
  CHECK(server->wait(Nanos{0}) == -1);
  in_head.send(request.substr(30));
  check_receipt(*server, in_head.read_response(), body.size(), checksum(body));
  CHECK(in_head.is_closed_by_peer());
  // A master that reads heads lets its workers go on until it has handed over the last of them.
  for (TcpClient& client : idle) CHECK(client.is_closed_by_peer());
  in_body.send(request.substr(200 * 1024));
  in_second.send(request.substr(1000));
  for (TcpClient* const client : {&in_body, &in_second}) {
    const Response response = client->read_response();
    check_receipt(*server, response, body.size(), checksum(body));
    CHECK(response.header("connection") == "close");
    CHECK(client->is_closed_by_peer());
  }
  check_filler(reader.read_response(), 10485760);
  check_ends(*server, processes, 0);
}

TEST_CASE("the grace ends requests that stall") {
  ServerConfig config = configured_server();
  config.grace = kNoGrace;
  const auto server = start_server(config);
  const auto processes = watch_processes(*server);
  std::vector<TcpClient> stalled;
  for (const std::string_view begin : {"GET / HT", "POST / HTTP/1.1\r\nHost: t\r\n"}) {
    stalled.emplace_back(server->address());
    stalled.back().send_and_let_read(begin);
  }
  stalled.emplace_back(server->address());
  stalled.back().send_and_let_read(make_head("POST", "/", "Content-Length: 9999999\r\n") + "abc");
  stalled.emplace_back(server->address(), /*receive_buffer_bytes=*/4096);
  stalled.back().send_and_let_read(make_head("GET", "/?size=10485760"));
  server->begin_stop();
  check_ends(*server, processes, 0);
  for (std::size_t index = 0; index < 3; ++index) CHECK(stalled[index].has_input(kPatience));
}

TEST_CASE("a stop while clients come and go loses no answer that was begun") {
  ServerConfig config = configured_server();
  config.grace = kPatience;
  for (int round = 0; round < 5; ++round) {
    const auto server = start_server(config);
    const auto processes = watch_processes(*server);
    std::vector<TcpClient> clients;
    for (int index = 0; index < 20; ++index) clients.emplace_back(server->address());
    for (TcpClient& client : clients) client.send(make_post("abc"));
    server->begin_stop();
    for (TcpClient& client : clients) {
      // Answered or closed: both are an end that a client understands, half an answer is not.
      if (client.is_closed_by_peer()) continue;
      check_receipt(*server, client.read_response(), 3);
      CHECK(client.is_closed_by_peer());
    }
    check_ends(*server, processes, 0);
  }
}

TEST_CASE("the destructor ends everything at once") {
  auto server = start_server(configured_server());
  const auto processes = watch_processes(*server);
  TcpClient client{server->address()};
  client.send(make_post("abc"));
  check_receipt(*server, client.read_response(), 3);
  server.reset();
  CHECK(have_ended(processes));
  CHECK(client.is_closed_by_peer());
}

}  // namespace
}  // namespace urb::test

TEST_SUITE_END();
