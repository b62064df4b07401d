// Who serves a request: each policy. Where the kernel chooses, it may refuse the program.
#include <sys/resource.h>

#include <array>
#include <csignal>
#include <set>

#include "base/error.hpp"
#include "conformance/conformance.hpp"
#include "mode/listener_group.hpp"
#include "support/socket_table.hpp"

TEST_SUITE_BEGIN("conformance");

namespace urb::test {
namespace {

constexpr unsigned kWorkers = 4;

bool can_have(Policy policy) {
  return !mode_under_test().workers_listen || find_policy_obstacle(policy).empty();
}

std::unique_ptr<Server> start_with(Policy policy) {
  ServerConfig config = configured_server();
  config.workers = kWorkers;
  config.policy = policy;
  return start_server(config);
}

unsigned worker_for(const Server& server, std::string_view fields = "") {
  TcpClient client{server.address()};
  client.send(make_post("abc", fields));
  return check_receipt(server, client.read_response(), 3);
}

/// Waits until the server knows that all connections but `count` are over.
void await_open_connections(const Server& server, std::uint64_t count) {
  CHECK(wait_until([&] { return connected_sockets(server.address()) == count; }));
  const auto processes = server.processes();
  // A proxying master counts requests itself, and its workers keep their upstream connections.
  if (processes[0].counters->upstream_opened.get() != 0) return;
  CHECK(wait_until([&] {
    std::uint64_t open = 0;
    for (const ServerProcess& worker : processes.subspan(1)) {
      open += worker.counters->connections_opened.get() - worker.counters->connections_closed.get();
    }
    return open == count;
  }));
}

TEST_CASE("rr spreads connections evenly over the workers") {
  if (!can_have(Policy::rr)) return;
  const auto server = start_with(Policy::rr);
  for (int round = 0; round < 5; ++round) {
    std::set<unsigned> workers;
    for (unsigned index = 0; index < kWorkers; ++index) workers.insert(worker_for(*server));
    CHECK(workers.size() == kWorkers);
  }
}

TEST_CASE("random reaches every worker and leaves none out") {
  const auto server = start_with(Policy::random);
  std::set<unsigned> workers;
  // A worker that is as likely as the others is missed by 200 picks once in 10^24 runs.
  for (int index = 0; index < 200; ++index) workers.insert(worker_for(*server));
  CHECK(workers.size() == kWorkers);
}

TEST_CASE("least chooses a worker without work") {
  if (!can_have(Policy::least)) return;
  const auto server = start_with(Policy::least);
  for (int round = 0; round < 3; ++round) {
    // Requests that are under way: each is placed, none is finished.
    std::vector<TcpClient> busy;
    for (unsigned index = 0; index + 1 < kWorkers; ++index) {
      busy.emplace_back(server->address());
      busy.back().send_and_let_read(make_head("POST", "/", "Content-Length: 2\r\n") + "a");
    }
    const unsigned free_worker = worker_for(*server);
    for (int index = 0; index < 3; ++index) {
      await_open_connections(*server, busy.size());
      CHECK(worker_for(*server) == free_worker);
    }
    std::set<unsigned> workers{free_worker};
    for (TcpClient& client : busy) {
      client.send("b");
      workers.insert(check_receipt(*server, client.read_response(), 2));
    }
    CHECK(workers.size() == kWorkers);
    busy.clear();
    await_open_connections(*server, 0);
  }
}

/// Begins requests, all under way at once; returns how many each of two workers gets.
std::array<int, 2> spread_of(const Server& server, int count) {
  std::vector<TcpClient> busy;
  for (int index = 0; index < count; ++index) {
    busy.emplace_back(server.address());
    busy.back().send_and_let_read(make_head("POST", "/", "Content-Length: 2\r\n") + "a");
  }
  std::array<int, 2> requests{};
  for (TcpClient& client : busy) {
    client.send("b");
    ++requests.at(check_receipt(server, client.read_response(), 2));
  }
  return requests;
}

/// Waits until the master, too, is rid of all connections.
void await_none_open(const Server& server) {
  await_open_connections(server, 0);
  const Counters& master = *server.processes()[0].counters;
  if (master.upstream_opened.get() != 0) return;
  CHECK(wait_until(
      [&] { return master.connections_opened.get() == master.connections_closed.get(); }));
}

/// A server of two workers under `least`, with few descriptors, and clients that ask.
struct Crowded {
  Crowded() {
    rlimit files{};
    REQUIRE(getrlimit(RLIMIT_NOFILE, &files) == 0);
    const rlimit few{300, files.rlim_max};
    REQUIRE(setrlimit(RLIMIT_NOFILE, &few) == 0);
    ServerConfig config = configured_server();
    config.workers = 2;
    config.policy = Policy::least;
    server = start_server(config);
    REQUIRE(setrlimit(RLIMIT_NOFILE, &files) == 0);
  }
  [[nodiscard]] pid_t worker() const { return server->processes()[1].pid; }
  void stop_worker() const {
    REQUIRE(kill(worker(), SIGSTOP) == 0);
    REQUIRE(wait_until([&] { return process_state(worker()) == 'T'; }));
  }
  /// Connects and asks, and waits until the master has seen each: its choices are one by one.
  void add_clients(int count) {
    const Counters& master = *server->processes()[0].counters;
    for (int index = 0; index < count; ++index) {
      const std::uint64_t before = master.connections_opened.get();
      clients.emplace_back(server->address(), TcpClient::Handshake{.waits = false});
      clients.back().send(make_head("GET", "/"));
      REQUIRE(wait_until([&] { return master.connections_opened.get() != before; }));
    }
  }
  void check_even() {
    clients.clear();
    await_none_open(*server);
    CHECK(spread_of(*server, 20) == std::array{10, 10});
    await_none_open(*server);
  }
  std::unique_ptr<Server> server;
  std::vector<TcpClient> clients;
};

TEST_CASE("least forgets what a stopped worker was refused, once all is over") {
  if (mode_under_test().workers_listen) return;
  Crowded rig;
  rig.stop_worker();
  rig.add_clients(mode_under_test().name == "passthru" ? 20 : 230);
  // Both share of the crowd, but what waits for the stopped one is bounded.
  if (mode_under_test().name.starts_with("msgring")) {
    CHECK(rig.server->processes()[0].counters->handover_refused.get() != 0);
  }
  REQUIRE(kill(rig.worker(), SIGCONT) == 0);
  rig.check_even();
}

TEST_CASE("least forgets what a worker had no descriptor for") {
  if (mode_under_test().workers_listen) return;
  Crowded rig;
  rlimit before{};
  REQUIRE(prlimit(rig.worker(), RLIMIT_NOFILE, nullptr, &before) == 0);
  const rlimit none{3, before.rlim_max};
  REQUIRE(prlimit(rig.worker(), RLIMIT_NOFILE, &none, nullptr) == 0);
  rig.add_clients(20);
  const Counters& counters = *rig.server->processes()[1].counters;
  if (!mode_under_test().name.starts_with("msgring")) {  // whose tables were made before
    // Exchanges end one by one, and their worker may be the other each time; connections stay.
    const std::uint64_t least = mode_under_test().name == "passthru" ? 1 : 10;
    CHECK(wait_until([&] { return counters.handover_errors.get() >= least; }));
  }
  REQUIRE(prlimit(rig.worker(), RLIMIT_NOFILE, &before, nullptr) == 0);
  if (mode_under_test().name == "passthru") return;  // whose connections to it wait for their end
  rig.check_even();
}

TEST_CASE("least forgets what a worker had when it died, not what waits for its replacement") {
  if (mode_under_test().workers_listen) return;
  Crowded rig;
  for (int round = 0; round < 3; ++round) {
    CAPTURE(round);
    const pid_t old = rig.worker();
    rig.stop_worker();
    rig.add_clients(mode_under_test().name == "passthru" ? 20 : 150);
    REQUIRE(kill(old, SIGKILL) == 0);
    rig.add_clients(20);
    REQUIRE(wait_until([&] {
      static_cast<void>(rig.server->take_news());
      return rig.worker() != old;
    }));
    rig.check_even();
  }
}

TEST_CASE("the kernel's least passes over a worker that died, and its replacement has nothing") {
  if (!mode_under_test().workers_listen || !can_have(Policy::least)) return;
  const auto server = start_with(Policy::least);
  std::vector<TcpClient> held;
  const auto serve_one = [&] {
    held.emplace_back(server->address());
    held.back().send(make_post("abc"));
    return check_receipt(*server, held.back().read_response(), 3);
  };
  for (unsigned index = 0; index < 2 * kWorkers; ++index) serve_one();
  const pid_t old = server->processes()[1].pid;
  REQUIRE(kill(old, SIGKILL) == 0);
  REQUIRE(wait_until([&] {
    static_cast<void>(server->take_news());
    return server->processes()[1].pid != old;
  }));
  CHECK(serve_one() == 0);
  CHECK(serve_one() == 0);
  std::set<unsigned> workers;
  for (unsigned index = 0; index < kWorkers; ++index) workers.insert(serve_one());
  CHECK(workers.size() == kWorkers);
}

TEST_CASE("key is refused where no head is there when the choice is made") {
  if (!mode_under_test().workers_listen) return;
  CHECK_THROWS_AS(start_with(Policy::key), UsageError);
}

TEST_CASE("key sends equal keys to equal workers, and different keys to all") {
  if (!reads_heads()) return;  // nobody knows the key when the choice is made
  const auto server = start_with(Policy::key);
  std::set<unsigned> workers;
  for (int key = 0; key < 32; ++key) {
    const std::string field = "X-Route: customer-" + std::to_string(key) + "\r\n";
    const unsigned worker = worker_for(*server, field);
    CHECK(worker_for(*server, "X-Other: 1\r\nx-route:customer-" + std::to_string(key) + "  \r\n") ==
          worker);
    workers.insert(worker);
  }
  CHECK(workers.size() == kWorkers);
}

TEST_CASE("key sends clients that ask for one name to one worker, and different names to all") {
  if (configured_server().tls.kind != tls::Kind::sni) return;
  const auto server = start_with(Policy::key);
  const auto worker_of = [&](const std::string& name) {
    TcpClient client{server->address(), TcpClient::Handshake{.name = name}};
    client.send(make_post("abc", "X-Route: the same\r\n"));
    return check_receipt(*server, client.read_response(), 3);
  };
  std::set<unsigned> workers;
  for (int key = 0; key < 32; ++key) {
    const std::string name = "customer-" + std::to_string(key) + ".example";
    const unsigned worker = worker_of(name);
    CHECK(worker_of("Customer-" + std::to_string(key) + ".EXAMPLE") == worker);
    workers.insert(worker);
  }
  CHECK(workers.size() == kWorkers);
  workers.clear();  // without a name, in turn
  for (unsigned index = 0; index < kWorkers; ++index) workers.insert(worker_for(*server));
  CHECK(workers.size() == kWorkers);
}

TEST_CASE("one worker serves all when it is the only one") {
  ServerConfig config = configured_server();
  config.workers = 1;
  const auto server = start_server(config);
  for (int index = 0; index < 3; ++index) CHECK(worker_for(*server) == 0);
}

}  // namespace
}  // namespace urb::test

TEST_SUITE_END();
