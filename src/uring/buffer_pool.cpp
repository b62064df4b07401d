// The four kinds of receive memory.
#include "uring/buffer_pool.hpp"

#include <sys/mman.h>

#include <bit>
#include <cerrno>
#include <string>

#include "base/error.hpp"
#include "uring/setup_retry.hpp"

namespace urb {

std::string_view name_of(BufferKind kind) noexcept {
  switch (kind) {
    case BufferKind::registered: return "registered";
    case BufferKind::provided: return "provided";
    case BufferKind::provided_inc: return "provided-inc";
    case BufferKind::plain: return "plain";
  }
  return "";
}

ReceiveWay way_of_receive(const io_uring_sqe& sqe) noexcept {
  if (sqe.opcode == IORING_OP_READ_FIXED) return ReceiveWay::read_fixed;
  if ((sqe.flags & IOSQE_BUFFER_SELECT) != 0) return ReceiveWay::provided;
  return (sqe.ioprio & IORING_RECVSEND_FIXED_BUF) != 0 ? ReceiveWay::registered : ReceiveWay::plain;
}

BufferPool::BufferPool(Ring& ring, const BufferPoolOptions& options)
    : ring_{ring},
      kind_{options.kind},
      buffer_count_{options.buffer_count},
      buffer_bytes_{options.buffer_bytes},
      group_id_{options.group_id} {
  URB_ASSERT(buffer_count_ != 0 && buffer_bytes_ % 4096 == 0);
  const std::size_t arena_bytes = std::size_t{buffer_count_} * buffer_bytes_;
  void* const memory =
      mmap(nullptr, arena_bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) {
    if (errno == ENOMEM) throw Unsupported("no memory for receive buffers; raise ulimit -v");
    throw_errno("mmap of receive buffers");
  }
  arena_ = static_cast<std::byte*>(memory);
  // Pinned pages would be copied at each fork, and no child needs them.
  madvise(memory, arena_bytes, MADV_DONTFORK);
  links_.resize(buffer_count_);
  free_.reserve(buffer_count_);
  try {
    if (kind_ == BufferKind::registered) register_arena();
    if (is_provided(kind_)) set_up_buffer_ring();
  } catch (...) {
    munmap(arena_, arena_bytes);
    throw;
  }
  free_count_ = buffer_count_;
  if (is_provided(kind_)) {
    fillings_.resize(kind_ == BufferKind::provided_inc ? buffer_count_ : 0);
    for (std::uint32_t index = 0; index < buffer_count_; ++index) give_to_kernel(index);
  } else {
    for (std::uint32_t index = buffer_count_; index-- > 0;) free_.push_back(index);
  }
}

BufferPool::~BufferPool() {
  URB_ASSERT(free_count_ == buffer_count_);
  URB_ASSERT(kind_ != BufferKind::provided_inc || free_.size() == pieces_.size());
  if (buffer_ring_ != nullptr) {
    io_uring_free_buf_ring(ring_.raw(), buffer_ring_, buffer_count_, group_id_);
  }
  if (kind_ == BufferKind::registered) io_uring_unregister_buffers(ring_.raw());
  munmap(arena_, std::size_t{buffer_count_} * buffer_bytes_);
}

void BufferPool::register_arena() {
  // One iovec for the whole arena: READ_FIXED may name any range inside it.
  const iovec whole{arena_, std::size_t{buffer_count_} * buffer_bytes_};
  const int result =
      retry_without_memory([&] { return io_uring_register_buffers(ring_.raw(), &whole, 1); });
  if (result == -ENOMEM) {
    throw Unsupported(
        "registered buffers do not fit into RLIMIT_MEMLOCK; raise ulimit -l, use fewer workers, or "
        "--buffers plain");
  }
  if (result < 0) throw_refused("io_uring_register", -result, {5, 1}, "use --buffers plain");
  receives_registered_ = ring_.use(Feature::recv_registered);
}

void BufferPool::set_up_buffer_ring() {
  URB_ASSERT(std::has_single_bit(buffer_count_));
  if (!ring_.use(Feature::recv_multishot)) {
    throw_missing("provided buffers need Linux 6.0 or later; use --buffers registered");
  }
  unsigned flags = 0;
  if (kind_ == BufferKind::provided_inc) {
    if (!ring_.use(Feature::provided_inc)) {
      throw_missing("--buffers provided-inc needs Linux 6.12 or later; use --buffers provided");
    }
    flags = IOU_PBUF_RING_INC;
  }
  const int error = retry_without_memory([&] {
    int cause = 0;
    buffer_ring_ = io_uring_setup_buf_ring(ring_.raw(), buffer_count_, group_id_, flags, &cause);
    return buffer_ring_ == nullptr ? cause : 0;
  });
  if (error != 0) {
    if (error == -ENOMEM) {
      throw Unsupported(
          "no memory for provided buffers; raise ulimit -l, use fewer workers or --buffers plain, "
          "or free memory");
    }
    throw_refused("io_uring_register", -error, {5, 1}, "use --buffers plain");
  }
}

BufferLease BufferPool::try_take() noexcept {
  URB_ASSERT(!is_provided(kind_));
  if (free_.empty()) return {};
  const std::uint32_t index = free_.back();
  free_.pop_back();
  --free_count_;
  return BufferLease{this, index};
}

BufferLease BufferPool::claim(const Completion& done) noexcept {
  if (!done.has_buffer()) return {};
  URB_ASSERT(is_provided(kind_) && done.buffer_id() < buffer_count_);
  if (kind_ == BufferKind::provided_inc) {
    // An end or an error takes nothing of a buffer.
    return done.result > 0 ? claim_piece(done.buffer_id(), static_cast<std::uint32_t>(done.result))
                           : BufferLease{};
  }
  --free_count_;
  return BufferLease{this, done.buffer_id()};
}

// The kernel fills a buffer to its last byte before it begins the next, whoever receives.
BufferLease BufferPool::claim_piece(std::uint32_t buffer, std::uint32_t bytes) noexcept {
  Filling& filling = fillings_[buffer];
  URB_ASSERT(bytes <= buffer_bytes_ - filling.filled);
  if (free_.empty()) {
    free_.push_back(static_cast<std::uint32_t>(pieces_.size()));
    pieces_.emplace_back();
    if (links_.size() < pieces_.size()) links_.resize(pieces_.size());
    free_.reserve(pieces_.capacity());
  }
  const std::uint32_t index = free_.back();
  free_.pop_back();
  pieces_[index] = {buffer, filling.filled, bytes};
  filling.filled += bytes;
  ++filling.pieces;
  if (filling.filled == buffer_bytes_) --free_count_;
  return BufferLease{this, index};
}

void BufferPool::take_piece_back(std::uint32_t index) noexcept {
  const std::uint32_t buffer = pieces_[index].buffer;
  free_.push_back(index);  // within the capacity that claim_piece() reserved
  Filling& filling = fillings_[buffer];
  if (--filling.pieces != 0 || filling.filled != buffer_bytes_) return;
  filling.filled = 0;
  ++free_count_;
  give_to_kernel(buffer);
}

void BufferPool::prep_read(io_uring_sqe* sqe, const Socket& from,
                           std::span<std::byte> into) const noexcept {
  prep_read(sqe, from.number(), into);
  from.address(sqe);
}

void BufferPool::prep_read(io_uring_sqe* sqe, int fd, std::span<std::byte> into) const noexcept {
  URB_ASSERT(into.data() >= arena_ &&
             into.data() + into.size() <= arena_ + std::size_t{buffer_count_} * buffer_bytes_);
  if (kind_ == BufferKind::registered) {
    if (receives_registered_) {
      io_uring_prep_recv(sqe, fd, into.data(), into.size(), 0);
      sqe->ioprio |= IORING_RECVSEND_FIXED_BUF;
      sqe->buf_index = 0;
      return;
    }
    // RECV refuses registered buffers up to Linux 7.1, READ_FIXED on a socket works on all.
    // Offset 0: a socket has no position, and -1 would ask for the file's (io_uring_prep_read(3)).
    io_uring_prep_read_fixed(sqe, fd, into.data(), static_cast<unsigned>(into.size()), 0, 0);
  } else {
    io_uring_prep_recv(sqe, fd, into.data(), into.size(), 0);
  }
}

void BufferPool::prep_recv_multishot(io_uring_sqe* sqe, const Socket& from) const noexcept {
  URB_ASSERT(is_provided(kind_));
  io_uring_prep_recv_multishot(sqe, from.number(), nullptr, 0, 0);
  io_uring_sqe_set_flags(sqe, IOSQE_BUFFER_SELECT);
  sqe->buf_group = group_id_;
  from.address(sqe);
}

void BufferPool::take_back(std::uint32_t index) noexcept {
  if (kind_ == BufferKind::provided_inc) return take_piece_back(index);
  ++free_count_;
  if (kind_ == BufferKind::provided) {
    give_to_kernel(index);
  } else {
    free_.push_back(index);  // within the capacity reserved by the constructor
  }
}

void BufferPool::give_to_kernel(std::uint32_t index) noexcept {
  io_uring_buf_ring_add(buffer_ring_, buffer_memory(index).data(), buffer_bytes_,
                        static_cast<std::uint16_t>(index), io_uring_buf_ring_mask(buffer_count_),
                        0);
  io_uring_buf_ring_advance(buffer_ring_, 1);
}

void ByteQueue::push(BufferLease lease, std::size_t begin, std::size_t end) noexcept {
  if (begin == end) return;
  BufferPool* const pool = std::exchange(lease.pool_, nullptr);
  URB_ASSERT(pool != nullptr && (pool_ == nullptr || pool_ == pool));
  pool->links_[lease.index_] = {0, static_cast<std::uint32_t>(begin),
                                static_cast<std::uint32_t>(end)};
  if (pool_ == nullptr) {
    head_ = lease.index_;
  } else {
    pool->links_[tail_].next = lease.index_;
  }
  pool_ = pool;
  tail_ = lease.index_;
  ++count_;
}

std::span<const std::byte> ByteQueue::front() const noexcept {
  if (pool_ == nullptr) return {};
  const BufferPool::Link& link = pool_->links_[head_];
  return pool_->memory_of(head_).subspan(link.begin, link.end - link.begin);
}

void ByteQueue::consume(std::size_t count) noexcept {
  if (count == 0) return;
  URB_ASSERT(pool_ != nullptr);
  BufferPool::Link& link = pool_->links_[head_];
  URB_ASSERT(count <= link.end - link.begin);
  link.begin += static_cast<std::uint32_t>(count);
  if (link.begin == link.end) pop();
}

void ByteQueue::pop() noexcept {
  BufferPool* const pool = pool_;
  const std::uint32_t index = head_;
  head_ = pool->links_[index].next;
  if (--count_ == 0) pool_ = nullptr;
  pool->take_back(index);
}

void ByteQueue::clear() noexcept {
  while (!is_empty()) pop();
}

}  // namespace urb
