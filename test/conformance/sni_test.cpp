// What a master has to do that looks at the ClientHello. Runs with URB_TLS=sni.
#include <csignal>
#include <string>
#include <vector>

#include "conformance/conformance.hpp"
#include "support/hello_bytes.hpp"

TEST_SUITE_BEGIN("conformance");

namespace urb::test {
namespace {

bool sees_hellos() { return configured_server().tls.kind == tls::Kind::sni; }

const Counters& master_of(const Server& server) { return *server.processes()[0].counters; }

std::uint64_t sum_over_workers(const Server& server, Counter Counters::*counter) {
  std::uint64_t sum = 0;
  for (const ServerProcess& process : server.processes().subspan(1))
    sum += (process.counters->*counter).get();
  return sum;
}

TEST_CASE("sni: wherever the hello is cut, it is seen once, and the worker gets all of it") {
  if (!sees_hellos()) return;
  const auto server = start_server(configured_server());
  std::uint64_t served = 0;
  for (const std::size_t first : {1, 4, 5, 6, 9, 10, 43, 44, 100, 200}) {
    CAPTURE(first);
    TcpClient client{server->address(),
                     TcpClient::Handshake{.name = "a.example", .first_bytes = first}};
    client.send(make_post("abc", "Connection: close\r\n"));
    check_receipt(*server, client.read_response(), 3);
    CHECK(client.is_closed_by_peer());
    CHECK(client.has_clean_end());
    CHECK(master_of(*server).hellos_seen.get() == ++served);
  }
  CHECK(master_of(*server).heads_read.get() == 0);
  CHECK(sum_over_workers(*server, &Counters::handshakes) == served);
  check_no_sockets_left(*server);
}

// The bytes stay where they are, so the socket is readable all the time.
TEST_CASE("sni: half a hello costs the master nothing while it waits for the rest") {
  if (!sees_hellos()) return;
  const auto server = start_server(configured_server());
  const std::string hello = hello_for("a.example");
  std::vector<TcpClient> clients;
  for (const std::size_t cut : {std::size_t{1}, std::size_t{5}, std::size_t{60}}) {
    clients.emplace_back(server->address(), TcpClient::Raw{});
    clients.back().send(std::string_view{hello}.substr(0, cut));
  }
  // Each has been accepted and looked at.
  const auto turns = [&] { return master_of(*server).ring_enters.get(); };
  std::uint64_t before = 0;
  bool is_quiet = false;
  while (!is_quiet) {
    before = turns();
    CHECK_FALSE(clients.front().has_input(std::chrono::milliseconds{50}));
    is_quiet = turns() == before || before > 1000;
  }
  CHECK_FALSE(clients.front().has_input(std::chrono::milliseconds{500}));
  // Where the kernel is short of memory, a look every 50 ms.
  CHECK(turns() - before <= clients.size() * 2 * 10);
  check_healthy(*server);
  clients.clear();
  CHECK(wait_until([&] { return master_of(*server).handshake_errors.get() == 3; }));
  check_no_sockets_left(*server);
}

TEST_CASE("sni: what is no hello is the master's to refuse: no worker hears of it") {
  if (!sees_hellos()) return;
  const auto server = start_server(configured_server());
  std::uint64_t refused = 0;
  for (const std::string& bytes :
       {make_head("GET", "/"), std::string(100'000, '\x16'), std::string(3, '\0'),
        records("\x02" + std::string(40, 'x')), records(hello_message({.suites = ""})),
        records(hello_message({.extensions = extension(21, std::string(20'000, '\0'))}), 4000)}) {
    TcpClient client{server->address(), TcpClient::Raw{}};
    static_cast<void>(client.try_send(bytes));
    const bool speaks_tls = bytes.starts_with("\x16\x03");
    if (speaks_tls) {
      CHECK(client.has_input(kPatience));  // an alert, behind which the end comes
      client.end_sending();
    } else {
      CHECK(client.is_closed_by_peer());
    }
    CHECK(wait_until([&] { return master_of(*server).handshake_errors.get() == refused + 1; }));
    ++refused;
  }
  CHECK(sum_over_workers(*server, &Counters::connections_opened) == 0);
  CHECK(master_of(*server).hellos_seen.get() == 0);
  check_healthy(*server);
  check_no_sockets_left(*server);
}

TEST_CASE("sni: half a hello outlives the workers, and is nobody's loss") {
  if (!sees_hellos()) return;
  ServerConfig config = configured_server();
  config.workers = 1;
  const auto server = start_server(config);
  TcpClient half{server->address(), TcpClient::Raw{}};
  half.send(hello_for("a.example").substr(0, 60));
  CHECK(wait_until([&] { return master_of(*server).connections_opened.get() == 1; }));
  const pid_t old = server->processes()[1].pid;
  REQUIRE(kill(old, SIGKILL) == 0);
  REQUIRE(wait_until([&] {
    static_cast<void>(server->take_news());
    return server->processes()[1].pid != old;
  }));
  check_healthy(*server);
  CHECK_FALSE(half.has_input(Nanos{0}));
  half.end_sending();
  CHECK(half.is_closed_by_peer());
  CHECK(master_of(*server).handshake_errors.get() == 1);
  check_no_sockets_left(*server);
}

TEST_CASE("sni: the end of the server closes who has not said hello, and serves the others out") {
  if (!sees_hellos()) return;
  const auto server = start_server(configured_server());
  TcpClient silent{server->address(), TcpClient::Raw{}};
  TcpClient half{server->address(), TcpClient::Raw{}};
  half.send(hello_for("a.example").substr(0, 30));
  TcpClient busy{server->address()};
  busy.send_and_let_read(make_head("POST", "/", "Content-Length: 2\r\n") + "a");
  CHECK(wait_until([&] { return master_of(*server).connections_opened.get() == 3; }));
  server->begin_stop();
  CHECK(silent.is_closed_by_peer());
  CHECK(half.is_closed_by_peer());
  busy.send("b");
  check_receipt(*server, busy.read_response(), 2);
  CHECK(server->wait(monotonic_now() + kPatience) == 0);
}

}  // namespace
}  // namespace urb::test

TEST_SUITE_END();
