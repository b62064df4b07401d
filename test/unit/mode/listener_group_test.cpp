// Placement by the kernel: what the programs choose, who may have them, and what is over.
#include "mode/listener_group.hpp"

#include <doctest/doctest.h>
#include <linux/capability.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <stdexcept>
#include <vector>

#include "base/address.hpp"
#include "base/error.hpp"
#include "mode/bpf.hpp"
#include "net/acceptor.hpp"
#include "support/child.hpp"

TEST_SUITE_BEGIN("unit");

namespace urb::test {
namespace {

/// Listeners on one port, and who of them gets a connection.
class Port {
 public:
  Port(Policy policy, unsigned count) : group_{policy, count}, listeners_(count) {
    for (unsigned worker = 0; worker < count; ++worker) listen_again(worker);
  }
  void listen_again(unsigned worker) {
    listeners_[worker] = make_listener(address_, true);
    address_ = Address::of_socket(listeners_[worker].get());
    group_.admit(worker, listeners_[worker].get());
  }
  void close(unsigned worker) { listeners_[worker].close(); }
  /// Connects, and looks which listener has it; the connection stays open.
  unsigned pick() {
    const Fd& client = clients_.emplace_back(
        Fd{Adopt{}, check(socket(address_.family(), SOCK_STREAM | SOCK_CLOEXEC, 0), "socket")});
    check(connect(client.get(), address_.raw(), address_.raw_bytes()), "connect");
    std::vector<pollfd> waiting;
    for (const Fd& listener : listeners_) {
      waiting.push_back({listener.is_open() ? listener.get() : -1, POLLIN, 0});
    }
    if (poll(waiting.data(), waiting.size(), 5000) != 1) throw std::runtime_error("not one has it");
    const auto has = std::find_if(waiting.begin(), waiting.end(),
                                  [](const pollfd& one) { return one.revents != 0; });
    accepted_.emplace_back(Adopt{}, check(accept(has->fd, nullptr, nullptr), "accept"));
    return static_cast<unsigned>(has - waiting.begin());
  }
  std::vector<unsigned> picks(int count) {
    std::vector<unsigned> workers;
    for (int index = 0; index < count; ++index) workers.push_back(pick());
    return workers;
  }
  WorkerLoad& load(unsigned worker) {
    return *reinterpret_cast<WorkerLoad*>(group_.load_memory(worker).data());
  }
  ListenerGroup& group() { return group_; }

 private:
  ListenerGroup group_;
  std::vector<Fd> listeners_;
  Address address_ = Address::loopback(0);
  std::vector<Fd> clients_;
  std::vector<Fd> accepted_;
};

/// Without CAP_BPF there is nothing to test but the refusal, which has a case of its own.
bool has_programs() { return find_policy_obstacle(Policy::least).empty(); }

std::size_t count_of(const std::vector<unsigned>& workers, unsigned worker) {
  return static_cast<std::size_t>(std::count(workers.begin(), workers.end(), worker));
}

void drop_capabilities() {
  __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
  __user_cap_data_struct none[2]{};
  check(syscall(SYS_capset, &header, none), "capset");
}

}  // namespace

TEST_CASE("listener group: rr goes round, and over a listener that is closed") {
  if (!has_programs()) return;
  Port port{Policy::rr, 3};
  CHECK(port.picks(6) == std::vector<unsigned>{0, 1, 2, 0, 1, 2});
  port.close(1);
  CHECK(port.picks(6) == std::vector<unsigned>{0, 2, 2, 0, 2, 2});
  port.listen_again(1);
  CHECK(port.picks(3) == std::vector<unsigned>{0, 1, 2});
}

TEST_CASE("listener group: least takes who has least, whoever counts it") {
  if (!has_programs()) return;
  Port port{Policy::least, 4};
  CHECK(port.picks(8) == std::vector<unsigned>{0, 1, 2, 3, 0, 1, 2, 3});
  // Worker 2 has ended both of its own, worker 1 one.
  port.load(2).ended += 2;
  port.load(1).ended += 1;
  const std::vector<unsigned> next = port.picks(3);
  CHECK(count_of(next, 2) == 2);
  CHECK(count_of(next, 1) == 1);
}

TEST_CASE("listener group: least gives a dead worker's neighbour one connection, not all") {
  if (!has_programs()) return;
  Port port{Policy::least, 3};
  static_cast<void>(port.picks(3));
  port.load(1).ended += 1;  // it has nothing, and would be taken each time
  port.close(1);
  const std::vector<unsigned> after = port.picks(7);
  CHECK(count_of(after, 1) == 0);
  CHECK(count_of(after, 0) >= 3);
  CHECK(count_of(after, 2) >= 3);
  // Its replacement has nothing of what the dead one had.
  port.listen_again(1);
  CHECK(port.picks(3) == std::vector<unsigned>{1, 1, 1});
}

TEST_CASE("listener group: a program outlives the last listener of its group") {
  if (!has_programs()) return;
  Port port{Policy::rr, 2};
  port.close(0);
  port.close(1);
  port.listen_again(0);
  port.listen_again(1);
  const std::vector<unsigned> picks = port.picks(6);
  CHECK(count_of(picks, 0) == 3);
  for (std::size_t index = 1; index < picks.size(); ++index)
    CHECK(picks[index] != picks[index - 1]);
}

TEST_CASE("listener group: many workers fit, and one more does not") {
  if (!has_programs()) return;
  CHECK_NOTHROW(ListenerGroup{Policy::least, 1024});  // as many as --workers takes
  const Fd map = make_bpf_map({BPF_MAP_TYPE_REUSEPORT_SOCKARRAY, sizeof(int), 2});
  const Fd listener = make_listener(Address::loopback(0), true);
  CHECK_NOTHROW(store_in_bpf_map(map.get(), 1, listener.get()));
  CHECK_THROWS_AS(store_in_bpf_map(map.get(), 2, listener.get()), SysError);
}

TEST_CASE("listener group: random needs no privilege and leaves nobody out") {
  const auto is_spread = [] {
    drop_capabilities();
    Port port{Policy::random, 4};
    std::vector<unsigned> picks = port.picks(200);  // one of four is missed once in 10^24 runs
    for (unsigned worker = 0; worker < 4; ++worker) {
      if (count_of(picks, worker) == 0) return 1;
    }
    port.close(0);
    picks = port.picks(100);
    return count_of(picks, 0) == 0 ? 0 : 2;
  };
  CHECK(exit_status_of(is_spread) == 0);
}

TEST_CASE("listener group: without the privilege rr and least are refused with the remedy") {
  for (const Policy policy : {Policy::rr, Policy::least}) {
    CAPTURE(name_of(policy));
    const auto refusal = [policy] {
      drop_capabilities();
      const std::string problem = find_policy_obstacle(policy);
      if (problem.empty()) return 1;  // unprivileged_bpf_disabled is 0 for arrays only
      if (problem.find("CAP_BPF") == std::string::npos) return 2;
      return problem.find("--policy random") == std::string::npos ? 3 : 0;
    };
    CHECK(exit_status_of(refusal) == 0);
  }
}

TEST_CASE("listener group: what a policy means in a mode, and where it means nothing") {
  const Mode& direct = *find_mode("direct");
  const Mode& cluster = *find_mode("cluster");
  CHECK(policy_of(direct, {}) == Policy::hash);
  CHECK(policy_of(cluster, {}) == Policy::rr);
  CHECK(policy_of(direct, Policy::least) == Policy::least);
  CHECK_NOTHROW(require_policy(direct, Policy::least, false));
  CHECK_NOTHROW(require_policy(cluster, Policy::key, false));
  CHECK_THROWS_AS(require_policy(direct, Policy::key, false), UsageError);
  CHECK_THROWS_AS(require_policy(cluster, Policy::hash, false), UsageError);
  CHECK_THROWS_AS(require_policy(direct, Policy::rr, true), UsageError);
  CHECK_NOTHROW(require_policy(direct, Policy::hash, true));
}

TEST_CASE("load report: a worker's end is told, and what never arrived is forgotten") {
  WorkerLoad load;
  Counters counters;
  load.given = 10;
  load.ended = 10;  // as a group leaves it for a replacement
  counters.connections_opened.set(7);
  counters.connections_closed.set(7);
  LoadReport report{std::as_writable_bytes(std::span{&load, 1}), counters};
  const auto work = [&load] { return static_cast<int>(load.given - load.ended); };

  Nanos now = std::chrono::seconds{100};
  load.given += 3;
  counters.connections_opened.add(2);
  counters.connections_closed.add(1);
  report.on_batch_end(now);
  CHECK(work() == 2);  // one open, one on its way
  CHECK(counters.kernel_placed.get() == 3);
  CHECK(report.next_deadline() > now);

  // It did not arrive, while others came and went.
  load.given += 5;
  counters.connections_opened.add(5);
  counters.connections_closed.add(5);
  report.on_batch_end(now + std::chrono::milliseconds{500});
  CHECK(work() == 2);
  now = report.next_deadline();
  report.on_deadline(now);
  CHECK(work() == 1);
  CHECK(report.next_deadline() > now);

  // Now it did, and then there is nothing that was forgotten.
  counters.connections_opened.add(1);
  report.on_batch_end(now);
  CHECK(work() == 2);
  counters.connections_closed.add(2);
  report.on_batch_end(now);
  CHECK(work() == 0);
}

TEST_CASE("load report: nobody asks a worker without shared memory") {
  Counters counters;
  LoadReport report{{}, counters};
  report.on_batch_end(Nanos{1});
  CHECK(report.next_deadline() == kNever);
}

TEST_CASE("load report: what keeps arriving is not forgotten") {
  WorkerLoad load;
  Counters counters;
  LoadReport report{std::as_writable_bytes(std::span{&load, 1}), counters};
  Nanos now{0};
  for (int turn = 0; turn < 30; ++turn) {  // always one or two on their way, never the same
    load.given += 2;
    report.on_batch_end(now);
    counters.connections_opened.add(2);
    report.on_batch_end(now);
    now += std::chrono::milliseconds{100};
  }
  CHECK(static_cast<int>(load.given - load.ended) == 60);
}

}  // namespace urb::test

TEST_SUITE_END();
