// Workers that are killed: their clients see it, the others notice nothing, a new one takes over.
#include <signal.h>

#include <algorithm>
#include <atomic>
#include <random>
#include <thread>
#include <vector>

#include "conformance/conformance.hpp"

TEST_SUITE_BEGIN("conformance");

namespace urb::test {
namespace {

/// Kills worker `index` and waits until another process has its place.
void replace_worker(Server& server, unsigned index) {
  const pid_t old = server.processes()[1 + index].pid;
  REQUIRE(kill(old, SIGKILL) == 0);
  REQUIRE(wait_until([&] {
    static_cast<void>(server.take_news());
    return server.processes()[1 + index].pid != old;
  }));
}

enum class Fate : std::uint8_t { served, refused, closed };

/// What becomes of a client that sends `rest` of its request.
Fate fate_of(TcpClient& client, std::string_view rest) {
  try {
    if (!client.try_send(rest) || client.is_closed_by_peer()) return Fate::closed;
    const int status = client.read_response().status;
    CHECK((status == 200 || status == 502));
    return status == 200 ? Fate::served : Fate::refused;
  } catch (const std::exception&) {  // a reset
    return Fate::closed;
  }
}

TEST_CASE("a stop while a killed worker is replaced ends as any other") {
  for (int round = 0; round < 10; ++round) {
    const auto server = start_server(configured_server());
    REQUIRE(kill(server->processes()[1].pid, SIGKILL) == 0);
    const Counters& master = *server->processes()[0].counters;
    // Counted just before the next one is forked, which is told to end while it prepares itself.
    while (master.workers_lost.get() == 0) std::this_thread::yield();
    server->begin_stop();
    CHECK(server->wait(monotonic_now() + kPatience) == 0);
  }
}

TEST_CASE("a killed worker costs its own clients their request, is replaced, and all is well") {
  const auto server = start_server(configured_server());
  const std::string request = make_post(std::string(300 * 1000, 'b'));
  std::vector<TcpClient> begun;
  std::vector<TcpClient> idle;
  std::vector<unsigned> workers;
  for (int index = 0; index < 12; ++index) {
    idle.emplace_back(server->address());
    idle.back().send(make_post("abc"));
    check_receipt(*server, idle.back().read_response(), 3);
    begun.emplace_back(server->address());
    begun.back().send(make_post("abc"));
    workers.push_back(check_receipt(*server, begun.back().read_response(), 3));
    begun.back().send_and_let_read(request.substr(0, 100 * 1000));
  }
  replace_worker(*server, workers.front());

  const bool is_proxied = server->processes()[0].counters->upstream_opened.get() != 0;
  int lost = 0;
  for (TcpClient& client : begun) {
    const Fate fate = fate_of(client, std::string_view{request}.substr(100 * 1000));
    if (fate != Fate::served) ++lost;
    CHECK(fate != (is_proxied ? Fate::closed : Fate::refused));
  }
  CHECK(lost > 0);
  CHECK(lost < 12);
  int closed = 0;
  for (TcpClient& client : idle) {
    if (fate_of(client, make_post("abc")) != Fate::served) ++closed;
  }
  if (is_proxied) CHECK(closed == 0);  // their connections are the master's
  CHECK(closed < 12);

  begun.clear();
  idle.clear();
  std::vector<bool> has_served(server->processes().size() - 1);
  REQUIRE(wait_until([&] {  // the new one too, under the old number
    TcpClient client{server->address()};
    client.send(make_post("abc"));
    has_served[check_receipt(*server, client.read_response(), 3)] = true;
    return has_served[workers.front()];
  }));
  CHECK(server->processes()[0].counters->workers_lost.get() == 1);
  CHECK(server->processes()[1 + workers.front()].counters->starts.get() == 2);
  check_no_sockets_left(*server);
  server->begin_stop();
  CHECK(server->wait(monotonic_now() + kPatience) == 0);
}

TEST_CASE("all workers killed at once are replaced, and what comes meanwhile is served") {
  const auto server = start_server(configured_server());
  const auto before = open_fds(server->processes()[0].pid);
  for (int round = 0; round < 3; ++round) {
    CAPTURE(round);
    std::vector<pid_t> killed;
    for (const ServerProcess& process : server->processes().subspan(1)) {
      killed.push_back(process.pid);
      kill(process.pid, SIGKILL);
    }
    // direct has no listener in these moments, so the connection may be refused.
    REQUIRE(wait_until([&] {
      try {
        TcpClient client{server->address()};
        return fate_of(client, make_post("abc")) == Fate::served;
      } catch (const std::exception&) {
        return false;
      }
    }));
    // All are back when their pids are news: those are what the next round kills.
    REQUIRE(wait_until([&] {
      static_cast<void>(server->take_news());
      const auto workers = server->processes().subspan(1);
      return std::none_of(workers.begin(), workers.end(), [&](const ServerProcess& process) {
        return std::find(killed.begin(), killed.end(), process.pid) != killed.end();
      });
    }));
    for (const ServerProcess& process : server->processes().subspan(1)) {
      CHECK(process.counters->starts.get() == 2 + unsigned(round));
    }
  }
  check_no_sockets_left(*server);
  // An upstream or two may be kept: 2 descriptors of each worker's share.
  CHECK(wait_until([&] { return open_fds(server->processes()[0].pid) <= before + 8; }));
  server->begin_stop();
  CHECK(server->wait(monotonic_now() + kPatience) == 0);
}

// Nobody hangs: whoever has no answer within the client's patience throws.
TEST_CASE("under a rain of kills, clients are served or told, and descriptors do not grow") {
  const auto server = start_server(configured_server());
  std::atomic<bool> stop{false};
  std::atomic<int> served{0};
  std::atomic<int> failed{0};
  std::vector<std::thread> clients;
  for (int index = 0; index < 4; ++index) {
    clients.emplace_back([&, index] {
      const std::string request = make_post(std::string(std::size_t(index) * 20 * 1000, 'b'));
      while (!stop) {
        try {
          TcpClient client{server->address()};
          for (int turn = 0; turn < 5; ++turn) {
            client.send(request);
            if (client.read_response().status != 200) break;
            ++served;
          }
        } catch (const std::exception&) {
          ++failed;
        }
      }
    });
  }
  std::mt19937 random{7};
  for (int kills = 0; kills < 12; ++kills) {
    const int served_so_far = served;
    REQUIRE(wait_until([&] { return served > served_so_far + 20; }));
    replace_worker(*server, random() % unsigned(server->processes().size() - 1));
  }
  const int served_before = served;
  CHECK(wait_until([&] { return served > served_before + 100; }));
  stop = true;
  for (std::thread& client : clients) client.join();
  CHECK(served > 0);
  check_healthy(*server);
  check_no_sockets_left(*server);
  CHECK(server->processes()[0].counters->workers_lost.get() == 12);
  // Ring, listener, channels, clocks and at most a few kept upstreams.
  CHECK(wait_until([&] { return open_fds(server->processes()[0].pid) < 60; }));
  server->begin_stop();
  CHECK(server->wait(monotonic_now() + kPatience) == 0);
}

}  // namespace
}  // namespace urb::test

TEST_SUITE_END();
