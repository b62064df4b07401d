// Handing connected sockets to another process' ring: direct descriptors, sent by
// IORING_OP_MSG_RING into the file table of the worker's ring, where they come out as a completion.
// No channel, no message to receive; the bytes already read wait in shared memory.
//
// The receiving ring has DEFER_TASKRUN: the kernel then installs the descriptor in the worker's own
// context, and fails with EOWNERDEAD once that is dead; without, a dead worker's ring would swallow
// sockets (io_uring/msg_ring.c, read for 6.18). Linux 6.3: earlier ones post to such rings without
// their owner (6.0 has the operation).
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "base/fd.hpp"
#include "base/slot_map.hpp"
#include "net/shared_blocks.hpp"
#include "stats/counters.hpp"
#include "uring/buffer_pool.hpp"
#include "uring/operations.hpp"
#include "uring/ring.hpp"
#include "uring/socket.hpp"

namespace urb {

/// What both rings need. The master accepts into its table with a multishot only.
inline constexpr Features kRingHandoverNeeds{Feature::defer_taskrun, Feature::accept_multishot,
                                             Feature::msg_ring_fd};

/// The master's side. Owns each socket until the worker's ring has it, then frees its own slot.
///
/// What a dead worker's ring refuses stays here and goes to its replacement: nobody has read it. A
/// worker that does not run does not stop the others: at most its share of half the descriptors
/// waits for it, what comes beyond is refused.
class RingHandoverSender {
 public:
  /// `shared`: one memory for SharedBlocks per worker, or nothing where no bytes ever go along.
  RingHandoverSender(Ring& ring, std::uint8_t owner, unsigned worker_count,
                     std::span<const std::span<std::byte>> shared, Counters& counters,
                     std::size_t socket_capacity);

  /// From here on worker `worker` has `ring`, a descriptor of its ring; sends what waits for it.
  void connect(unsigned worker, Fd ring) noexcept;
  /// The worker is dead. Its ring is closed at once: our descriptor would keep it alive, and with
  /// it every connection in its table.
  void disconnect(unsigned worker) noexcept;

  /// Hands over an unread, direct socket; closes it when too many wait already. Queues one SQE.
  void give(unsigned worker, Socket socket) noexcept;
  /// Hands over a socket and the bytes [begin, end) of `lease`, which are copied at once. Gives the
  /// socket back when too many wait already.
  [[nodiscard]] Socket give_with_bytes(unsigned worker, Socket socket, BufferLease lease,
                                       std::size_t begin, std::size_t end) noexcept;
  void on_completion(const Completion& done) noexcept;
  /// Nothing tells that a worker has given a block back: it is looked for from time to time.
  [[nodiscard]] Nanos next_deadline() const noexcept { return look_again_at_; }
  void on_deadline(Nanos now) noexcept;
  /// Closes everything that has not been sent. What has been sent to a worker that does not run
  /// cannot be taken back; is_idle() waits for that worker, or for its death.
  void cut_off() noexcept;
  [[nodiscard]] bool is_idle() const noexcept { return messages_.size() == 0; }
  /// Of all sockets ever given for `worker`, those that no living worker got or will get.
  [[nodiscard]] std::uint64_t undelivered(unsigned worker) const noexcept {
    return workers_[worker].undelivered;
  }
  /// Those given for it that are still here: not sent, or not known to be.
  [[nodiscard]] std::uint64_t unsent(unsigned worker) noexcept;
  /// Whether something has been sent to `worker`, as it is now, that it has not received.
  [[nodiscard]] bool is_awaited(unsigned worker) noexcept;

 private:
  enum class Op : std::uint8_t { send };
  /// Without a send in flight: not sent, or sent in vain.
  struct Message : OperationSlot<Op> {
    unsigned worker = 0;
    std::uint32_t epoch = 0;  ///< of the worker, when it was sent
    std::uint32_t prefix_bytes = 0;
    std::optional<std::uint16_t> block;  ///< with the bytes
    std::vector<std::byte> parked;       ///< the bytes, while there is no block for them
    Socket socket;
  };
  struct Worker {
    Fd ring;                  ///< not open: dead, or not ready yet
    std::uint32_t epoch = 0;  ///< counts the rings
    std::size_t pending = 0;  ///< sockets given and not closed here yet
    std::uint64_t undelivered = 0;
    std::optional<SharedBlocks> blocks;
  };
  [[nodiscard]] Message* try_admit(unsigned worker) noexcept;
  void try_send(Message& message) noexcept;
  [[nodiscard]] bool try_place_bytes(Message& message) noexcept;
  void on_sent(Message& message, int result) noexcept;
  void free_block(Message& message) noexcept;
  void close(Message& message) noexcept;
  void release(Message& message) noexcept;

  Ring& ring_;
  Operations<Op> operations_;
  Counters& counters_;
  std::vector<Worker> workers_;
  std::size_t pending_max_;  ///< of a worker
  SlotMap<Message> messages_;
  Nanos look_again_at_ = kNever;
  bool is_cut_off_ = false;
};

/// The worker's side. Has no request of its own: what comes is posted into its ring.
class RingHandoverReceiver {
 public:
  /// `ring` has a file table. `shared` is empty where no bytes ever come.
  RingHandoverReceiver(Ring& ring, std::span<std::byte> shared);

  /// Calls `adopt(Socket, BufferLease, begin, end)` for a completion whose owner is kMessageOwner,
  /// at once, or from adopt_waiting() when no buffer is free for its bytes.
  template <class F>
  void on_completion(const Completion& done, F&& adopt) noexcept {
    waiting_.push_back(done);
    adopt_waiting(adopt);
  }
  /// At the end of each batch.
  template <class F>
  void adopt_waiting(F&& adopt) noexcept {
    while (std::optional<Received> next = try_receive()) {
      adopt(std::move(next->socket), std::move(next->lease), 0, next->bytes);
    }
  }
  [[nodiscard]] bool is_idle() const noexcept { return waiting_.empty(); }

 private:
  struct Received {
    Socket socket;
    BufferLease lease;
    std::size_t bytes = 0;
  };
  [[nodiscard]] std::optional<Received> try_receive() noexcept;

  Ring& ring_;
  std::optional<SharedBlocks> blocks_;
  std::optional<BufferPool> pool_;
  std::vector<Completion> waiting_;  ///< in their order; bounded by the master's blocks
};

}  // namespace urb
