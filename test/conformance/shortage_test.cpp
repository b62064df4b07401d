// Full tables: what runs out is counted, nobody is forgotten, and afterwards all is as before.
#include <sys/resource.h>

#include <csignal>
#include <thread>

#include "conformance/conformance.hpp"

TEST_SUITE_BEGIN("conformance");

namespace urb::test {
namespace {

/// Lowers the limit of descriptors for the processes that are started in its lifetime.
class FewDescriptors {
 public:
  explicit FewDescriptors(rlim_t count) {
    REQUIRE(getrlimit(RLIMIT_NOFILE, &before_) == 0);
    const rlimit few{count, before_.rlim_max};
    REQUIRE(setrlimit(RLIMIT_NOFILE, &few) == 0);
  }
  FewDescriptors(const FewDescriptors&) = delete;
  FewDescriptors& operator=(const FewDescriptors&) = delete;
  ~FewDescriptors() { setrlimit(RLIMIT_NOFILE, &before_); }

 private:
  rlimit before_{};
};

std::unique_ptr<Server> start_with_descriptors(rlim_t count, unsigned workers) {
  const FewDescriptors few{count};
  ServerConfig config = configured_server();
  config.workers = workers;
  return start_server(config);
}

std::uint64_t sum_of(const Server& server, Counter Counters::*counter) {
  std::uint64_t sum = 0;
  for (const ServerProcess& process : server.processes()) sum += (process.counters->*counter).get();
  return sum;
}

/// Where accepting fails for want of descriptors, it is tried again every 50 ms and not more often.
void check_backs_off(const Server& server) {
  for (const ServerProcess& process : server.processes()) {
    const Counter& errors = process.counters->accept_errors;
    const std::uint64_t before = errors.get();
    if (before == 0) continue;
    const Nanos begin = monotonic_now();
    // A queue that has become empty has nothing to fail for.
    if (wait_until([&] { return errors.get() >= before + 4; }, std::chrono::seconds{1})) {
      CHECK(monotonic_now() - begin >= std::chrono::milliseconds{140});
    }
  }
}

struct Ends {
  std::size_t served = 0;
  std::size_t refused = 0;  ///< 503
  std::size_t closed = 0;   ///< without a response
};

/// Waits for the end of each client's request, oldest first, and disconnects it.
Ends serve_out(std::vector<TcpClient> clients) {
  Ends ends;
  for (TcpClient& client : clients) {
    REQUIRE(client.has_input(kPatience));
    try {
      const int status = client.read_response().status;
      CHECK((status == 200 || status == 503));
      ++(status == 200 ? ends.served : ends.refused);
    } catch (const ClientError& closed) {
      ++ends.closed;
    }
    const TcpClient done = std::move(client);
  }
  return ends;
}

TEST_CASE(
    "out of descriptors: connections wait or are closed, and are served when there are some") {
  const auto server = start_with_descriptors(64, 2);
  for (int round = 0; round < 2; ++round) {
    CAPTURE(round);
    const std::uint64_t exhausted_before = sum_of(*server, &Counters::fds_exhausted);
    const auto count_dropped = [&] {
      std::uint64_t dropped = sum_of(*server, &Counters::handover_errors);
      // A connection that finds no slot is closed by the kernel, not left in the queue.
      if (mode_under_test().name.starts_with("msgring"))
        dropped += sum_of(*server, &Counters::accept_errors);
      return dropped;
    };
    const std::uint64_t dropped_before = count_dropped();
    std::vector<TcpClient> clients;
    for (int count = 0; count < 200; ++count) {
      clients.emplace_back(server->address(), TcpClient::Handshake{.waits = false});
      clients.back().send(make_post("abc"));
    }
    REQUIRE(
        wait_until([&] { return sum_of(*server, &Counters::fds_exhausted) > exhausted_before; }));
    check_backs_off(*server);
    const Ends ends = serve_out(std::move(clients));
    // A proxy that has accepted all it can has none left for its own connections to workers: 503.
    CHECK(ends.served + (mode_under_test().name == "passthru" ? ends.refused : 0) != 0);
    CHECK(ends.served + ends.refused + ends.closed == 200);
    // Only what a worker has no descriptor for is closed: the others wait in the listen queue.
    CHECK(ends.closed == count_dropped() - dropped_before);
    if (mode_under_test().workers_listen) CHECK(ends.served == 200);
    check_no_sockets_left(*server);
    check_healthy(*server);
  }
  for (const ServerProcess& process : server->processes()) {
    CHECK(process.counters->late_completions.get() == 0);
  }
  server->begin_stop();
  CHECK(server->wait(monotonic_now() + kPatience) == 0);
}

TEST_CASE("out of buffers: receives wait for one, and every request is answered") {
  ServerConfig config = configured_server();
  config.workers = 1;
  const auto server = start_server(config);
  const pid_t worker = server->processes()[1].pid;
  std::vector<TcpClient> clients;
  const std::string request = make_post(random_text(100 * 1000, 3), "X-Verify: crc32c\r\n");
  const std::uint32_t crc = checksum(random_text(100 * 1000, 3));
  for (int count = 0; count < 100; ++count) {
    clients.emplace_back(server->address());
    clients.back().send(make_post("abc"));
    check_receipt(*server, clients.back().read_response(), 3);
  }
  // Everything is there at once when it goes on.
  REQUIRE(kill(worker, SIGSTOP) == 0);
  REQUIRE(wait_until([&] { return process_state(worker) == 'T'; }));
  for (TcpClient& client : clients) client.send(request);
  REQUIRE(kill(worker, SIGCONT) == 0);
  for (TcpClient& client : clients) check_receipt(*server, client.read_response(), 100 * 1000, crc);
  CHECK(sum_of(*server, &Counters::buffers_starved) != 0);
  clients.clear();
  check_no_sockets_left(*server);
  check_healthy(*server);
}

// A thread of io-wq is a request that the kernel could not do without blocking: only linked splices
// are, by the kernel's choice, and they have a limit.
TEST_CASE("no kernel thread works for the server, but a bounded number for linked splices") {
  const auto server = start_server(configured_server());
  const std::string request = make_post(random_text(2 << 20, 4));
  std::vector<std::thread> uploads;
  std::size_t most = 0;
  for (int index = 0; index < 8; ++index) {
    uploads.emplace_back([&] {
      TcpClient client{server->address()};
      for (int round = 0; round < 4; ++round) {
        client.send(request);
        static_cast<void>(client.read_response());
      }
    });
  }
  for (std::thread& upload : uploads) upload.join();
  // They stay for five seconds after their last work, so now is soon enough.
  for (const ServerProcess& process : server->processes()) {
    most = std::max(most, iowq_threads(process.pid));
  }
  const ServerConfig config = configured_server();
  const bool has_linked = config.mode == "passthru" && config.relay == RelayKind::linked;
  CHECK(most <= (has_linked ? std::max(1U, std::thread::hardware_concurrency() / 2) : 0));
  check_healthy(*server);
}

}  // namespace
}  // namespace urb::test

TEST_SUITE_END();
