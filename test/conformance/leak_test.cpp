// Descriptors: whatever clients did, the server has as many open afterwards as before.
#include <unistd.h>

#include "conformance/conformance.hpp"

TEST_SUITE_BEGIN("conformance");

namespace urb::test {
namespace {

/// So many requests with two bytes of body at once: of each first all but `rest`, so that all are
/// under way.
void make_burst(const Server& server, int count, std::string_view begin, std::string_view rest) {
  std::vector<TcpClient> crowd;
  for (int index = 0; index < count; ++index) crowd.emplace_back(server.address());
  for (TcpClient& client : crowd) client.send(begin);
  // A proxy has an upstream for each of them, once it has read all heads.
  if (configured_server().mode == "passthru") {
    const Counters& master = *server.processes()[0].counters;
    CHECK(wait_until([&] { return master.upstream_opened.get() >= crowd.size(); }));
  }
  for (TcpClient& client : crowd) client.send(rest);
  for (TcpClient& client : crowd) check_receipt(server, client.read_response(), 2);
}

/// Some of everything that opens, moves and closes descriptors, from well-behaved to rude.
void make_trouble(const Server& server) {
  const std::string large = make_post(std::string(500 * 1000, 'b'));
  for (int round = 0; round < 10; ++round) {
    std::vector<TcpClient> clients;
    for (int index = 0; index < 16; ++index) clients.emplace_back(server.address());
    clients[0].send(make_post("abc") + make_post("def"));
    clients[1].send(make_post("abc", "Connection: close\r\n"));
    clients[2].send(large);
    clients[3].send(large.substr(0, 250 * 1000));
    clients[4].send(large.substr(0, 30));
    clients[5].send("nonsense\r\n\r\n");
    clients[6].send(make_post("abc") + "nonsense\r\n\r\n");
    clients[7].send(make_head("GET", "/?size=10485760"));
    clients[8].send(make_head("GET", "/?size=10485760"));
    clients[9].send(make_head("POST", "/", "Expect: 100-continue\r\nContent-Length: 9\r\n"));
    clients[10].send(make_head("POST", "/", "Transfer-Encoding: chunked\r\n") + "3\r\nab");
    for (const int index : {0, 1, 2, 5, 6, 7}) {
      CHECK(clients[static_cast<std::size_t>(index)].read_response().status != 0);
    }
    for (const int index : {3, 4, 8, 9, 10, 11}) clients[static_cast<std::size_t>(index)].reset();
    clients[12].end_sending();
    CHECK(clients[12].is_closed_by_peer());
  }
}

std::vector<std::size_t> count_fds(const Server& server) {
  std::vector<std::size_t> counts;
  for (const ServerProcess& process : server.processes()) counts.push_back(open_fds(process.pid));
  return counts;
}

/// Waits until each process has no more descriptors than `most`.
bool settles_at(const Server& server, const std::vector<std::size_t>& most) {
  return wait_until([&] {
    const std::vector<std::size_t> now = count_fds(server);
    for (std::size_t index = 0; index < now.size(); ++index) {
      if (now[index] > most[index]) return false;
    }
    return true;
  });
}

TEST_CASE("no descriptor is left behind") {
  const std::size_t own_fds = open_fds(getpid());
  const std::size_t own_processes = process_tree(getpid()).size();
  {
    const auto server = start_server(configured_server());
    const std::vector<std::size_t> at_start = count_fds(*server);
    // More at once than later, so that what a mode keeps for reuse is there.
    make_burst(*server, 64, make_head("POST", "/", "Content-Length: 2\r\n") + "a", "b");
    check_no_sockets_left(*server);
    const bool keeps_upstreams = server->processes()[0].counters->upstream_opened.get() != 0;
    const std::vector<std::size_t> before = keeps_upstreams ? count_fds(*server) : at_start;
    for (int round = 0; round < 3; ++round) {
      make_trouble(*server);
      check_no_sockets_left(*server);
      CAPTURE(round);
      CHECK(settles_at(*server, before));
    }
    server->begin_stop();
    CHECK(server->wait(monotonic_now() + kPatience) == 0);
  }
  CHECK(open_fds(getpid()) == own_fds);
  CHECK(process_tree(getpid()).size() == own_processes);
}

TEST_CASE("what a burst made is gone when nobody has needed it for the idle timeout") {
  ServerConfig config = configured_server();
  config.limits.idle_timeout = std::chrono::milliseconds{200};
  const auto server = start_server(config);
  const std::vector<std::size_t> at_start = count_fds(*server);
  for (int round = 0; round < 2; ++round) {
    CAPTURE(round);
    // A body of chunks takes no pipe, which a proxy keeps for others.
    make_burst(*server, 64, make_head("POST", "/", "Transfer-Encoding: chunked\r\n") + "2\r\na",
               "b\r\n0\r\n\r\n");
    CHECK(settles_at(*server, at_start));
    check_healthy(*server);  // with nothing kept
  }
  check_no_sockets_left(*server);
  for (const ServerProcess& process : server->processes()) {
    CHECK(wait_until([&] {
      return process.counters->connections_opened.get() ==
             process.counters->connections_closed.get();
    }));
  }
}

TEST_CASE("connections that are opened are closed, by the server's own count") {
  const auto server = start_server(configured_server());
  make_trouble(*server);
  check_no_sockets_left(*server);
  for (const ServerProcess& process : server->processes()) {
    CAPTURE(process.pid);
    if (server->processes()[0].counters->upstream_opened.get() != 0 &&
        process.role == ProcessRole::worker) {
      continue;  // its connections are the master's upstreams, which stay
    }
    CHECK(wait_until([&] {
      return process.counters->connections_opened.get() ==
             process.counters->connections_closed.get();
    }));
  }
}

}  // namespace
}  // namespace urb::test

TEST_SUITE_END();
