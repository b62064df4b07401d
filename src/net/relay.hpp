// Moves bytes from one non-blocking stream socket to another, in one of three ways, with
// back-pressure: at most one pipe or buffer of bytes is between source and target at any time.
// It knows nothing of HTTP: the caller says how many bytes.
//
// A transfer borrows its pipe or buffer. While these are plenty it may keep an empty one; once half
// of them are lent it gives its own back when the source has nothing, and polls the source before
// it takes another. So silent sources hold at most half of them. A transfer that finds none waits
// in a queue. Targets that take nothing may hold all of them; then the transfer that has moved
// nothing for longest, and for half a second at least, ends for each that waits.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>

#include "base/intrusive_list.hpp"
#include "base/slot_map.hpp"
#include "net/pipe_pool.hpp"
#include "net/relay_kind.hpp"
#include "net/write_wait.hpp"
#include "stats/counters.hpp"
#include "uring/buffer_pool.hpp"
#include "uring/operations.hpp"
#include "uring/ring.hpp"

namespace urb {

enum class TransferResult : std::uint8_t {
  done,            ///< every byte has been written to the target
  source_ended,    ///< end of file, or a reset, before the last byte
  source_refused,  ///< it is TLS of the kernel, and has sent what nobody here can do: an alert is
                   ///< due
  source_broken,   ///< the same with a bad record, or a fatal alert
  target_failed,   ///< the target takes no more
  cancelled,
};

/// What a finished transfer tells its owner.
struct TransferEnd {
  std::uint32_t cookie;  ///< as given to begin()
  TransferResult result;
};

class Relay {
 public:
  /// `buffers` serves `copy` (kind registered or plain), `pipes` the others. `owner` marks this
  /// component's tokens. Throws SysError when not even one pipe can be made.
  Relay(Ring& ring, std::uint8_t owner, RelayKind kind, BufferPool& buffers, Counters& counters,
        std::size_t transfer_capacity, const PipePoolOptions& pipes = {});
  Relay(const Relay&) = delete;
  Relay& operator=(const Relay&) = delete;
  /// Drains the ring first if transfers are still running; they end without a word.
  ~Relay();

  /// Starts to move exactly `bytes` (> 0) from `source` to `target`, both O_NONBLOCK. They stay
  /// open, and theirs is the caller's to close, until the TransferEnd with this cookie. Returns the
  /// transfer's id, for progress() and cancel(); empty when all transfers are taken.
  [[nodiscard]] std::optional<std::uint32_t> begin(std::uint32_t cookie, int source, int target,
                                                   std::uint64_t bytes) noexcept;
  /// Bytes written to the target so far. Only while the transfer runs.
  [[nodiscard]] std::uint64_t progress(std::uint32_t transfer_id) noexcept;
  /// Asks a running transfer to end; its TransferEnd still comes, from on_completion(). It says
  /// `cancelled`, or how the transfer ended if that was first.
  void cancel(std::uint32_t transfer_id) noexcept;

  /// Handles a completion of this component. Returns the end of a transfer when this was its last.
  [[nodiscard]] std::optional<TransferEnd> on_completion(const Completion& done) noexcept;
  /// Serves transfers that wait for a buffer with what others gave back to the pool.
  void on_batch_end() noexcept;
  [[nodiscard]] Nanos next_deadline() const noexcept;
  /// Ends what holds others up, and closes pipes that nobody has needed for the idle timeout.
  void on_deadline(Nanos now) noexcept;

  [[nodiscard]] std::size_t transfer_count() const noexcept { return transfers_.size(); }

 private:
  enum class Op : std::uint8_t {
    poll_source,
    poll_target,
    splice_in,   ///< source to pipe
    splice_out,  ///< pipe to target
    read,
    send,
    pause,  ///< a TIMEOUT: the source says that it is readable, and gives nothing
    wake,   ///< a NOP: on_completion() is due, for an end or for work that nothing else starts
  };
  static constexpr std::uint64_t kUnknown = ~std::uint64_t{0};

  struct Transfer : OperationSlot<Op> {
    Transfer(std::uint32_t its_cookie, int its_source, int its_target, std::uint64_t bytes) noexcept
        : cookie{its_cookie}, source{its_source}, target{its_target}, unread{bytes}, left{bytes} {}
    std::uint32_t cookie;
    int source;
    int target;
    std::uint64_t unread;  ///< bytes that are still to be taken from the source
    std::uint64_t left;    ///< bytes that are still to be written to the target
    std::uint64_t written = 0;
    std::uint32_t asked = 0;     ///< bytes that the last splice or read was for
    std::uint32_t received = 0;  ///< bytes that it brought
    bool cancelled = false;
    bool source_ended = false;
    bool source_refused = false;
    bool source_broken = false;
    bool target_failed = false;
    bool source_is_empty = false;     ///< the last attempt found nothing
    bool source_is_readable = false;  ///< the last poll said so, and nothing has moved since
    bool must_receive = false;        ///< there may be what no splice brings, see receive_other()
    bool other_is_next = false;       ///< what there is, is a record of TLS that is no data
    bool splice_ended = false;        ///< it said end of file
    bool was_readable_for_nothing = false;  ///< since something came
    bool must_pause = false;                ///< a poll of the source would say nothing
    Nanos last_pause{};                     ///< since something came; 0: none
    __kernel_timespec pause_spec{};         ///< read until its completion
    bool target_is_full = false;            ///< copy: the next send waits for a poll
    bool target_is_ready = false;           ///< a poll that stood alone has said so
    bool is_evicted = false;
    WriteWait write_wait;
    Nanos stuck_since{};               ///< since when it waits for its target
    std::uint64_t untaken = kUnknown;  ///< by the target, at the last look
    Pipe pipe;
    BufferLease lease;
    std::unique_ptr<std::byte[]> spare;  ///< instead of a lease, when those are stuck
    ListHook<Transfer> waiting_hook;
    ListHook<Transfer> stuck_hook;

    /// Bytes between source and target, in the pipe or in the lease.
    [[nodiscard]] std::uint64_t in_transit() const noexcept { return left - unread; }
    [[nodiscard]] bool has_store() const noexcept {
      return pipe.is_open() || lease.is_held() || spare != nullptr;
    }
    [[nodiscard]] bool is_over() const noexcept {
      return cancelled || source_ended || target_failed || left == 0;
    }
  };

  // relay.cpp: what the three data paths share
  void arm_source_poll(Transfer& transfer, unsigned sqe_flags = 0) noexcept;
  void arm_target_poll(Transfer& transfer, unsigned sqe_flags) noexcept;
  [[nodiscard]] bool wait_for_target(Transfer& transfer) noexcept;
  [[nodiscard]] bool on_target_polled(Transfer& transfer, const Completion& done) noexcept;
  void on_source_polled(Transfer& transfer, std::int32_t result) noexcept;
  void receive_other(Transfer& transfer) noexcept;
  void write_into_pipe(Transfer& transfer, std::span<const std::byte> bytes) noexcept;
  void on_moved_in(Transfer& transfer, std::int32_t result) noexcept;
  /// `bytes` counts what came to the target this way.
  void on_moved_out(Transfer& transfer, std::int32_t result, Counter& bytes) noexcept;
  void go_on(Transfer& transfer, bool is_readable) noexcept;
  void run(Transfer& transfer) noexcept;
  [[nodiscard]] TransferEnd finish(Transfer& transfer) noexcept;
  // relay_store.cpp: who gets a pipe or a buffer, and who gives way
  [[nodiscard]] bool stores_are_few() const noexcept;
  [[nodiscard]] bool try_take_store(Transfer& transfer) noexcept;
  [[nodiscard]] bool try_take_buffer(Transfer& transfer) noexcept;
  void give_back_store(Transfer& transfer) noexcept;
  void wait_for_source(Transfer& transfer) noexcept;
  void evict_one(Nanos now) noexcept;
  void serve_waiting() noexcept;
  // relay_linked.cpp
  void queue_hop(Transfer& transfer) noexcept;
  // relay_sync.cpp
  void pump(Transfer& transfer) noexcept;
  // relay_copy.cpp
  void queue_copy(Transfer& transfer) noexcept;

  Ring& ring_;
  Operations<Op> operations_;
  RelayKind kind_;
  BufferPool& buffers_;
  Counters& counters_;
  PipePool pipes_;
  std::uint32_t spare_count_;  ///< buffers, for `copy`; as many as there are spare pipes
  std::uint32_t spares_left_;
  SlotMap<Transfer> transfers_;
  IntrusiveList<Transfer, &Transfer::waiting_hook> waiting_;
  IntrusiveList<Transfer, &Transfer::stuck_hook> stuck_;  ///< wait for their targets, oldest first
  bool is_evicting_ = false;  ///< one at a time: its store serves the next
  Nanos trim_at_ = kNever;
};

}  // namespace urb
