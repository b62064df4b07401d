// Requests in flight: which operations of a slot are under way, their tokens, their cancellation.
//
// A component numbers its operations in an enum Op. For one slot, at most one request of each is
// in flight at any time; the slot stays until the last completion of all of them.
#pragma once

#include <bit>
#include <cstdint>

#include "base/assert.hpp"
#include "base/slot_map.hpp"
#include "uring/completion.hpp"
#include "uring/ring.hpp"
#include "uring/token.hpp"

namespace urb {

template <class Op>
class Operations;

/// A set of operations, a bit each.
template <class Op>
class OperationSet {
 public:
  [[nodiscard]] bool has(Op op) const noexcept { return (bits_ & bit(op)) != 0; }
  template <class... Ops>
  [[nodiscard]] bool has_any(Ops... ops) const noexcept {
    return (bits_ & (bit(ops) | ...)) != 0;
  }
  [[nodiscard]] bool none() const noexcept { return bits_ == 0; }

 private:
  friend class Operations<Op>;
  static constexpr std::uint32_t bit(Op op) noexcept {
    return std::uint32_t{1} << static_cast<unsigned>(op);
  }
  std::uint32_t bits_ = 0;
};

/// What a slot derives from: its name in tokens, and what is in flight for it.
template <class Op>
struct OperationSlot {
  std::uint32_t slot_index = 0;
  std::uint16_t generation = 0;
  OperationSet<Op> in_flight;
};

/// The requests of one component.
template <class Op>
class Operations {
 public:
  using Slot = OperationSlot<Op>;
  Operations(Ring& ring, std::uint8_t owner) noexcept : ring_{ring}, owner_{owner} {}

  /// An SQE for `op` of `slot`, which is in flight from here on.
  [[nodiscard]] io_uring_sqe* arm(Slot& slot, Op op) noexcept {
    URB_ASSERT(!slot.in_flight.has(op));
    slot.in_flight.bits_ |= slot.in_flight.bit(op);
    return ring_.sqe(token(slot, op));
  }

  [[nodiscard]] static Op op_of(const Completion& done) noexcept {
    return static_cast<Op>(done.token.op);
  }
  /// Takes a completion for `slot`: its operation is over, unless more completions are to come.
  static void finish(Slot& slot, const Completion& done) noexcept {
    URB_ASSERT(slot.in_flight.has(op_of(done)));
    if (!done.more()) slot.in_flight.bits_ &= ~slot.in_flight.bit(op_of(done));
  }
  /// The same for the tenant of `slots` that the completion belongs to, which has to be there.
  template <class T>
  [[nodiscard]] static T& finish(SlotMap<T>& slots, const Completion& done) noexcept {
    T* const slot = slots.find(done.token.slot_index, done.token.generation);
    URB_ASSERT(slot != nullptr);
    finish(*slot, done);
    return *slot;
  }

  /// Cancels those of `ops` that are in flight. Each still completes, as cancelled or otherwise.
  template <class... Ops>
  void cancel(const Slot& slot, Ops... ops) noexcept {
    (cancel_one(slot, ops), ...);
  }
  void cancel_all(const Slot& slot) noexcept {
    for (std::uint32_t left = slot.in_flight.bits_; left != 0; left &= left - 1) {
      ring_.cancel(token(slot, static_cast<Op>(std::countr_zero(left))));
    }
  }

 private:
  [[nodiscard]] Token token(const Slot& slot, Op op) const noexcept {
    return {owner_, static_cast<std::uint8_t>(op), slot.generation, slot.slot_index};
  }
  void cancel_one(const Slot& slot, Op op) noexcept {
    if (slot.in_flight.has(op)) ring_.cancel(token(slot, op));
  }

  Ring& ring_;
  std::uint8_t owner_;
};

}  // namespace urb
