// Made-up completions of cancelled and earlier transfers, and of the copy and sync paths.
#include <doctest/doctest.h>
#include <poll.h>

#include <cerrno>

#include "fault/relay_fault_rig.hpp"

namespace urb::test {

TEST_SUITE_BEGIN("fault");

TEST_CASE("a late completion of a slot's earlier tenant is counted and changes nothing") {
  for (const RelayKind kind : kRelays) {
    FaultRig rig{kind};
    const std::uint32_t id = rig.begin(1, 10);
    const auto old = rig.take_queued();
    rig.relay.cancel(id);
    for (const Queued& request : rig.take_queued()) {
      CHECK(request.opcode == IORING_OP_ASYNC_CANCEL);
    }
    for (const Queued& request : old) rig.complete(request, -ECANCELED);
    CHECK(rig.result() == TransferResult::cancelled);
    const std::uint32_t next = rig.begin(2, 10);
    CHECK(next == id);
    CHECK(rig.take_queued().size() == old.size());
    for (const Queued& request : old) rig.complete(request, 10);
    CHECK(rig.counters.late_completions.get() == old.size());
    CHECK(rig.ends.size() == 1);
    CHECK(rig.relay.progress(next) == 0);
    CHECK(rig.take_queued().empty());
  }
}

TEST_CASE("a cancelled poll takes its chain with it, in any order") {
  std::array<std::size_t, 3> order{0, 1, 2};
  do {
    FaultRig rig{RelayKind::linked};
    const std::uint32_t id = rig.begin();
    const auto hop = first_hop(rig);
    rig.complete(hop[0], -EAGAIN);
    rig.complete(hop[1], -EAGAIN);
    const auto polled = rig.take_queued();
    rig.relay.cancel(id);
    REQUIRE(opcodes(rig.take_queued()) == Codes{IORING_OP_ASYNC_CANCEL});
    for (const std::size_t index : order) {
      CHECK(rig.ends.empty());
      rig.complete(polled[index], -ECANCELED);
    }
    CHECK(rig.result() == TransferResult::cancelled);
  } while (std::next_permutation(order.begin(), order.end()));
}

TEST_CASE("linked: a source that is readable for nothing is not polled in turn") {
  FaultRig rig{RelayKind::linked};
  const std::uint32_t id = rig.begin();
  auto hop = first_hop(rig);
  for (int round = 0; round < 3; ++round) {
    rig.complete(hop[0], -EAGAIN);
    rig.complete(hop[1], -EAGAIN);
    auto queued = rig.take_queued();
    if (round != 0) {  // once may be chance
      REQUIRE(opcodes(queued) == Codes{IORING_OP_TIMEOUT});
      rig.complete(queued[0], -ETIME);
      queued = rig.take_queued();
      REQUIRE(opcodes(queued) == kHop);
      rig.complete(queued[0], -EAGAIN);
      rig.complete(queued[1], -EAGAIN);
      queued = rig.take_queued();
    }
    REQUIRE(opcodes(queued) == kPolledHop);
    rig.complete(queued[0], POLLIN);
    hop = {queued[1], queued[2]};
  }
  rig.complete(hop[0], -EAGAIN);
  rig.complete(hop[1], -EAGAIN);
  REQUIRE(opcodes(rig.take_queued()) == Codes{IORING_OP_TIMEOUT});
  rig.relay.cancel(id);
  CHECK(opcodes(rig.take_queued()) == Codes{IORING_OP_ASYNC_CANCEL});
}

TEST_CASE("copy: what an interrupted send left is sent before anything is read") {
  FaultRig rig{RelayKind::copy};
  const std::uint32_t id = rig.begin(1, 5000);
  auto queued = rig.take_queued();
  REQUIRE(opcodes(queued) == Codes{IORING_OP_RECV});
  CHECK(queued[0].asked == 5000);
  const std::uint64_t memory = queued[0].address;
  rig.complete(queued[0], 3000);
  std::uint64_t sent = 0;
  for (const int result : {-EINTR, 1000, 2000}) {
    queued = rig.take_queued();
    if (sent != 0) {  // short: the target is full
      REQUIRE(opcodes(queued) == Codes{IORING_OP_POLL_ADD, IORING_OP_SEND});
      CHECK((queued[0].flags & IOSQE_IO_LINK) != 0);
      rig.complete(queued[0], POLLOUT);
      queued.erase(queued.begin());
    }
    REQUIRE(opcodes(queued) == Codes{IORING_OP_SEND});
    CHECK(queued[0].address == memory + sent);
    CHECK(queued[0].asked == 3000 - sent);
    rig.complete(queued[0], result);
    if (result > 0) sent += static_cast<std::uint64_t>(result);
  }
  CHECK(rig.relay.progress(id) == 3000);
  queued = rig.take_queued();
  REQUIRE(opcodes(queued) == Codes{IORING_OP_RECV});
  CHECK(queued[0].asked == 2000);
  rig.complete(queued[0], -ECONNRESET);
  CHECK(rig.result() == TransferResult::source_ended);
}

TEST_CASE("copy: a read that a non-blocking socket refuses is tried again behind a poll") {
  FaultRig rig{RelayKind::copy};
  rig.begin();
  auto queued = rig.take_queued();
  rig.complete(queued[0], -EAGAIN);
  queued = rig.take_queued();
  REQUIRE(opcodes(queued) == Codes{IORING_OP_POLL_ADD});
  rig.complete(queued[0], POLLIN);
  CHECK(opcodes(rig.take_queued()) == Codes{IORING_OP_RECV});
}

// Linux says POLLRDHUP alone of a full socket whose peer has ended its side.
TEST_CASE("the end of the target's side is not room: the next poll waits for room alone") {
  for (const RelayKind kind : {RelayKind::linked, RelayKind::copy}) {
    FaultRig rig{kind};
    rig.begin(1, 500);
    std::vector<Queued> queued = kind == RelayKind::linked ? first_hop(rig) : rig.take_queued();
    rig.complete(queued[0], 500);
    if (kind == RelayKind::copy) queued = rig.take_queued();
    rig.complete(queued.back(), -EAGAIN);
    queued = rig.take_queued();
    REQUIRE(queued.size() == 2);
    rig.complete(queued[0], POLLRDHUP);
    rig.complete(queued[1], -EAGAIN);
    queued = rig.take_queued();
    REQUIRE(opcodes(queued) == Codes{IORING_OP_POLL_ADD});
    CHECK(queued[0].asked == IORING_POLL_ADD_MULTI);
    const Queued wait = queued[0];
    rig.complete(wait, POLLRDHUP, IORING_CQE_F_MORE);
    CHECK(rig.take_queued().empty());
    rig.complete(wait, POLLOUT | POLLRDHUP, IORING_CQE_F_MORE);
    REQUIRE(opcodes(rig.take_queued()) == Codes{IORING_OP_ASYNC_CANCEL});
    rig.complete(wait, -ECANCELED);
    queued = rig.take_queued();
    REQUIRE(queued.size() == 1);
    rig.complete(queued[0], 500);
    CHECK(rig.result() == TransferResult::done);
  }
}

TEST_CASE("a poll that fails by itself ends the transfer") {
  FaultRig rig{RelayKind::sync};
  rig.begin();
  const auto queued = rig.take_queued();
  REQUIRE(opcodes(queued) == Codes{IORING_OP_POLL_ADD});
  rig.complete(queued[0], -ENOMEM);
  CHECK(rig.result() == TransferResult::source_ended);
}

TEST_SUITE_END();

}  // namespace urb::test
