// What the three data paths share: transfers, their pipes or buffers, and their ends.
#include "net/relay.hpp"

#include <poll.h>

#include <cerrno>
#include <utility>

#include "base/error.hpp"

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
             Counters& counters, std::size_t transfer_capacity, const PipePoolOptions& pipes,
             std::uint64_t copy_max)
    : ring_{ring},
      owner_{owner},
      kind_{kind},
      copy_max_{copy_max},
      buffers_{buffers},
      counters_{counters},
      pipes_{kind == RelayKind::copy ? PipePoolOptions{0, 0} : pipes, counters},
      spares_left_{pipes.spare_count},
      transfers_{transfer_capacity} {
  const bool copies = kind == RelayKind::copy || kind == RelayKind::automatic;
  URB_ASSERT(!copies || buffers.kind() != BufferKind::provided);
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
  choose_kind(*transfer);
  // To begin with a poll costs nothing if the source is ready; a splice that finds nothing costs a
  // trip through io-wq.
  transfer->source_is_empty = transfer->kind == RelayKind::linked;
  go_on(*transfer, false);
  // splice(2) may have moved all of it already, and then nothing is in flight that would tell.
  if (transfer->is_over() && transfer->in_flight == 0) io_uring_prep_nop(arm(Op::wake, *transfer));
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
    io_uring_prep_nop(arm(Op::wake, transfer));
  } else if (transfer.cancellable) {
    const Token pending{owner_, static_cast<std::uint8_t>(*transfer.cancellable),
                        transfer.generation, transfer.slot_index};
    const Token own{owner_, static_cast<std::uint8_t>(Op::cancel), transfer.generation,
                    transfer.slot_index};
    io_uring_prep_cancel64(ring_.sqe(own), pack(pending), 0);
  }
  // Otherwise splices are running, which do not block: their completions are on the way.
}

io_uring_sqe* Relay::arm(Op op, Transfer& transfer) noexcept {
  ++transfer.in_flight;
  return ring_.sqe(
      {owner_, static_cast<std::uint8_t>(op), transfer.generation, transfer.slot_index});
}

void Relay::arm_poll(Op op, Transfer& transfer, unsigned sqe_flags) noexcept {
  const bool is_source = op == Op::poll_source;
  io_uring_sqe* const sqe = arm(op, transfer);
  io_uring_prep_poll_add(sqe, is_source ? transfer.source : transfer.target,
                         is_source ? POLLIN | POLLRDHUP : POLLOUT);
  io_uring_sqe_set_flags(sqe, sqe_flags);
  transfer.cancellable = op;
}

std::optional<TransferEnd> Relay::on_completion(const Completion& done) noexcept {
  const Op op = static_cast<Op>(done.token.op);
  if (op == Op::cancel) return {};  // says nothing that the cancelled request's does not
  Transfer* const found = transfers_.find(done.token.slot_index, done.token.generation);
  if (found == nullptr) {
    counters_.late_completions.add();
    return {};
  }
  Transfer& transfer = *found;
  --transfer.in_flight;
  if (transfer.cancellable == op) transfer.cancellable.reset();
  switch (op) {
    case Op::splice_in:
    case Op::read: on_moved_in(transfer, done.result); break;
    case Op::splice_out:
    case Op::send: on_moved_out(transfer, done.result); break;
    case Op::poll_source:
    case Op::poll_target: on_polled(transfer, op, done.result); break;
    case Op::wake:
    case Op::cancel: break;
  }
  // The completions of a chain may come in any order: what they add up to counts.
  if (transfer.in_flight != 0) return {};
  URB_ASSERT(transfer.unread <= transfer.left);
  std::optional<TransferEnd> end;
  if (!transfer.is_over()) go_on(transfer, op == Op::poll_source || op == Op::wake);
  if (transfer.is_over() && transfer.in_flight == 0) end = finish(transfer);
  serve_waiting();
  return end;
}

void Relay::on_polled(Transfer& transfer, Op op, std::int32_t result) noexcept {
  // Hang-ups and errors of the socket are not errors of the poll: the next attempt meets them.
  if (result >= 0 || is_interruption(result)) return;
  (op == Op::poll_source ? transfer.source_ended : transfer.target_failed) = true;
}

void Relay::on_moved_in(Transfer& transfer, std::int32_t result) noexcept {
  if (result < static_cast<std::int64_t>(transfer.asked) && transfer.kind != RelayKind::copy) {
    counters_.short_splices.add();
  }
  if (result > 0) {
    transfer.received = static_cast<std::uint32_t>(result);
    URB_ASSERT(transfer.received <= transfer.asked);
    transfer.unread -= transfer.received;
  } else if (result == -EAGAIN) {
    transfer.source_is_empty = true;
  } else if (!is_interruption(result)) {
    transfer.source_ended = true;
  }
}

void Relay::on_moved_out(Transfer& transfer, std::int32_t result) noexcept {
  if (result > 0) {
    const auto moved = static_cast<std::uint64_t>(result);
    // Not compared with in_transit(): this completion may be here before the one that brought it.
    URB_ASSERT(moved <= transfer.left);
    transfer.left -= moved;
    transfer.written += moved;
  } else if (result != 0 && result != -EAGAIN && !is_interruption(result)) {
    transfer.target_failed = true;
  }
}

void Relay::choose_kind(Transfer& transfer) const noexcept {
  transfer.kind = kind_ != RelayKind::automatic  ? kind_
                  : transfer.unread <= copy_max_ ? RelayKind::copy
                                                 : RelayKind::sync;
}

bool Relay::stores_are_few(RelayKind kind) const noexcept {
  return kind == RelayKind::copy ? buffers_.free_count() <= buffers_.buffer_count() / 2
                                 : pipes_.free_count() <= pipes_.pipe_count() / 2;
}

bool Relay::try_take_store(Transfer& transfer) noexcept {
  choose_kind(transfer);
  if (try_take_store_of_kind(transfer)) return true;
  if (kind_ != RelayKind::automatic) return false;
  transfer.kind = transfer.kind == RelayKind::copy ? RelayKind::sync : RelayKind::copy;
  return try_take_store_of_kind(transfer);
}

bool Relay::try_take_store_of_kind(Transfer& transfer) noexcept {
  if (transfer.kind == RelayKind::copy) return try_take_buffer(transfer);
  transfer.pipe = pipes_.try_take();
  return transfer.has_store();
}

// A buffer of the pool, which the heads need too: with spares at hand, the last quarter is theirs.
bool Relay::try_take_buffer(Transfer& transfer) noexcept {
  const std::uint32_t reserved = spares_left_ != 0 ? buffers_.buffer_count() / 4 : 0;
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

/// The next step of a transfer that is not over and has nothing in flight.
void Relay::go_on(Transfer& transfer, bool is_readable) noexcept {
  if (is_readable) transfer.source_is_empty = false;
  if (transfer.in_transit() != 0) {
    if (transfer.kind != RelayKind::copy) counters_.short_splices.add();
    return run(transfer);
  }
  if (!is_readable) {
    // A receive waits for its source with the buffer in hand; a splice of nothing says so.
    const bool may_wait = transfer.kind == RelayKind::copy || transfer.source_is_empty;
    const bool are_few = stores_are_few(transfer.kind);
    if (waiting_.front() != nullptr || (may_wait && are_few)) give_back_store(transfer);
    const bool must_poll = transfer.kind == RelayKind::sync || are_few;
    if (!transfer.has_store() && must_poll) return arm_poll(Op::poll_source, transfer);
  }
  if (!transfer.has_store() && !try_take_store(transfer)) {
    counters_.receive_starved.add();
    return waiting_.push_back(transfer);
  }
  run(transfer);
}

void Relay::run(Transfer& transfer) noexcept {
  switch (transfer.kind) {
    case RelayKind::linked: return queue_hop(transfer);
    case RelayKind::sync: return pump(transfer);
    case RelayKind::copy:
    case RelayKind::automatic: return queue_copy(transfer);  // no transfer's kind is `automatic`
  }
}

void Relay::serve_waiting() noexcept {
  while (Transfer* const first = waiting_.front()) {
    if (!try_take_store(*first)) return;
    waiting_.remove(*first);
    // Through a completion, since the sync path may end the transfer, which only that can tell.
    if (first->kind == RelayKind::sync) {
      io_uring_prep_nop(arm(Op::wake, *first));
    } else {
      run(*first);
    }
  }
}

TransferEnd Relay::finish(Transfer& transfer) noexcept {
  TransferResult result = TransferResult::done;
  if (transfer.left != 0) {
    result = transfer.target_failed  ? TransferResult::target_failed
             : transfer.source_ended ? TransferResult::source_ended
                                     : TransferResult::cancelled;
  }
  const TransferEnd end{transfer.cookie, result};
  give_back_store(transfer);
  transfers_.release(transfer);
  return end;
}

void limit_splice_threads(Ring& ring, unsigned thread_count) {
  if (!ring.use(Ability::iowq_limit)) return;
  // Sockets and pipes are "unbounded" work; 0 leaves the bounded kind, files, as it is.
  unsigned limits[2] = {0, thread_count};
  const int result = io_uring_register_iowq_max_workers(ring.raw(), limits);
  if (result < 0) {
    throw_refused("io_uring_register", -result, {5, 1});
  }
}

}  // namespace urb
