// Hand-over at the limits of descriptors, forced for real, each in a process of its own.
#include <doctest/doctest.h>
#include <grp.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <vector>

#include "net/handover.hpp"
#include "support/child.hpp"
#include "support/deadline.hpp"
#include "support/ring_turn.hpp"

namespace urb {
namespace {

TEST_SUITE_BEGIN("unit");

constexpr int kAllWell = 7;
constexpr int kNotAllowed = 8;

// Sender and receiver in one process. Only functions that work in a forked child: no doctest.
struct Rig {
  Rig() {
    receiver.start();
    worker_ring.submit();
  }
  void give(int count) {
    for (int index = 0; index < count; ++index) {
      int ends[2] = {-1, -1};
      URB_ASSERT(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) == 0);
      sender.give(0, Fd{Adopt{}, ends[0]});
      Fd{Adopt{}, ends[1]}.close();
    }
  }
  /// Runs the sender alone until it has nothing left.
  bool send_all() {
    return test::wait_until([this] {
      sender.on_batch_end();
      test::turn(master_ring, [this](const Completion& done) { sender.on_completion(done); });
      return sender.is_idle();
    });
  }
  /// Runs the receiver until it has taken `count` sockets, or given them up.
  bool receive(std::size_t count) {
    return test::wait_until([&] {
      test::turn(worker_ring, [&](const Completion& done) {
        receiver.on_completion(done, [&](Fd socket, BufferLease, std::size_t, std::size_t) {
          adopted.push_back(std::move(socket));
        });
      });
      receiver.on_batch_end();
      return adopted.size() + worker.handover_errors.get() == count;
    });
  }

  Counters master;
  Counters worker;
  ChannelPair channel = make_channel();
  Ring master_ring{{128, 1024}};
  Ring worker_ring{{64, 512}};
  std::array<int, 1> channels{channel.master.get()};
  HandoverSender sender{master_ring, 1, channels, master, 1024};
  HandoverReceiver receiver{worker_ring, 1, channel.worker.get(), 1, worker};
  std::vector<Fd> adopted;
};

bool set_descriptors(rlim_t count) {
  const rlimit limit{count, count};
  return setrlimit(RLIMIT_NOFILE, &limit) == 0;
}

// unix(7): no more descriptors on their way than RLIMIT_NOFILE, unless CAP_SYS_RESOURCE.
TEST_CASE("handover: more descriptors on their way than allowed are closed, the next ones go") {
  const int status = test::exit_status_of([] {
    constexpr uid_t kNobody = 65534;
    if (geteuid() == 0 &&
        (setgroups(0, nullptr) != 0 || setresgid(kNobody, kNobody, kNobody) != 0 ||
         setresuid(kNobody, kNobody, kNobody) != 0)) {
      return kNotAllowed;
    }
    Rig rig;
    if (!set_descriptors(64)) return kNotAllowed;
    // 32 a message: the first three go, which makes 96, more than 64; then none.
    for (int message = 0; message < 5; ++message) {
      rig.give(32);
      if (!rig.send_all()) return 1;
    }
    if (rig.master.handover_connections.get() != 96) return 2;
    if (rig.master.in_flight_fds_exhausted.get() != 2) return 3;
    if (rig.master.handover_errors.get() != 64) return 4;
    if (rig.master.connections_closed.get() != 160) return 5;
    // The worker takes them, as far as its own table goes; then there is room on the way again.
    if (!rig.receive(96)) return 6;
    rig.adopted.clear();
    rig.give(1);
    if (!rig.send_all() || !rig.receive(1 + rig.worker.handover_errors.get())) return 9;
    return rig.adopted.size() == 1 && rig.master.in_flight_fds_exhausted.get() == 2 ? kAllWell : 10;
  });
  if (status == kNotAllowed) {
    MESSAGE("skipped: this user may not become nobody");
    return;
  }
  CHECK(status == kAllWell);
}

TEST_CASE("handover: sockets that the worker has no descriptor for are counted, the others kept") {
  CHECK(test::exit_status_of([] {
          Rig rig;
          rig.give(32);
          if (!rig.send_all()) return 1;
          // The numbers below the limit are free again; take all but five.
          if (!set_descriptors(40)) return 2;
          std::vector<Fd> others;
          for (int raw = dup(0); raw >= 0; raw = dup(0)) others.emplace_back(Adopt{}, raw);
          if (others.size() < 5) return 3;
          for (int count = 0; count < 5; ++count) others.pop_back();
          if (!rig.receive(32)) return 4;
          if (rig.adopted.size() != 5 || rig.worker.handover_errors.get() != 27) return 5;
          if (rig.worker.fds_exhausted.get() != 1) return 6;
          others.clear();
          rig.adopted.clear();
          rig.give(2);
          if (!rig.send_all() || !rig.receive(2 + 27)) return 8;
          return rig.adopted.size() == 2 && rig.worker.fds_exhausted.get() == 1 ? kAllWell : 9;
        }) == kAllWell);
}

}  // namespace
}  // namespace urb
