// Pipes and buffers: who gets one, who waits, and who gives way.
#include <algorithm>
#include <utility>

#include "net/relay.hpp"

namespace urb {
namespace {

// A transfer is looked at after this long without a step, and again as long after: one that has
// moved nothing between two looks may be ended for another's sake.
constexpr Nanos kStandStill = std::chrono::milliseconds{500};
// How long the rest of a record is waited for, each time twice as long as the last: guesses.
constexpr Nanos kFirstPause = std::chrono::milliseconds{1};
constexpr Nanos kLastPause = std::chrono::milliseconds{32};

}  // namespace

// On Linux 6.1 a poll calls a socket of the kernel's TLS readable when it has a part of a record,
// and a splice takes nothing of that. Polls in turn would take all of the CPU until the rest has
// come.
void Relay::wait_for_source(Transfer& transfer) noexcept {
  if (!std::exchange(transfer.must_pause, false)) return arm_source_poll(transfer);
  transfer.last_pause = std::clamp(2 * transfer.last_pause, kFirstPause, kLastPause);
  transfer.pause_spec = {0, transfer.last_pause.count()};
  io_uring_prep_timeout(operations_.arm(transfer, Op::pause), &transfer.pause_spec, 0, 0);
}

bool Relay::stores_are_few() const noexcept {
  return kind_ == RelayKind::copy ? buffers_.free_count() <= buffers_.buffer_count() / 2
                                  : pipes_.free_count() <= pipes_.pipe_count() / 2;
}

bool Relay::try_take_store(Transfer& transfer) noexcept {
  if (kind_ == RelayKind::copy) return try_take_buffer(transfer);
  transfer.pipe = pipes_.try_take();
  return transfer.has_store();
}

// A buffer of the pool, which the heads need too: where there are spares, the last quarter is
// theirs, used up or not.
bool Relay::try_take_buffer(Transfer& transfer) noexcept {
  const std::uint32_t reserved = spare_count_ != 0 ? buffers_.buffer_count() / 4 : 0;
  if (buffers_.free_count() > reserved) {
    transfer.lease = buffers_.try_take();
  } else if (spares_left_ != 0) {
    --spares_left_;
    transfer.spare = std::make_unique_for_overwrite<std::byte[]>(buffers_.buffer_bytes());
  }
  return transfer.has_store();
}

void Relay::give_back_store(Transfer& transfer) noexcept {
  if (transfer.spare != nullptr) {
    transfer.spare.reset();
    ++spares_left_;
  }
  transfer.lease.give_back();
  if (transfer.pipe.is_open()) {
    pipes_.give_back(std::move(transfer.pipe), transfer.in_transit() == 0);
  }
}

void Relay::serve_waiting() noexcept {
  while (Transfer* const first = waiting_.front()) {
    if (!try_take_store(*first)) return;
    waiting_.remove(*first);
    // Through a completion, since the sync path may end the transfer, which only that can tell.
    if (kind_ == RelayKind::sync) {
      io_uring_prep_nop(operations_.arm(*first, Op::wake));
    } else {
      run(*first);
    }
  }
}

void Relay::on_batch_end() noexcept {
  serve_waiting();
  if (trim_at_ == kNever && pipes_.has_idle_pipes()) trim_at_ = ring_.now() + pipes_.idle_timeout();
}

Nanos Relay::next_deadline() const noexcept {
  const bool holds_up = waiting_.front() != nullptr && stuck_.front() != nullptr && !is_evicting_;
  return std::min(trim_at_, holds_up ? stuck_.front()->stuck_since + kStandStill : kNever);
}

void Relay::on_deadline(Nanos now) noexcept {
  if (waiting_.front() != nullptr && !is_evicting_) evict_one(now);
  if (now < trim_at_) return;
  pipes_.trim();
  trim_at_ = kNever;
}

// A slow reader takes bytes out of the socket long before the next step: it stays.
void Relay::evict_one(Nanos now) noexcept {
  while (Transfer* const oldest = stuck_.front()) {
    if (oldest->stuck_since + kStandStill > now) return;
    const std::uint64_t untaken = untaken_bytes(oldest->target);
    if (std::exchange(oldest->untaken, untaken) == untaken) {
      oldest->is_evicted = is_evicting_ = true;
      return cancel(oldest->slot_index);
    }
    oldest->stuck_since = now;
    stuck_.remove(*oldest);
    stuck_.push_back(*oldest);
  }
}

}  // namespace urb
