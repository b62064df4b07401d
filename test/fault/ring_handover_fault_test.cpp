// Hand-over by ring messages with workers that die at every moment, and a kernel that refuses.
#include <doctest/doctest.h>

#include <algorithm>
#include <array>

#include "fault/made_up_kernel.hpp"
#include "net/ring_handover.hpp"
#include "support/page_bytes.hpp"

namespace urb {
namespace {

using test::Request;

TEST_SUITE_BEGIN("fault");

constexpr std::uint8_t kOwner = 1;

// Two workers, whose rings are any descriptors: nothing reaches the kernel.
struct RingSenderRig {
  RingSenderRig() {
    kernel.ring().make_file_table(8);
    for (unsigned worker = 0; worker < 2; ++worker) sender.connect(worker, some_fd());
  }
  static Fd some_fd() { return test::make_stream_pair().near; }
  // Sent, and with its bytes in a block.
  Request give(unsigned worker) {
    BufferLease lease = pool.try_take();
    std::memcpy(lease.memory().data(), "abc", 3);
    REQUIRE_FALSE(
        sender.give_with_bytes(worker, Socket{kernel.ring(), 0}, std::move(lease), 0, 3).is_open());
    return kernel.take_one(IORING_OP_MSG_RING);
  }
  void finish_close() { CHECK(kernel.take_one(IORING_OP_CLOSE).is_detached()); }
  std::size_t count_taken(unsigned worker) {
    SharedBlocks view{shared[worker]};
    std::vector<std::uint16_t> free;
    while (const auto block = view.try_take()) free.push_back(*block);
    for (const std::uint16_t block : free) view.give_back(block);
    return SharedBlocks::kCount - free.size();
  }

  test::MadeUpKernel kernel;
  Counters counters;
  test::PageBytes memory = test::make_page_bytes(2 * SharedBlocks::kMemoryBytes);
  std::array<std::span<std::byte>, 2> shared{
      std::span{memory.get(), SharedBlocks::kMemoryBytes},
      std::span{memory.get() + SharedBlocks::kMemoryBytes, SharedBlocks::kMemoryBytes}};
  BufferPool pool{kernel.ring(), {BufferKind::plain, 8, 64 * 1024, 0}};
  RingHandoverSender sender{kernel.ring(), kOwner, 2, shared, counters, 64};
};

TEST_CASE("ring hand-over: the slot is freed when the worker has the socket, and not before") {
  RingSenderRig rig;
  const Request sent = rig.give(0);
  CHECK(rig.kernel.has_none());
  CHECK(rig.sender.is_awaited(0));
  CHECK_FALSE(rig.sender.is_awaited(1));
  rig.sender.on_completion(sent.done(5));
  CHECK_FALSE(rig.sender.is_awaited(0));
  rig.finish_close();
  CHECK(rig.sender.is_idle());
  CHECK(rig.count_taken(0) == 1);  // the worker's, until it gives it back
  CHECK(rig.counters.handover_connections.get() == 1);
  CHECK(rig.counters.connections_closed.get() == 1);
}

TEST_CASE("ring hand-over: what a dying worker refuses goes to its replacement, bytes and all") {
  // In whatever order death is told: by the refusal, by the master, by the next ring.
  for (const bool is_refused_first : {true, false}) {
    CAPTURE(is_refused_first);
    RingSenderRig rig;
    const Request sent = rig.give(0);
    if (is_refused_first) rig.sender.on_completion(sent.done(-EOWNERDEAD));
    rig.sender.disconnect(0);
    if (!is_refused_first) rig.sender.on_completion(sent.done(-EOWNERDEAD));
    CHECK(rig.kernel.has_none());
    CHECK(rig.count_taken(0) == 1);
    rig.sender.connect(0, RingSenderRig::some_fd());
    const Request again = rig.kernel.take_one(IORING_OP_MSG_RING);
    rig.sender.on_completion(again.done(0));
    rig.finish_close();
    CHECK(rig.sender.is_idle());
    CHECK(rig.counters.handover_errors.get() == 0);
    CHECK(rig.sender.undelivered(0) == 0);
  }
}

TEST_CASE("ring hand-over: a refusal that comes after the next ring is sent to that") {
  RingSenderRig rig;
  const Request sent = rig.give(0);
  rig.sender.disconnect(0);
  rig.sender.connect(0, RingSenderRig::some_fd());
  CHECK(rig.kernel.has_none());  // it may still have arrived
  rig.sender.on_completion(sent.done(-EOWNERDEAD));
  rig.sender.on_completion(rig.kernel.take_one(IORING_OP_MSG_RING).done(0));
  rig.finish_close();
  CHECK(rig.sender.is_idle());
}

TEST_CASE("ring hand-over: blocks of a dead worker are free again, those in use are not") {
  RingSenderRig rig;
  const Request taken = rig.give(0);
  rig.sender.on_completion(taken.done(0));
  rig.finish_close();
  const Request in_flight = rig.give(0);
  const Request others = rig.give(1);
  rig.sender.disconnect(0);
  CHECK(rig.count_taken(0) == 1);
  CHECK(rig.count_taken(1) == 1);
  CHECK(rig.sender.unsent(0) == 1);
  CHECK_FALSE(rig.sender.is_awaited(0));  // not of whoever comes next
  // It had arrived, just before the death: nobody will give the block back, nor close the socket.
  rig.sender.on_completion(in_flight.done(1));
  CHECK(rig.sender.undelivered(0) == 1);
  CHECK(rig.sender.unsent(0) == 0);
  rig.finish_close();
  CHECK(rig.count_taken(0) == 0);
  rig.sender.on_completion(others.done(1));
  rig.finish_close();
  CHECK(rig.count_taken(1) == 1);
  CHECK(rig.sender.is_idle());
}

TEST_CASE("ring hand-over: other refusals cost the connection, are counted, and leave no block") {
  for (const int error : {-ENFILE, -EOVERFLOW, -ENOMEM, -EINVAL}) {
    CAPTURE(error);
    RingSenderRig rig;
    rig.sender.on_completion(rig.give(0).done(error));
    rig.finish_close();
    CHECK(rig.sender.is_idle());
    CHECK(rig.count_taken(0) == 0);
    CHECK(rig.counters.handover_errors.get() == 1);
    CHECK(rig.sender.undelivered(0) == 1);
    CHECK(rig.sender.undelivered(1) == 0);
    CHECK(rig.counters.fds_exhausted.get() == (error == -ENFILE ? 1 : 0));
    CHECK(rig.counters.kernel_memory_exhausted.get() == (error == -ENOMEM ? 1 : 0));
  }
}

TEST_CASE("ring hand-over: what is refused since too many wait is told as undelivered") {
  RingSenderRig rig;
  rig.sender.disconnect(0);
  for (std::uint64_t count = 0; count < 64; ++count) {
    rig.sender.give(0, Socket{rig.kernel.ring(), 0});
    CHECK(rig.sender.unsent(0) == count + 1);
  }
  CHECK(rig.sender.undelivered(0) == 0);
  rig.sender.give(0, Socket{rig.kernel.ring(), 0});
  CHECK(rig.counters.handover_refused.get() == 1);
  CHECK(rig.sender.undelivered(0) == 1);
  rig.sender.cut_off();
  CHECK(rig.sender.undelivered(0) == 65);
  CHECK(rig.sender.unsent(0) == 0);
  CHECK(rig.kernel.take().size() == 64);  // the closes
  CHECK(rig.sender.is_idle());
}

TEST_CASE("ring hand-over: cut off, what waits is closed, what is under way is waited for") {
  RingSenderRig rig;
  const Request sent = rig.give(0);
  rig.sender.disconnect(1);
  BufferLease lease = rig.pool.try_take();
  REQUIRE_FALSE(rig.sender.give_with_bytes(1, Socket{rig.kernel.ring(), 1}, std::move(lease), 0, 3)
                    .is_open());
  CHECK(rig.kernel.has_none());
  rig.sender.cut_off();
  rig.finish_close();
  CHECK(rig.counters.handover_errors.get() == 1);
  CHECK(rig.sender.is_awaited(0));
  CHECK_FALSE(rig.sender.is_idle());
  // The worker is killed for it; now nobody is left who could take it.
  rig.sender.on_completion(sent.done(-EOWNERDEAD));
  rig.finish_close();
  CHECK(rig.sender.is_idle());
  CHECK(rig.counters.handover_errors.get() == 2);
  CHECK(rig.sender.undelivered(0) == 1);
  CHECK(rig.sender.undelivered(1) == 1);
}

TEST_SUITE_END();

}  // namespace
}  // namespace urb
