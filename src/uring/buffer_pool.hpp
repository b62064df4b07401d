// Memory that received bytes land in, and who owns each piece of it at any time.
//
// Four kinds behind one class, so that every mode makes the same choice the same way:
//   registered    the arena is registered with the ring; reads are RECV (Linux 7.2) or READ_FIXED
//   provided      the kernel picks a buffer from a ring of them at the time data is there
//   provided-inc  the same, and what a receive leaves of a buffer is for the next (Linux 6.12)
//   plain         ordinary memory; reads are RECV
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include "base/assert.hpp"
#include "uring/completion.hpp"
#include "uring/ring.hpp"
#include "uring/socket.hpp"

namespace urb {

enum class BufferKind : std::uint8_t { registered, provided, provided_inc, plain };
[[nodiscard]] std::string_view name_of(BufferKind kind) noexcept;
/// Whether the kernel picks the buffers.
[[nodiscard]] constexpr bool is_provided(BufferKind kind) noexcept {
  return kind == BufferKind::provided || kind == BufferKind::provided_inc;
}

/// How a receive brings its bytes: READ_FIXED, RECV into registered buffers, RECV into what the
/// kernel picks, or RECV.
enum class ReceiveWay : std::uint8_t { read_fixed, registered, provided, plain };
/// The way of the receive in `sqe`, as its opcode and flags say. It depends on nothing that a pool
/// says of itself.
[[nodiscard]] ReceiveWay way_of_receive(const io_uring_sqe& sqe) noexcept;

class BufferPool;
class ByteQueue;

/// Owns one buffer of a pool and gives it back exactly once.
///
/// While a request that names the buffer is in flight, the lease must stay alive until that
/// request's CQE, cancelled or not (liburing#733).
class BufferLease {
 public:
  BufferLease() noexcept = default;
  BufferLease(const BufferLease&) = delete;
  BufferLease& operator=(const BufferLease&) = delete;
  BufferLease(BufferLease&& other) noexcept
      : pool_{std::exchange(other.pool_, nullptr)}, index_{other.index_} {}
  BufferLease& operator=(BufferLease&& other) noexcept {
    if (this != &other) {
      give_back();
      pool_ = std::exchange(other.pool_, nullptr);
      index_ = other.index_;
    }
    return *this;
  }
  ~BufferLease() { give_back(); }

  [[nodiscard]] bool is_held() const noexcept { return pool_ != nullptr; }
  /// The whole buffer, used or not; of `provided_inc`, what one completion brought.
  [[nodiscard]] std::span<std::byte> memory() const noexcept;
  void give_back() noexcept;

 private:
  friend class BufferPool;
  friend class ByteQueue;
  BufferLease(BufferPool* pool, std::uint32_t index) noexcept : pool_{pool}, index_{index} {}
  BufferPool* pool_ = nullptr;
  std::uint32_t index_ = 0;
};

struct BufferPoolOptions {
  BufferKind kind = BufferKind::registered;
  std::uint32_t buffer_count = 8;  ///< a power of two where the kernel picks
  std::uint32_t buffer_bytes = 128 * 1024;
  std::uint16_t group_id = 0;  ///< where the kernel picks: unique on the ring
};

/// A fixed set of equal buffers. At most one `registered` pool per ring: it is the ring's whole
/// table of registered buffers.
class BufferPool {
 public:
  /// Throws Unsupported naming the remedy where the kernel or RLIMIT_MEMLOCK refuses.
  BufferPool(Ring& ring, const BufferPoolOptions& options);
  BufferPool(const BufferPool&) = delete;
  BufferPool& operator=(const BufferPool&) = delete;
  /// All leases are back and the ring is drained.
  ~BufferPool();

  /// registered, plain: the buffer used last, whose memory is warm; empty when all are out.
  [[nodiscard]] BufferLease try_take() noexcept;
  /// The kernel picks: the buffer that `done` carries, or its part of one. Call it for each
  /// completion in their order and before any early return, or the pool drains until every receive
  /// starves (liburing#346).
  [[nodiscard]] BufferLease claim(const Completion& done) noexcept;

  /// Fills `sqe` with one read of up to `into.size()` bytes from a socket. `into` lies within a
  /// lease of this pool, which stays alive until the CQE. Not where the kernel picks.
  void prep_read(io_uring_sqe* sqe, const Socket& from, std::span<std::byte> into) const noexcept;
  void prep_read(io_uring_sqe* sqe, int fd, std::span<std::byte> into) const noexcept;
  /// The kernel picks: fills `sqe` with a multishot receive; each CQE carries a buffer to claim().
  void prep_recv_multishot(io_uring_sqe* sqe, const Socket& from) const noexcept;

  [[nodiscard]] BufferKind kind() const noexcept { return kind_; }
  [[nodiscard]] std::uint16_t group_id() const noexcept { return group_id_; }
  /// Buffers that are not leased, or that the kernel can still fill.
  [[nodiscard]] std::uint32_t free_count() const noexcept { return free_count_; }
  [[nodiscard]] std::uint32_t buffer_count() const noexcept { return buffer_count_; }
  [[nodiscard]] std::uint32_t buffer_bytes() const noexcept { return buffer_bytes_; }

 private:
  friend class BufferLease;
  friend class ByteQueue;
  struct Link {  // used by ByteQueue while the buffer is queued
    std::uint32_t next;
    std::uint32_t begin;
    std::uint32_t end;
  };
  // provided_inc: what one completion brought. A lease's index is that of a piece then.
  struct Piece {
    std::uint32_t buffer;
    std::uint32_t begin;
    std::uint32_t bytes;
  };
  struct Filling {  // provided_inc: of one buffer
    std::uint32_t filled = 0;
    std::uint32_t pieces = 0;  // that are leased
  };
  [[nodiscard]] std::span<std::byte> memory_of(std::uint32_t index) const noexcept {
    if (kind_ == BufferKind::provided_inc) {
      const Piece& piece = pieces_[index];
      return buffer_memory(piece.buffer).subspan(piece.begin, piece.bytes);
    }
    return buffer_memory(index);
  }
  [[nodiscard]] std::span<std::byte> buffer_memory(std::uint32_t index) const noexcept {
    return {arena_ + std::size_t{index} * buffer_bytes_, buffer_bytes_};
  }
  [[nodiscard]] BufferLease claim_piece(std::uint32_t buffer, std::uint32_t bytes) noexcept;
  void take_piece_back(std::uint32_t index) noexcept;
  void take_back(std::uint32_t index) noexcept;
  void give_to_kernel(std::uint32_t index) noexcept;
  void register_arena();
  void set_up_buffer_ring();

  Ring& ring_;
  BufferKind kind_;
  std::uint32_t buffer_count_;
  std::uint32_t buffer_bytes_;
  std::uint16_t group_id_;
  std::uint32_t free_count_ = 0;
  std::byte* arena_ = nullptr;
  io_uring_buf_ring* buffer_ring_ = nullptr;
  bool receives_registered_ = false;
  std::vector<std::uint32_t> free_;  ///< of buffers, or of pieces
  std::vector<Link> links_;
  std::vector<Piece> pieces_;
  std::vector<Filling> fillings_;
};

/// Received bytes that wait to be parsed, oldest first: buffers of one pool, chained through the
/// pool's own links, so that any number of them queue without an allocation.
class ByteQueue {
 public:
  ByteQueue() noexcept = default;
  ByteQueue(const ByteQueue&) = delete;
  ByteQueue& operator=(const ByteQueue&) = delete;
  ~ByteQueue() { clear(); }

  [[nodiscard]] bool is_empty() const noexcept { return pool_ == nullptr; }
  [[nodiscard]] std::uint32_t buffer_count() const noexcept { return count_; }
  /// Appends bytes [begin, end) of `lease`, which the queue owns from here. Empty ranges are
  /// given back at once.
  void push(BufferLease lease, std::size_t begin, std::size_t end) noexcept;
  /// The unparsed bytes of the oldest buffer; empty when there are none.
  [[nodiscard]] std::span<const std::byte> front() const noexcept;
  /// Drops `count` bytes of front(); a buffer that has none left goes back to its pool.
  void consume(std::size_t count) noexcept;
  void clear() noexcept;

 private:
  void pop() noexcept;
  BufferPool* pool_ = nullptr;
  std::uint32_t head_ = 0;
  std::uint32_t tail_ = 0;
  std::uint32_t count_ = 0;
};

inline std::span<std::byte> BufferLease::memory() const noexcept {
  URB_DEBUG_ASSERT(pool_ != nullptr);
  return pool_->memory_of(index_);
}

inline void BufferLease::give_back() noexcept {
  if (pool_ != nullptr) std::exchange(pool_, nullptr)->take_back(index_);
}

}  // namespace urb
