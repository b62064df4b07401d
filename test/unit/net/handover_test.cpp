// Hand-over over a real channel: two rings in one process, and a worker that dies.
#include "net/handover.hpp"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cstring>
#include <string>
#include <vector>

#include "support/deadline.hpp"
#include "support/open_fds.hpp"
#include "support/ring_turn.hpp"

namespace urb {
namespace {

TEST_SUITE_BEGIN("unit");

constexpr std::uint8_t kOwner = 1;

struct Adopted {
  Fd fd;
  std::string prefix;
};

// The master's and the worker's end, taking turns.
struct HandoverRig {
  HandoverRig() {
    receiver.start();
    worker_ring.submit();
  }
  void turn() {
    test::turn(master_ring, [this](const Completion& done) { sender.on_completion(done); });
    sender.on_batch_end();
    test::turn(worker_ring, [this](const Completion& done) {
      receiver.on_completion(
          done, [this](Fd fd, BufferLease lease, std::size_t begin, std::size_t end) {
            std::string prefix;
            if (lease.is_held()) {
              const auto bytes = lease.memory().subspan(begin, end - begin);
              prefix.assign(reinterpret_cast<const char*>(bytes.data()), bytes.size());
            }
            adopted.push_back({std::move(fd), std::move(prefix)});
          });
    });
    receiver.on_batch_end();
  }
  template <class F>
  [[nodiscard]] bool turn_until(F&& holds) {
    return test::wait_until([&] {
      turn();
      return holds();
    });
  }
  /// A socket whose other end is kept, to see who has it at the end.
  Fd socket() {
    int ends[2] = {-1, -1};
    REQUIRE(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) == 0);
    clients.emplace_back(Adopt{}, ends[1]);
    return Fd{Adopt{}, ends[0]};
  }
  /// Client `index` writes its number; what is adopted as `index` must read it.
  void check_connected(std::size_t index) {
    const auto sent = static_cast<unsigned char>(index);
    REQUIRE(send(clients[index].get(), &sent, 1, 0) == 1);
    unsigned char received = 0;
    REQUIRE(recv(adopted[index].fd.get(), &received, 1, MSG_DONTWAIT) == 1);
    CHECK(received == sent);
  }

  Counters counters;
  ChannelPair channel = make_channel();
  Ring master_ring{{128, 1024}};
  Ring worker_ring{{64, 512}};
  BufferPool pool{master_ring, {BufferKind::plain, 4, 64 * 1024, 0}};
  std::array<int, 1> channels{channel.master.get()};
  HandoverSender sender{master_ring, kOwner, channels, counters, 1024};
  HandoverReceiver receiver{worker_ring, kOwner, channel.worker.get(), 1, counters};
  std::vector<Fd> clients;
  std::vector<Adopted> adopted;
};

TEST_CASE("handover: a socket arrives as the same connection, once, and close-on-exec") {
  HandoverRig rig;
  const std::size_t before = test::open_fd_count();
  rig.sender.give(0, rig.socket());
  REQUIRE(rig.turn_until([&] { return rig.adopted.size() == 1 && rig.sender.is_idle(); }));
  CHECK(rig.adopted[0].prefix.empty());
  CHECK((fcntl(rig.adopted[0].fd.get(), F_GETFD) & FD_CLOEXEC) != 0);
  rig.check_connected(0);
  CHECK(test::open_fd_count() == before + 2);  // client and worker; the master's is closed
  rig.adopted.clear();
  char byte = 0;
  CHECK(recv(rig.clients[0].get(), &byte, 1, MSG_DONTWAIT) == 0);  // nobody holds it any more
}

TEST_CASE("handover: a hundred sockets arrive in order, in few messages") {
  HandoverRig rig;
  for (int count = 0; count < 100; ++count) rig.sender.give(0, rig.socket());
  REQUIRE(rig.turn_until([&] { return rig.adopted.size() == 100 && rig.sender.is_idle(); }));
  for (std::size_t index = 0; index < 100; ++index) rig.check_connected(index);
  CHECK(rig.counters.handover_messages.get() == 4);  // 32 + 32 + 32 + 4
  CHECK(rig.counters.handover_connections.get() == 100);
  CHECK(rig.counters.handover_errors.get() == 0);
  rig.adopted.clear();
  rig.clients.clear();
}

TEST_CASE("handover: the bytes already read arrive with their socket, to the last of the largest") {
  HandoverRig rig;
  std::vector<std::size_t> sizes{1, 100, 4096, kHandoverPrefixMax};
  for (const std::size_t size : sizes) {
    BufferLease lease = rig.pool.try_take();
    REQUIRE(lease.is_held());
    for (std::size_t at = 0; at < size; ++at) {
      lease.memory()[50 + at] = static_cast<std::byte>(at % 251);
    }
    CHECK_FALSE(
        rig.sender.give_with_bytes(0, rig.socket(), std::move(lease), 50, 50 + size).is_open());
  }
  REQUIRE(
      rig.turn_until([&] { return rig.adopted.size() == sizes.size() && rig.sender.is_idle(); }));
  for (std::size_t index = 0; index < sizes.size(); ++index) {
    const std::string& prefix = rig.adopted[index].prefix;
    REQUIRE(prefix.size() == sizes[index]);
    bool is_same = true;
    for (std::size_t at = 0; at < prefix.size(); ++at) {
      is_same = is_same && static_cast<unsigned char>(prefix[at]) == at % 251;
    }
    CHECK(is_same);
    rig.check_connected(index);
  }
  CHECK(rig.pool.free_count() == rig.pool.buffer_count());
}

// The channel takes only so much; the rest waits, holds no buffer, is counted, and is not lost when
// the worker begins to read.
TEST_CASE("handover: a full channel makes the messages wait, and loses none") {
  HandoverRig rig;
  std::size_t given = 0;
  const auto give_one = [&] {
    BufferLease lease = rig.pool.try_take();
    if (!lease.is_held()) return false;
    lease.memory()[0] = static_cast<std::byte>(given);
    REQUIRE_FALSE(
        rig.sender.give_with_bytes(0, rig.socket(), std::move(lease), 0, kHandoverPrefixMax)
            .is_open());
    ++given;
    return true;
  };
  // Only the master runs, until ten messages have found the channel full.
  REQUIRE(test::wait_until([&] {
    if (given < 200) REQUIRE(give_one());
    test::turn(rig.master_ring, [&](const Completion& done) { rig.sender.on_completion(done); });
    return rig.counters.handover_stalled.get() == 10;
  }));
  CHECK(rig.pool.free_count() == rig.pool.buffer_count());
  CHECK_FALSE(rig.sender.is_idle());
  REQUIRE(rig.turn_until([&] { return rig.adopted.size() == given && rig.sender.is_idle(); }));
  // In any order: requests that had to wait are woken as the kernel likes.
  std::vector<bool> has_come(given, false);
  for (const Adopted& one : rig.adopted) {
    REQUIRE(one.prefix.size() == kHandoverPrefixMax);
    const auto number = static_cast<std::size_t>(static_cast<unsigned char>(one.prefix[0]));
    REQUIRE(number < given);
    CHECK_FALSE(has_come[number]);
    has_come[number] = true;
    const auto sent = static_cast<char>(number);
    REQUIRE(send(rig.clients[number].get(), &sent, 1, 0) == 1);
    char received = 0;
    REQUIRE(recv(one.fd.get(), &received, 1, MSG_DONTWAIT) == 1);
    CHECK(received == sent);  // the bytes came with their own connection
  }
  CHECK(rig.counters.handover_errors.get() == 0);
}

TEST_CASE("handover: a socket that a dead worker cannot take reaches its replacement") {
  HandoverRig replacement;
  Counters counters;
  ChannelPair channel = make_channel();
  Ring ring{{64, 512}};
  std::array<int, 1> channels{channel.master.get()};
  HandoverSender sender{ring, kOwner, channels, counters, 64};
  const auto turn = [&] {
    test::turn(ring, [&](const Completion& done) { sender.on_completion(done); });
    sender.on_batch_end();
    replacement.turn();
  };
  channel.worker.close();
  sender.give(0, replacement.socket());
  for (int round = 0; round < 5; ++round) turn();
  CHECK_FALSE(sender.is_idle());
  // The new channel takes the number of the old one: who has that number need not be told.
  REQUIRE(dup3(replacement.channel.master.get(), channel.master.get(), O_CLOEXEC) >= 0);
  sender.on_worker_back(0);
  REQUIRE(test::wait_until([&] {
    turn();
    return sender.is_idle() && replacement.adopted.size() == 1;
  }));
  replacement.check_connected(0);
  CHECK(counters.handover_connections.get() == 1);
  CHECK(counters.handover_errors.get() == 0);
}

TEST_CASE("handover: sockets on their way when the worker dies are closed with the channel") {
  Counters counters;
  ChannelPair channel = make_channel();
  Ring ring{{64, 512}};
  std::array<int, 1> channels{channel.master.get()};
  HandoverSender sender{ring, kOwner, channels, counters, 64};
  int ends[2] = {-1, -1};
  REQUIRE(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) == 0);
  const Fd client{Adopt{}, ends[1]};
  sender.give(0, Fd{Adopt{}, ends[0]});
  sender.on_batch_end();
  REQUIRE(test::wait_until([&] {
    test::turn(ring, [&](const Completion& done) { sender.on_completion(done); });
    return sender.is_idle();
  }));
  CHECK(counters.handover_connections.get() == 1);
  char byte = 0;
  CHECK(recv(client.get(), &byte, 1, MSG_DONTWAIT) == -1);  // alive, in the channel
  channel.worker.close();
  CHECK(test::wait_until([&] { return recv(client.get(), &byte, 1, MSG_DONTWAIT) == 0; }));
}

TEST_CASE("handover: the worker learns of the master's end after everything sent before it") {
  HandoverRig rig;
  for (int count = 0; count < 3; ++count) rig.sender.give(0, rig.socket());
  rig.sender.on_batch_end();
  REQUIRE(test::wait_until([&] {
    test::turn(rig.master_ring, [&](const Completion& done) { rig.sender.on_completion(done); });
    return rig.sender.is_idle();
  }));
  rig.channel.master.close();
  REQUIRE(rig.turn_until([&] { return rig.receiver.is_idle(); }));
  CHECK(rig.adopted.size() == 3);
}

}  // namespace
}  // namespace urb
