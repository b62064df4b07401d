// What the three data paths share: transfers, their pipes or buffers, and their ends.
#include "net/relay.hpp"

#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <utility>

#include "net/kernel_tls.hpp"

namespace urb {
namespace {

// A cancelled io-wq request may show the kernel's own ERESTARTSYS, since splice passes on what
// do_splice said. The number is not in <errno.h>, as no system call returns it.
constexpr int kRestartSystemCall = 512;

// Nothing moved and nothing is wrong: try again.
[[nodiscard]] bool is_interruption(std::int32_t result) noexcept {
  return result == -EINTR || result == -ECANCELED || result == -kRestartSystemCall;
}

}  // namespace

Relay::Relay(Ring& ring, std::uint8_t owner, RelayKind kind, BufferPool& buffers,
             Counters& counters, std::size_t transfer_capacity, const PipePoolOptions& pipes)
    : ring_{ring},
      operations_{ring, owner},
      kind_{kind},
      buffers_{buffers},
      counters_{counters},
      pipes_{kind == RelayKind::copy ? PipePoolOptions{0, 0} : pipes, counters},
      spare_count_{pipes.spare_count},
      spares_left_{pipes.spare_count},
      transfers_{transfer_capacity} {
  URB_ASSERT(kind != RelayKind::copy || !is_provided(buffers.kind()));
}

Relay::~Relay() {
  if (transfers_.size() != 0) ring_.drain();
}

std::optional<std::uint32_t> Relay::begin(std::uint32_t cookie, int source, int target,
                                          std::uint64_t bytes) noexcept {
  URB_ASSERT(bytes != 0);
  Transfer* const transfer = transfers_.try_emplace(cookie, source, target, bytes);
  if (transfer == nullptr) return {};
  const std::uint32_t id = transfer->slot_index;
  // To begin with a poll costs nothing if the source is ready; a splice that finds nothing costs a
  // trip through io-wq.
  transfer->source_is_empty = kind_ == RelayKind::linked;
  go_on(*transfer, false);
  // splice(2) may have moved all of it already, and then nothing is in flight that would tell.
  if (transfer->is_over() && transfer->in_flight.none()) {
    io_uring_prep_nop(operations_.arm(*transfer, Op::wake));
  }
  return id;
}

std::uint64_t Relay::progress(std::uint32_t transfer_id) noexcept {
  return transfers_.at(transfer_id).written;
}

void Relay::cancel(std::uint32_t transfer_id) noexcept {
  Transfer& transfer = transfers_.at(transfer_id);
  if (std::exchange(transfer.cancelled, true)) return;
  if (transfer.waiting_hook.is_linked) {
    waiting_.remove(transfer);
    io_uring_prep_nop(operations_.arm(transfer, Op::wake));
    return;
  }
  // The splices that may be running do not block: their completions are on the way.
  operations_.cancel(transfer, Op::poll_source, Op::poll_target, Op::read, Op::pause);
}

void Relay::arm_source_poll(Transfer& transfer, unsigned sqe_flags) noexcept {
  io_uring_sqe* const sqe = operations_.arm(transfer, Op::poll_source);
  io_uring_prep_poll_add(sqe, transfer.source, POLLIN | POLLRDHUP);
  io_uring_sqe_set_flags(sqe, sqe_flags);
}

void Relay::arm_target_poll(Transfer& transfer, unsigned sqe_flags) noexcept {
  io_uring_sqe* const sqe = operations_.arm(transfer, Op::poll_target);
  transfer.write_wait.prep(sqe, transfer.target);
  io_uring_sqe_set_flags(sqe, sqe_flags);
  transfer.stuck_since = ring_.now();
  transfer.untaken = kUnknown;  // after a step the target may hold as much as before
  stuck_.push_back(transfer);
}

// True when the step that moves bytes out is to be queued right behind: at once, or linked to the
// poll that this has queued.
bool Relay::wait_for_target(Transfer& transfer) noexcept {
  if (std::exchange(transfer.target_is_ready, false)) return true;
  const bool is_alone = transfer.write_wait.peer_has_ended();
  arm_target_poll(transfer, is_alone ? 0 : IOSQE_IO_LINK);
  return !is_alone;
}

std::optional<TransferEnd> Relay::on_completion(const Completion& done) noexcept {
  const Op op = operations_.op_of(done);
  Transfer* const found = transfers_.find(done.token.slot_index, done.token.generation);
  if (found == nullptr) {
    counters_.late_completions.add();
    return {};
  }
  Transfer& transfer = *found;
  operations_.finish(transfer, done);
  if (op == Op::poll_target && !on_target_polled(transfer, done)) return {};
  switch (op) {
    case Op::splice_in:
    case Op::read: on_moved_in(transfer, done.result); break;
    case Op::splice_out: on_moved_out(transfer, done.result, counters_.linked_bytes); break;
    case Op::send: on_moved_out(transfer, done.result, counters_.copied_bytes); break;
    case Op::poll_source: on_source_polled(transfer, done.result); break;
    case Op::poll_target:
    case Op::pause:
    case Op::wake: break;
  }
  // The completions of a chain may come in any order: what they add up to counts.
  if (!transfer.in_flight.none()) return {};
  URB_ASSERT(transfer.unread <= transfer.left);
  if (std::exchange(transfer.must_receive, false) && !transfer.is_over()) {
    receive_other(transfer);
  }
  std::optional<TransferEnd> end;
  if (!transfer.is_over()) {
    go_on(transfer, op == Op::poll_source || op == Op::pause || op == Op::wake);
  }
  if (transfer.is_over() && transfer.in_flight.none()) end = finish(transfer);
  serve_waiting();
  return end;
}

// Hang-ups and errors of the socket are not errors of the poll: the next attempt meets them.
void Relay::on_source_polled(Transfer& transfer, std::int32_t result) noexcept {
  if (result >= 0) {
    transfer.source_is_readable = (result & POLLIN) != 0;
  } else if (!is_interruption(result)) {
    transfer.source_ended = true;
  }
}

// False while the poll goes on.
bool Relay::on_target_polled(Transfer& transfer, const Completion& done) noexcept {
  switch (transfer.write_wait.on_completion(done)) {
    case WriteWait::Step::wait: return false;
    case WriteWait::Step::cancel: operations_.cancel(transfer, Op::poll_target); return false;
    case WriteWait::Step::again: break;  // what is linked to it tries, and finds out
    case WriteWait::Step::go_on:
      transfer.target_is_ready = transfer.write_wait.peer_has_ended();
      transfer.target_is_full = false;
      break;
    case WriteWait::Step::fail: transfer.target_failed = true; break;
  }
  stuck_.remove(transfer);
  return true;
}

// Splice stops before an urgent byte and says EAGAIN, or 0 behind the peer's end, for ever; a
// receive steps over the byte (6.18). Takes a page's worth, which an empty pipe has room for.
//
// With TLS of the kernel it says EINVAL before a record that is no data, as a receive says EIO.
// There is no data before that record then, so that it is received whole, however few bytes are
// left of the body.
void Relay::receive_other(Transfer& transfer) noexcept {
  const bool copies = kind_ == RelayKind::copy;
  if (transfer.in_transit() != 0 || !(copies || transfer.pipe.is_open())) return;
  transfer.source_is_readable = false;
  std::array<std::byte, 4096> bytes;
  transfer.asked =
      static_cast<std::uint32_t>(std::min<std::uint64_t>(transfer.unread, bytes.size()));
  RecordReceive record;
  const bool is_other = std::exchange(transfer.other_is_next, false);
  const int received =
      is_other ? record.receive_now(transfer.source)
               : record.receive_now(transfer.source, std::span{bytes}.first(transfer.asked));
  const bool has_ended = std::exchange(transfer.splice_ended, false);
  switch (record.event(received)) {
    case RecordEvent::data:
      if (!is_other) return write_into_pipe(transfer, std::span{bytes}.first(received));
      break;                    // EIO and EINVAL never say that
    case RecordEvent::nothing:  // a warning; EAGAIN: the splice was right
      transfer.source_ended = received < 0 && has_ended;
      // Once may be chance.
      transfer.must_pause =
          received == -EAGAIN && std::exchange(transfer.was_readable_for_nothing, true);
      return;
    case RecordEvent::refused: transfer.source_refused = true; break;
    case RecordEvent::end: break;
    case RecordEvent::failed: transfer.source_broken = is_of_tls(received); break;
  }
  transfer.source_ended = true;
}

void Relay::write_into_pipe(Transfer& transfer, std::span<const std::byte> bytes) noexcept {
  const ssize_t written = write(transfer.pipe.write_end.get(), bytes.data(), bytes.size());
  URB_ASSERT(written == static_cast<ssize_t>(bytes.size()));
  on_moved_in(transfer, static_cast<std::int32_t>(written));
}

void Relay::on_moved_in(Transfer& transfer, std::int32_t result) noexcept {
  if (result < static_cast<std::int64_t>(transfer.asked) && kind_ != RelayKind::copy) {
    counters_.short_splices.add();
  }
  if (result > 0) {
    transfer.received = static_cast<std::uint32_t>(result);
    URB_ASSERT(transfer.received <= transfer.asked);
    transfer.unread -= transfer.received;
    transfer.source_is_readable = false;
    transfer.was_readable_for_nothing = false;
    transfer.last_pause = {};
  } else if (result == -EAGAIN) {
    transfer.source_is_empty = true;
    transfer.must_receive = kind_ != RelayKind::copy && transfer.source_is_readable;
  } else if (result == 0 && kind_ != RelayKind::copy) {
    transfer.must_receive = transfer.splice_ended = true;
  } else if (result == (kind_ == RelayKind::copy ? -EIO : -EINVAL)) {
    transfer.must_receive = transfer.other_is_next = true;
  } else if (!is_interruption(result)) {
    transfer.source_broken = is_of_tls(result);
    transfer.source_ended = true;
  }
}

void Relay::on_moved_out(Transfer& transfer, std::int32_t result, Counter& bytes) noexcept {
  if (result > 0) {
    const auto moved = static_cast<std::uint64_t>(result);
    // Not compared with in_transit(): this completion may be here before the one that brought it.
    URB_ASSERT(moved <= transfer.left);
    transfer.left -= moved;
    transfer.written += moved;
    bytes.add(moved);
    transfer.target_is_full = kind_ == RelayKind::copy && transfer.in_transit() != 0;
  } else if (result == -EAGAIN) {
    transfer.target_is_full = true;
  } else if (result != 0 && !is_interruption(result)) {
    transfer.target_failed = true;
  }
}

/// The next step of a transfer that is not over and has nothing in flight.
void Relay::go_on(Transfer& transfer, bool is_readable) noexcept {
  if (is_readable) transfer.source_is_empty = false;
  if (transfer.in_transit() != 0) {
    if (kind_ != RelayKind::copy) counters_.short_splices.add();
    return run(transfer);
  }
  if (!is_readable) {
    // A receive waits for its source with the buffer in hand; a splice of nothing says so.
    const bool may_wait = kind_ == RelayKind::copy || transfer.source_is_empty;
    const bool are_few = stores_are_few();
    if (waiting_.front() != nullptr || (may_wait && are_few) || transfer.must_pause) {
      give_back_store(transfer);
    }
    const bool must_poll = kind_ == RelayKind::sync || are_few || transfer.must_pause;
    if (!transfer.has_store() && must_poll) return wait_for_source(transfer);
  }
  if (!transfer.has_store() && !try_take_store(transfer)) {
    counters_.buffers_starved.add();
    return waiting_.push_back(transfer);
  }
  run(transfer);
}

void Relay::run(Transfer& transfer) noexcept {
  switch (kind_) {
    case RelayKind::linked: return queue_hop(transfer);
    case RelayKind::sync: return pump(transfer);
    case RelayKind::copy: return queue_copy(transfer);
  }
}

TransferEnd Relay::finish(Transfer& transfer) noexcept {
  TransferResult result = TransferResult::done;
  if (transfer.left != 0) {
    result = transfer.target_failed    ? TransferResult::target_failed
             : transfer.source_refused ? TransferResult::source_refused
             : transfer.source_broken  ? TransferResult::source_broken
             : transfer.source_ended   ? TransferResult::source_ended
                                       : TransferResult::cancelled;
  }
  const TransferEnd end{transfer.cookie, result};
  if (transfer.is_evicted) is_evicting_ = false;
  give_back_store(transfer);
  transfers_.release(transfer);
  return end;
}

}  // namespace urb
