// Signals that ask a process to end or to do something, sent to one process of the server alone.
// A worker takes orders from its master only; the master from whoever started the server.
#include <signal.h>

#include <array>

#include "conformance/conformance.hpp"

TEST_SUITE_BEGIN("conformance");

namespace urb::test {
namespace {

constexpr std::array kRequests{SIGTERM, SIGINT, SIGHUP, SIGQUIT, SIGUSR1, SIGUSR2, SIGALRM};

/// A kept connection, served once, and by whom.
struct Kept {
  explicit Kept(const Server& server) : client{server.address()}, worker{ask(server)} {}
  unsigned ask(const Server& server) {
    client.send(make_post("abc"));
    return check_receipt(server, client.read_response(), 3);
  }
  TcpClient client;
  unsigned worker;
};

/// Connections of which each worker has served one at least.
std::vector<Kept> keep_one_of_each(const Server& server) {
  std::vector<Kept> kept;
  std::vector<bool> has_served(server.processes().size() - 1);
  REQUIRE(wait_until([&] {
    kept.emplace_back(server);
    has_served[kept.back().worker] = true;
    return std::find(has_served.begin(), has_served.end(), false) == has_served.end();
  }));
  return kept;
}

TEST_CASE("a worker that is asked to end, but not by its master, goes on as if nothing were") {
  ServerConfig config = configured_server();
  config.workers = 2;
  const auto server = start_server(config);
  const auto processes = watch_processes(*server);
  std::vector<Kept> kept = keep_one_of_each(*server);
  for (const int number : kRequests) {
    CAPTURE(number);
    REQUIRE(kill(processes[1].pid(), number) == 0);
    // A signal is delivered before its process runs on, so the next answer comes after it.
    for (Kept& connection : kept) connection.ask(*server);
    for (int count = 0; count < 10; ++count) check_healthy(*server);
  }
  // The master's own order, from somebody else: no order either.
  REQUIRE(kill(processes[1].pid(), finish_signal()) == 0);
  for (Kept& connection : kept) connection.ask(*server);
  for (int count = 0; count < 10; ++count) check_healthy(*server);
  CHECK(server->processes()[0].counters->workers_lost.get() == 0);
  CHECK_FALSE(processes[1].has_ended(Nanos{0}));
  server->begin_stop();
  CHECK(server->wait(monotonic_now() + kPatience) == 0);
  CHECK(have_ended(processes));
}

TEST_CASE("of what may be sent to a master alone, only SIGTERM ends the server, and in order") {
  const auto server = start_server(configured_server());
  const auto processes = watch_processes(*server);
  std::vector<Kept> kept = keep_one_of_each(*server);
  for (const int number : kRequests) {
    if (number == SIGTERM) continue;
    CAPTURE(number);
    REQUIRE(kill(processes[0].pid(), number) == 0);
    for (Kept& connection : kept) connection.ask(*server);
    check_healthy(*server);
  }
  TcpClient begun{server->address()};
  begun.send_and_let_read(make_post("abc").substr(0, 30));
  REQUIRE(kill(processes[0].pid(), SIGTERM) == 0);
  for (Kept& connection : kept) CHECK(connection.client.is_closed_by_peer());
  begun.send(make_post("abc").substr(30));
  check_receipt(*server, begun.read_response(), 3);
  CHECK(server->wait(monotonic_now() + kPatience) == 0);
  CHECK(have_ended(processes));
}

// As a service manager or a terminal does: what is under way is answered nevertheless.
TEST_CASE("a SIGTERM to every process at once is a stop like any other") {
  const auto server = start_server(configured_server());
  const auto processes = watch_processes(*server);
  TcpClient begun{server->address()};
  begun.send_and_let_read(make_post("abc").substr(0, 30));
  for (std::size_t index = processes.size(); index-- > 0;) {
    REQUIRE(kill(processes[index].pid(), SIGTERM) == 0);
  }
  begun.send(make_post("abc").substr(30));
  check_receipt(*server, begun.read_response(), 3);
  CHECK(begun.is_closed_by_peer());
  CHECK(server->wait(monotonic_now() + kPatience) == 0);
  CHECK(have_ended(processes));
}

}  // namespace
}  // namespace urb::test

TEST_SUITE_END();
