// Sending direct descriptors, and what becomes of those that a worker does not get.
#include "net/ring_handover.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include "base/assert.hpp"

namespace urb {
namespace {

// What may wait for one worker at least, however few the descriptors.
constexpr std::size_t kPendingLeast = 64;
// A worker gives a block back within microseconds, unless it is stopped or stuck: a guess.
constexpr Nanos kLookAgainAfter = std::chrono::milliseconds{1};

}  // namespace

RingHandoverSender::RingHandoverSender(Ring& ring, std::uint8_t owner, unsigned worker_count,
                                       std::span<const std::span<std::byte>> shared,
                                       Counters& counters, std::size_t socket_capacity)
    : ring_{ring},
      operations_{ring, owner},
      counters_{counters},
      workers_(worker_count),
      pending_max_{std::max(kPendingLeast, socket_capacity / (2 * worker_count))},
      messages_{worker_count * pending_max_} {
  static_cast<void>(ring.use(Feature::msg_ring_fd));
  for (std::size_t worker = 0; worker < shared.size(); ++worker) {
    workers_[worker].blocks.emplace(shared[worker]);
  }
}

void RingHandoverSender::connect(unsigned worker, Fd ring) noexcept {
  Worker& target = workers_[worker];
  target.ring = std::move(ring);
  ++target.epoch;
  messages_.for_each([&](Message& message) {
    if (message.worker == worker && message.in_flight.none()) try_send(message);
  });
}

void RingHandoverSender::disconnect(unsigned worker) noexcept {
  Worker& target = workers_[worker];
  // What is queued names the descriptor by its number, which somebody else may get.
  ring_.submit();
  target.ring.close();
  ++target.epoch;
  if (!target.blocks) return;
  // The dead worker gives nothing back. What messages still have is in use.
  std::array<bool, SharedBlocks::kCount> is_in_use{};
  messages_.for_each([&](const Message& message) {
    if (message.worker == worker && message.block) is_in_use[*message.block] = true;
  });
  for (std::uint16_t block = 0; block < SharedBlocks::kCount; ++block) {
    if (!is_in_use[block]) target.blocks->give_back(block);
  }
}

RingHandoverSender::Message* RingHandoverSender::try_admit(unsigned worker) noexcept {
  Worker& target = workers_[worker];
  if (target.pending == pending_max_ || (is_cut_off_ && !target.ring.is_open())) {
    counters_.handover_refused.add();
    ++target.undelivered;
    return nullptr;
  }
  ++target.pending;
  Message* const message = messages_.try_emplace();
  URB_ASSERT(message != nullptr);  // as many as may be pending
  message->worker = worker;
  return message;
}

void RingHandoverSender::give(unsigned worker, Socket socket) noexcept {
  Message* const message = try_admit(worker);
  if (message == nullptr) {
    counters_.connections_closed.add();
    return;
  }
  message->socket = std::move(socket);
  try_send(*message);
}

Socket RingHandoverSender::give_with_bytes(unsigned worker, Socket socket, BufferLease lease,
                                           std::size_t begin, std::size_t end) noexcept {
  URB_ASSERT(end - begin <= SharedBlocks::kBytesEach);
  Message* const message = try_admit(worker);
  if (message == nullptr) return socket;
  message->socket = std::move(socket);
  message->prefix_bytes = static_cast<std::uint32_t>(end - begin);
  const auto bytes = lease.memory().subspan(begin, end - begin);
  message->block = workers_[worker].blocks->try_take();
  if (message->block) {
    std::copy(bytes.begin(), bytes.end(), workers_[worker].blocks->memory(*message->block).begin());
  } else {
    message->parked.assign(bytes.begin(), bytes.end());
  }
  try_send(*message);
  return {};
}

bool RingHandoverSender::try_place_bytes(Message& message) noexcept {
  if (message.prefix_bytes == 0 || message.block) return true;
  SharedBlocks& blocks = *workers_[message.worker].blocks;
  message.block = blocks.try_take();
  if (!message.block) return false;
  std::copy(message.parked.begin(), message.parked.end(), blocks.memory(*message.block).begin());
  message.parked.clear();
  return true;
}

void RingHandoverSender::try_send(Message& message) noexcept {
  Worker& target = workers_[message.worker];
  if (!target.ring.is_open()) return;  // connect() comes back
  if (!try_place_bytes(message)) {
    counters_.handover_stalled.add();
    if (look_again_at_ == kNever) look_again_at_ = ring_.now() + kLookAgainAfter;
    return;
  }
  message.epoch = target.epoch;
  message.socket.prep_send_to_ring(
      operations_.arm(message, Op::send), target.ring.get(),
      {kMessageOwner, 0, message.block.value_or(0), message.prefix_bytes});
}

void RingHandoverSender::on_deadline(Nanos now) noexcept {
  if (now < look_again_at_) return;
  look_again_at_ = kNever;
  messages_.for_each([this](Message& message) {
    if (message.in_flight.none()) try_send(message);
  });
}

void RingHandoverSender::on_completion(const Completion& done) noexcept {
  on_sent(operations_.finish(messages_, done), done.result);
}

void RingHandoverSender::on_sent(Message& message, int result) noexcept {
  Worker& target = workers_[message.worker];
  if (result >= 0) {
    counters_.handover_messages.add();
    counters_.handover_connections.add();
    // Block and socket are the worker's now, and nobody's if that has died since.
    if (message.epoch != target.epoch) {
      free_block(message);
      ++target.undelivered;
    }
    message.socket.prep_close(ring_.detached_sqe());  // the worker's table has it too
    return release(message);
  }
  // EBADF: the descriptor of a ring that disconnect() has closed, should it be submitted late.
  const bool is_dead = result == -EOWNERDEAD || result == -EBADFD || result == -EBADF;
  if (is_dead && !is_cut_off_) {
    if (message.epoch != target.epoch) try_send(message);
    return;
  }
  // ENFILE: the worker's table is full, whose size is its limit of descriptors. Closing tells the
  // client, and the count tells us.
  counters_.handover_errors.add();
  ++target.undelivered;
  counters_.count_shortage(result == -ENFILE ? EMFILE : -result);
  free_block(message);
  close(message);
}

void RingHandoverSender::free_block(Message& message) noexcept {
  if (message.block) workers_[message.worker].blocks->give_back(*message.block);
  message.block.reset();
}

void RingHandoverSender::close(Message& message) noexcept {
  message.socket.end(ring_);
  release(message);
}

void RingHandoverSender::release(Message& message) noexcept {
  counters_.connections_closed.add();
  --workers_[message.worker].pending;
  messages_.release(message);
}

void RingHandoverSender::cut_off() noexcept {
  is_cut_off_ = true;
  look_again_at_ = kNever;
  messages_.for_each([this](Message& message) {
    if (!message.in_flight.none()) return;
    counters_.handover_errors.add();
    ++workers_[message.worker].undelivered;
    free_block(message);
    close(message);
  });
}

std::uint64_t RingHandoverSender::unsent(unsigned worker) noexcept {
  std::uint64_t count = 0;
  messages_.for_each([&](const Message& message) { count += message.worker == worker ? 1 : 0; });
  return count;
}

bool RingHandoverSender::is_awaited(unsigned worker) noexcept {
  bool is_sent = false;
  messages_.for_each([&](const Message& message) {
    // What went to a dead one comes back by itself, and is no reason to end its replacement.
    is_sent = is_sent || (message.worker == worker && message.epoch == workers_[worker].epoch &&
                          !message.in_flight.none());
  });
  return is_sent;
}

}  // namespace urb
