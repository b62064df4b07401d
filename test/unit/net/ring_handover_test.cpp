// Direct descriptors from ring to ring: both sides in one process, and a ring that is replaced.
#include "net/ring_handover.hpp"

#include <doctest/doctest.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <string>
#include <vector>

#include "base/error.hpp"
#include "support/deadline.hpp"
#include "support/open_fds.hpp"
#include "support/page_bytes.hpp"
#include "support/ring_turn.hpp"

namespace urb {
namespace {

TEST_SUITE_BEGIN("unit");

constexpr std::uint8_t kOwner = 1;
constexpr unsigned kSlots = 32;

bool has_ended(const Fd& client) {
  char byte = 0;
  return recv(client.get(), &byte, 1, MSG_DONTWAIT) == 0;
}

struct Adopted {
  Socket socket;
  std::string prefix;
};

// A worker's ring, its receiver, and what has come out of it.
struct WorkerEnd {
  explicit WorkerEnd(std::span<std::byte> shared, unsigned slots = kSlots)
      : receiver{with_table(ring, slots), shared} {}
  static Ring& with_table(Ring& ring, unsigned slots) {
    ring.make_file_table(slots);
    return ring;
  }
  void turn() {
    const auto adopt = [this](Socket socket, BufferLease lease, std::size_t begin,
                              std::size_t end) {
      std::string prefix;
      if (lease.is_held()) {
        const auto bytes = lease.memory().subspan(begin, end - begin);
        prefix.assign(reinterpret_cast<const char*>(bytes.data()), bytes.size());
      }
      adopted.push_back({std::move(socket), std::move(prefix)});
    };
    test::turn(ring, [&](const Completion& done) {
      if (done.token.owner == kMessageOwner) receiver.on_completion(done, adopt);
    });
    receiver.adopt_waiting(adopt);
  }
  /// What the kernel's descriptor of this ring is to the master.
  [[nodiscard]] Fd descriptor() { return Fd{Adopt{}, check(dup(ring.raw()->ring_fd), "dup")}; }

  Ring ring{{64, 512}};
  RingHandoverReceiver receiver;
  std::vector<Adopted> adopted;
};

struct RingRig {
  RingRig() { master.make_file_table(kSlots); }
  /// A direct socket of the master's; its other end is kept.
  Socket socket() {
    int ends[2] = {-1, -1};
    REQUIRE(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) == 0);
    clients.emplace_back(Adopt{}, ends[1]);
    const Fd near{Adopt{}, ends[0]};
    int raw = near.get();
    REQUIRE(io_uring_register_files_update(master.raw(), next_slot, &raw, 1) == 1);
    return Socket{master, next_slot++ % kSlots};
  }
  void turn(WorkerEnd* worker) {
    test::turn(master, [this](const Completion& done) { sender.on_completion(done); });
    if (sender.next_deadline() <= monotonic_now()) sender.on_deadline(monotonic_now());
    if (worker != nullptr) worker->turn();
  }
  template <class F>
  [[nodiscard]] bool turn_until(WorkerEnd* worker, F&& holds) {
    return test::wait_until([&] {
      turn(worker);
      return holds();
    });
  }
  BufferLease lease(std::string_view bytes) {
    BufferLease taken = pool.try_take();
    REQUIRE(taken.is_held());
    std::copy(bytes.begin(), bytes.end(), reinterpret_cast<char*>(taken.memory().data()));
    return taken;
  }
  bool give_with_bytes(std::string_view bytes) {
    return !sender.give_with_bytes(0, socket(), lease(bytes), 0, bytes.size()).is_open();
  }
  /// What the worker sends on its sockets is what the clients read, each something else. In which
  /// order sockets arrive is the kernel's choice: newest first, of those that wait.
  void check_connected(WorkerEnd& worker, std::size_t count) {
    std::string sent(count, ' ');
    for (std::size_t index = 0; index < count; ++index) {
      sent[index] = static_cast<char>('a' + index);
      worker.adopted[index].socket.prep_send(worker.ring.sqe({}), {&sent[index], 1});
    }
    std::string received;
    REQUIRE(turn_until(&worker, [&] {
      for (const Fd& client : clients) {
        char byte = 0;
        if (recv(client.get(), &byte, 1, MSG_DONTWAIT) == 1) received.push_back(byte);
      }
      return received.size() == count;
    }));
    std::sort(received.begin(), received.end());
    CHECK(received == sent);
  }

  Counters counters;
  test::PageBytes memory = test::make_page_bytes(SharedBlocks::kMemoryBytes);
  std::span<std::byte> shared{memory.get(), SharedBlocks::kMemoryBytes};
  std::array<std::span<std::byte>, 1> all_shared{shared};
  Ring master{{64, 512}};
  BufferPool pool{master, {BufferKind::plain, 128, 64 * 1024, 0}};
  RingHandoverSender sender{master, kOwner, 1, all_shared, counters, 256};
  std::vector<Fd> clients;
  std::uint32_t next_slot = 0;
};

TEST_CASE("ring hand-over: the try-out passes here and leaves nothing behind") {
  const std::size_t fds = test::open_fd_count();
  require_features("a test", kRingHandoverNeeds);
  CHECK(test::open_fd_count() == fds);
}

TEST_CASE("ring hand-over: sockets come out of the other ring, and their slots are free again") {
  RingRig rig;
  WorkerEnd worker{{}};
  rig.sender.connect(0, worker.descriptor());
  // More than the master has slots, so that they have to be used again.
  for (std::size_t round = 0; round < 2; ++round) {
    for (int count = 0; count < 20; ++count) {
      rig.sender.give(0, rig.socket());
      if (rig.next_slot == kSlots) rig.next_slot = 0;
    }
    REQUIRE(rig.turn_until(&worker,
                           [&] { return worker.adopted.size() == 20 && rig.sender.is_idle(); }));
    for (std::size_t index = 0; index < 20; ++index) {
      CHECK(worker.adopted[index].socket.is_direct());
    }
    rig.check_connected(worker, 20);
    worker.adopted.clear();
    // The last one to have the socket is gone: the client sees its end.
    for (const Fd& client : rig.clients) {
      CHECK(rig.turn_until(&worker, [&] { return has_ended(client); }));
    }
    rig.clients.clear();
  }
  CHECK(rig.counters.handover_connections.get() == 40);
  CHECK(rig.counters.connections_closed.get() == 40);
  CHECK(rig.counters.handover_errors.get() == 0);
  CHECK(worker.ring.in_flight() == 0);  // what another ring posts ends none of its own requests
}

TEST_CASE("ring hand-over: bytes go along through shared memory, whose blocks come back") {
  RingRig rig;
  WorkerEnd worker{rig.shared};
  rig.sender.connect(0, worker.descriptor());
  const std::string largest(SharedBlocks::kBytesEach, 'z');
  for (std::size_t count = 0; count < 3u * SharedBlocks::kCount; ++count) {
    const std::string bytes = count % 10 == 0 ? largest : "request " + std::to_string(count);
    if (rig.next_slot == kSlots) rig.next_slot = 0;
    REQUIRE(rig.give_with_bytes(bytes));
    REQUIRE(rig.turn_until(&worker, [&] { return worker.adopted.size() == 1; }));
    CHECK(worker.adopted[0].prefix == bytes);
    worker.adopted.clear();
    REQUIRE(rig.turn_until(&worker, [&] { return rig.sender.is_idle(); }));
  }
  CHECK(rig.counters.handover_stalled.get() == 0);
}

TEST_CASE("ring hand-over: with all blocks taken, the next waits until one is given back") {
  RingRig rig;
  WorkerEnd worker{rig.shared};
  rig.sender.connect(0, worker.descriptor());
  SharedBlocks blocks{rig.shared};
  for (std::uint16_t count = 0; count < SharedBlocks::kCount; ++count) REQUIRE(blocks.try_take());
  REQUIRE(rig.give_with_bytes("waits"));
  CHECK(rig.counters.handover_stalled.get() == 1);
  CHECK(rig.sender.next_deadline() != kNever);
  for (int turns = 0; turns < 3; ++turns) rig.turn(&worker);
  CHECK(worker.adopted.empty());
  blocks.give_back(7);
  REQUIRE(rig.turn_until(&worker, [&] { return worker.adopted.size() == 1; }));
  CHECK(worker.adopted[0].prefix == "waits");
  REQUIRE(rig.turn_until(&worker, [&] { return rig.sender.is_idle(); }));
}

TEST_CASE("ring hand-over: what a worker is given before it has a ring, or after, waits for it") {
  RingRig rig;
  rig.sender.give(0, rig.socket());
  REQUIRE(rig.give_with_bytes("early"));
  rig.turn(nullptr);
  CHECK_FALSE(rig.sender.is_awaited(0));
  {
    WorkerEnd first{rig.shared};
    rig.sender.connect(0, first.descriptor());
    REQUIRE(rig.turn_until(&first, [&] { return first.adopted.size() == 2; }));
    REQUIRE(rig.turn_until(&first, [&] { return rig.sender.is_idle(); }));
    CHECK(first.adopted[0].prefix + first.adopted[1].prefix == "early");
    first.adopted.clear();
  }
  rig.sender.disconnect(0);
  REQUIRE(rig.give_with_bytes("late"));
  for (int turns = 0; turns < 3; ++turns) rig.turn(nullptr);
  CHECK_FALSE(rig.sender.is_idle());
  WorkerEnd second{rig.shared};
  rig.sender.connect(0, second.descriptor());
  REQUIRE(rig.turn_until(&second, [&] { return second.adopted.size() == 1; }));
  CHECK(second.adopted[0].prefix == "late");
  REQUIRE(rig.turn_until(&second, [&] { return rig.sender.is_idle(); }));
  CHECK(rig.counters.handover_connections.get() == 3);
}

TEST_CASE("ring hand-over: a full table at the worker costs that connection, and is counted") {
  RingRig rig;
  WorkerEnd worker{{}, /*slots=*/2};
  rig.sender.connect(0, worker.descriptor());
  for (int count = 0; count < 3; ++count) rig.sender.give(0, rig.socket());
  REQUIRE(rig.turn_until(&worker, [&] { return rig.sender.is_idle(); }));
  CHECK(worker.adopted.size() == 2);
  CHECK(rig.counters.handover_errors.get() == 1);
  CHECK(rig.counters.fds_exhausted.get() == 1);
  rig.check_connected(worker, 2);
  CHECK(std::count_if(rig.clients.begin(), rig.clients.end(), has_ended) == 1);
}

TEST_CASE("ring hand-over: beyond a worker's share it refuses, and takes nobody else's") {
  RingRig rig;  // 256 sockets and one worker: 128 may wait
  for (int count = 0; count < 128; ++count) {
    rig.sender.give(0, rig.socket());
    if (rig.next_slot == kSlots) rig.next_slot = 0;
  }
  CHECK(rig.counters.handover_refused.get() == 0);
  const BufferLease lease = rig.lease("x");
  const Socket refused = rig.sender.give_with_bytes(0, rig.socket(), rig.lease("x"), 0, 1);
  CHECK(refused.is_open());
  rig.sender.give(0, rig.socket());
  CHECK(rig.counters.handover_refused.get() == 2);
  CHECK(rig.counters.connections_closed.get() == 1);
  rig.sender.cut_off();
  REQUIRE(rig.turn_until(nullptr, [&] { return rig.sender.is_idle(); }));
  CHECK(rig.counters.handover_errors.get() == 128);
}

TEST_SUITE_END();

}  // namespace
}  // namespace urb
