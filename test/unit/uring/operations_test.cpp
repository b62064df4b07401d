// Requests in flight: what a slot knows of them, and which of them the kernel is told to cancel.
#include "uring/operations.hpp"

#include <doctest/doctest.h>
#include <poll.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <vector>

#include "base/fd.hpp"
#include "support/deadline.hpp"

namespace urb {
namespace {

TEST_SUITE_BEGIN("unit");

enum class Op : std::uint8_t { read, wait, write };

struct Tenant : OperationSlot<Op> {};

struct OperationsRig {
  OperationsRig() {
    int ends[2] = {-1, -1};
    REQUIRE(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) == 0);
    near = Fd{Adopt{}, ends[0]};
    far = Fd{Adopt{}, ends[1]};
  }
  /// A request that nothing but a cancellation ends.
  void arm_forever(Tenant& tenant, Op op) {
    io_uring_prep_poll_add(operations.arm(tenant, op), near.get(), POLLIN);
  }
  /// Completions until nothing is in flight on the ring.
  std::vector<Completion> collect_all() {
    std::vector<Completion> all;
    const Nanos deadline = monotonic_now() + test::kPatience;
    while (ring.in_flight() != 0) {
      REQUIRE(monotonic_now() < deadline);
      ring.submit_and_wait(deadline);
      std::array<Completion, 8> batch;
      const std::size_t count = ring.collect(batch);
      all.insert(all.end(), batch.begin(), batch.begin() + static_cast<std::ptrdiff_t>(count));
    }
    return all;
  }

  Fd near;
  Fd far;
  Ring ring{{8, 16}};
  Operations<Op> operations{ring, /*owner=*/7};
  SlotMap<Tenant> tenants{4};
};

TEST_CASE("operations: a slot has what was armed, until the completion that is the last") {
  OperationsRig rig;
  Tenant& tenant = *rig.tenants.try_emplace();
  CHECK(tenant.in_flight.none());
  io_uring_prep_nop(rig.operations.arm(tenant, Op::read));
  io_uring_prep_nop(rig.operations.arm(tenant, Op::write));
  CHECK(tenant.in_flight.has(Op::read));
  CHECK_FALSE(tenant.in_flight.has(Op::wait));
  CHECK(tenant.in_flight.has_any(Op::wait, Op::write));
  CHECK_FALSE(tenant.in_flight.has_any(Op::wait));

  const std::vector<Completion> done = rig.collect_all();
  REQUIRE(done.size() == 2);
  CHECK(rig.operations.op_of(done[0]) == Op::read);
  Completion more = done[0];
  more.flags = IORING_CQE_F_MORE;
  rig.operations.finish(tenant, more);
  CHECK(tenant.in_flight.has(Op::read));
  CHECK(&rig.operations.finish(rig.tenants, done[0]) == &tenant);
  CHECK_FALSE(tenant.in_flight.has(Op::read));
  CHECK_FALSE(tenant.in_flight.none());
  rig.operations.finish(tenant, done[1]);
  CHECK(tenant.in_flight.none());
}

TEST_CASE("operations: tokens name owner, operation, slot and the slot's tenant") {
  OperationsRig rig;
  static_cast<void>(rig.tenants.try_emplace());
  rig.tenants.release(*rig.tenants.try_emplace());
  Tenant& tenant = *rig.tenants.try_emplace();
  io_uring_prep_nop(rig.operations.arm(tenant, Op::write));
  const std::vector<Completion> done = rig.collect_all();
  REQUIRE(done.size() == 1);
  CHECK(done[0].token == Token{7, static_cast<std::uint8_t>(Op::write), 1, 1});
}

TEST_CASE("operations: those named are cancelled, if they are in flight; no other completes") {
  OperationsRig rig;
  Tenant& tenant = *rig.tenants.try_emplace();
  Tenant& other = *rig.tenants.try_emplace();
  rig.arm_forever(tenant, Op::read);
  rig.arm_forever(tenant, Op::write);
  rig.arm_forever(other, Op::read);
  rig.operations.cancel(tenant, Op::read, Op::wait);
  CHECK(rig.ring.counters().sqe_count == 4);  // nothing for `wait`
  CHECK(tenant.in_flight.has(Op::read));      // until it says so itself
  rig.ring.submit_and_wait(monotonic_now() + test::kPatience);
  std::array<Completion, 8> batch;
  REQUIRE(rig.ring.collect(batch) == 1);
  CHECK(batch[0].result == -ECANCELED);
  CHECK(rig.operations.op_of(batch[0]) == Op::read);
  CHECK(&rig.operations.finish(rig.tenants, batch[0]) == &tenant);
  CHECK(rig.ring.in_flight() == 2);
}

TEST_CASE("operations: cancel_all leaves nothing of the slot behind, and other slots alone") {
  OperationsRig rig;
  Tenant& tenant = *rig.tenants.try_emplace();
  Tenant& other = *rig.tenants.try_emplace();
  for (const Op op : {Op::read, Op::wait, Op::write}) rig.arm_forever(tenant, op);
  rig.operations.cancel_all(other);
  CHECK(rig.ring.counters().sqe_count == 3);
  rig.operations.cancel_all(tenant);
  const std::vector<Completion> done = rig.collect_all();
  REQUIRE(done.size() == 3);
  for (const Completion& one : done) {
    CHECK(one.result == -ECANCELED);
    rig.operations.finish(tenant, one);
  }
  CHECK(tenant.in_flight.none());
}

TEST_SUITE_END();

}  // namespace
}  // namespace urb
