// Who serves a request: each policy, in the modes where the master chooses.
#include <set>

#include "conformance/conformance.hpp"
#include "support/socket_table.hpp"

TEST_SUITE_BEGIN("conformance");

namespace urb::test {
namespace {

constexpr unsigned kWorkers = 4;

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
  if (mode_under_test().workers_listen) return;  // the kernel chooses
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
  if (mode_under_test().workers_listen) return;
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

TEST_CASE("key sends equal keys to equal workers, and different keys to all") {
  if (!mode_under_test().reads_heads) return;  // nobody knows the key when the choice is made
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

TEST_CASE("one worker serves all when it is the only one") {
  ServerConfig config = configured_server();
  config.workers = 1;
  const auto server = start_server(config);
  for (int index = 0; index < 3; ++index) CHECK(worker_for(*server) == 0);
}

}  // namespace
}  // namespace urb::test

TEST_SUITE_END();
