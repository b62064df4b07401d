// Receiving of hand-overs: real messages, whose completions the test holds back or replaces.
#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <vector>

#include "fault/made_up_kernel.hpp"
#include "net/handover.hpp"

namespace urb {
namespace {

using test::MadeUpKernel;

TEST_SUITE_BEGIN("fault");

constexpr std::uint8_t kOwner = 9;

struct ReceiverRig {
  ReceiverRig() { receiver.start(); }
  Counters counters;
  MadeUpKernel kernel{IORING_OP_RECVMSG};
  ChannelPair channel = make_channel();
  HandoverReceiver receiver{kernel.ring(), kOwner, channel.worker.get(), 1, counters};
  static constexpr std::size_t kFdsMax = kHandoverFdsMax + 2;  ///< more than make sense
  std::vector<Fd> adopted;
  std::vector<std::size_t> prefix_bytes;
  std::vector<Fd> clients;  ///< the other ends of what was sent

  void deliver(const Completion& done) {
    receiver.on_completion(done,
                           [this](Fd fd, BufferLease lease, std::size_t begin, std::size_t end) {
                             CHECK(lease.is_held() == (begin != end));
                             adopted.push_back(std::move(fd));
                             prefix_bytes.push_back(end - begin);
                           });
  }
  /// Sends `count` descriptors as the master's side would, with `prefix` zero bytes.
  void send_fds(std::size_t count, std::uint32_t prefix) {
    HandoverHeader header;
    header.fd_count = static_cast<std::uint32_t>(count);
    header.prefix_bytes = prefix;
    send_message(header, count, prefix);
  }
  /// The same with any header; the other ends of the descriptors are kept.
  void send_message(const HandoverHeader& header, std::size_t count, std::size_t prefix) {
    std::vector<Fd> fds;
    alignas(cmsghdr) std::array<std::byte, CMSG_SPACE(sizeof(int) * kFdsMax)> control{};
    REQUIRE(count <= kFdsMax);
    std::vector<std::byte> bytes(prefix);
    // The kernel only reads from it; iovec has no const form.
    std::array<iovec, 2> parts{
        {{const_cast<HandoverHeader*>(&header), sizeof header}, {bytes.data(), bytes.size()}}};
    msghdr message{};
    message.msg_iov = parts.data();
    message.msg_iovlen = parts.size();
    message.msg_control = control.data();
    message.msg_controllen = CMSG_SPACE(sizeof(int) * count);
    cmsghdr* const rights = CMSG_FIRSTHDR(&message);
    rights->cmsg_level = SOL_SOCKET;
    rights->cmsg_type = SCM_RIGHTS;
    rights->cmsg_len = CMSG_LEN(sizeof(int) * count);
    for (std::size_t index = 0; index < count; ++index) {
      test::StreamPair pair = test::make_stream_pair();
      fds.push_back(std::move(pair.near));
      clients.push_back(std::move(pair.far));
      const int raw = fds.back().get();
      std::memcpy(CMSG_DATA(rights) + index * sizeof raw, &raw, sizeof raw);
    }
    REQUIRE(sendmsg(channel.master.get(), &message, MSG_NOSIGNAL) ==
            static_cast<ssize_t>(sizeof header + prefix));
  }
};

TEST_CASE("handover: messages that are not taken out hold their buffers, and none is lost") {
  ReceiverRig rig;
  std::vector<Completion> held;
  for (int count = 0; count < 10; ++count) {
    rig.send_fds(1, 100);
    held.push_back(rig.kernel.wait_for_real());
  }
  std::reverse(held.begin(), held.end());  // in any order: each is complete in itself
  for (const Completion& done : held) rig.deliver(done);
  CHECK(rig.adopted.size() == 10);
  CHECK(std::count(rig.prefix_bytes.begin(), rig.prefix_bytes.end(), 100) == 10);
  CHECK(rig.counters.handover_errors.get() == 0);
}

TEST_CASE("handover: after a shortage of buffers the receive is armed again, at the batch's end") {
  ReceiverRig rig;
  REQUIRE(rig.kernel.real_count() == 1);
  rig.deliver({{kOwner, 0, 0, 0}, -ENOBUFS, 0});
  CHECK(rig.kernel.real_count() == 1);
  CHECK_FALSE(rig.receiver.is_idle());
  CHECK(rig.counters.buffers_starved.get() == 1);
  rig.receiver.on_batch_end();
  CHECK(rig.kernel.real_count() == 2);
  rig.receiver.on_batch_end();
  CHECK(rig.kernel.real_count() == 2);
}

TEST_CASE(
    "handover: a message that makes no sense is dropped, closed and counted; the next comes") {
  struct Nonsense {
    HandoverHeader header;
    std::size_t fd_count;
    std::size_t prefix;
    std::uint64_t errors;
  };
  constexpr auto kMagic = HandoverHeader::kMagic;
  const std::array<Nonsense, 8> kinds{{
      {{kMagic + 1, 1, 5, 0}, 1, 5, 1},  // not ours
      {{kMagic, 1, 6, 0}, 1, 5, 1},      // fewer bytes than it says
      {{kMagic, 1, 4, 0}, 1, 5, 1},      // more
      {{kMagic, 1, 5, 1}, 1, 5, 1},      // of a later format
      {{kMagic, 1, 0, 0}, 3, 0, 3},      // descriptors that it does not speak of
      {{kMagic, 0, 0, 0}, 1, 0, 1},
      {{kMagic, 1, kHandoverPrefixMax + 1, 0}, 1, kHandoverPrefixMax + 1, 1},
      {{kMagic, kHandoverFdsMax + 2, 0, 0}, kHandoverFdsMax + 2, 0, kHandoverFdsMax + 2},
  }};
  for (const Nonsense& kind : kinds) {
    CAPTURE(kind.header.prefix_bytes);
    CAPTURE(kind.header.fd_count);
    ReceiverRig rig;
    rig.send_message(kind.header, kind.fd_count, kind.prefix);
    rig.deliver(rig.kernel.wait_for_real());
    CHECK(rig.adopted.empty());
    CHECK(rig.counters.handover_errors.get() == kind.errors);
    CHECK_FALSE(rig.receiver.is_idle());
    for (const Fd& client : rig.clients) {
      char byte = 0;
      CHECK(recv(client.get(), &byte, 1, MSG_DONTWAIT) == 0);
    }
    rig.send_fds(1, 7);
    rig.deliver(rig.kernel.wait_for_real());
    CHECK(rig.adopted.size() == 1);
    CHECK(rig.prefix_bytes == std::vector<std::size_t>{7});
  }
}

TEST_CASE("handover: a receive that the kernel ends with a message is armed again") {
  ReceiverRig rig;
  rig.send_fds(2, 0);
  Completion done = rig.kernel.wait_for_real();
  done.flags &= ~IORING_CQE_F_MORE;
  rig.deliver(done);
  CHECK(rig.adopted.size() == 2);
  rig.receiver.on_batch_end();
  CHECK(rig.kernel.real_count() == 2);
}

// Whoever counts what a worker has left has to learn of these from the worker: nobody else knows.
TEST_CASE(
    "handover: sockets that the worker has no descriptor for are opened and closed by count") {
  ReceiverRig rig;
  HandoverHeader header;
  header.fd_count = 3;  // of which one has been received
  rig.send_message(header, 1, 0);
  rig.deliver(rig.kernel.wait_for_real());
  CHECK(rig.adopted.size() == 1);
  CHECK(rig.counters.handover_errors.get() == 2);
  CHECK(rig.counters.connections_opened.get() == 2);
  CHECK(rig.counters.connections_closed.get() == 2);
  CHECK(rig.counters.fds_exhausted.get() == 1);
}

TEST_CASE("handover: the master's end or death ends the receiver, and it stays ended") {
  for (const int result : {0, -ECONNRESET, -EBADF, -ECANCELED}) {
    ReceiverRig rig;
    if (result == 0) {
      rig.channel.master.close();
      rig.deliver(rig.kernel.wait_for_real());
    } else {
      rig.deliver({{kOwner, 0, 0, 0}, result, 0});
    }
    CHECK(rig.receiver.is_idle());
    rig.receiver.on_batch_end();
    CHECK(rig.kernel.real_count() == 1);
    CHECK(rig.adopted.empty());
  }
}

TEST_CASE("handover: what was sent before the master died still arrives") {
  ReceiverRig rig;
  rig.send_fds(3, 0);
  rig.channel.master.close();
  rig.deliver(rig.kernel.wait_for_real());
  CHECK(rig.adopted.size() == 3);
  CHECK_FALSE(rig.receiver.is_idle());
  rig.deliver(rig.kernel.wait_for_real());
  CHECK(rig.receiver.is_idle());
}

}  // namespace
}  // namespace urb
