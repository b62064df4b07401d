// Both kinds of ends.
#include "uring/socket.hpp"

#include <sys/socket.h>

namespace urb {

void Socket::prep_close(io_uring_sqe* sqe) noexcept {
  if (is_direct()) {
    ring_ = nullptr;
    io_uring_prep_close_direct(sqe, slot_);
  } else {
    io_uring_prep_close(sqe, fd_.release());
  }
}

void Socket::end(Ring& ring) noexcept {
  if (is_direct() && !ring.use(Feature::slot_release)) {
    ring.reserve(2);
    io_uring_sqe* const sqe = ring.detached_sqe();
    prep_shutdown(sqe, SHUT_RDWR);
    sqe->flags |= IOSQE_IO_HARDLINK;  // the close must come behind it, and whatever it says
  }
  prep_close(ring.detached_sqe());
}

void Socket::set_low_water(const int& bytes) const noexcept {
  if (!is_direct()) {
    // Only sockets that do not know it refuse: they wake us more often.
    setsockopt(fd_.get(), SOL_SOCKET, SO_RCVLOWAT, &bytes, sizeof bytes);
    return;
  }
  if (!ring_->use(Feature::socket_command)) return;
  io_uring_sqe* const sqe = ring_->detached_sqe();
  io_uring_prep_cmd_sock(sqe, SOCKET_URING_OP_SETSOCKOPT, number(), SOL_SOCKET, SO_RCVLOWAT,
                         const_cast<int*>(&bytes), sizeof bytes);  // only read from
  address(sqe);
}

void Socket::close() noexcept {
  fd_.close();
  if (!is_direct()) return;
  if (!ring_->use(Feature::slot_release)) return end(*ring_);
  std::exchange(ring_, nullptr)->free_slot(slot_);
}

}  // namespace urb
