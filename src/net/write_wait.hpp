// Waiting until a socket takes bytes again.
//
// io_uring adds POLLRDHUP to every poll. So a poll for POLLOUT on a socket whose peer has ended its
// sending side is ready at once, full or not, and what is tried behind it finds no room (5.10 to
// 6.18). The kernel's own poll behind a blocking SEND has the same fault: it gives up after 128
// tries and leaves the SEND to an io-wq thread, one for each such client. Hence every send of the
// server says MSG_DONTWAIT and waits by this class: by an ordinary poll, and once that has said
// POLLRDHUP alone, by a multishot one. That one reports again when room comes, and only then.
#pragma once

#include <poll.h>

#include <cerrno>
#include <cstdint>
#include <utility>

#include "uring/completion.hpp"
#include "uring/socket.hpp"

namespace urb {

class WriteWait {
 public:
  /// What the owner of the poll does next.
  enum class Step : std::uint8_t {
    wait,    ///< nothing: another completion of this poll comes
    cancel,  ///< cancels the poll; its last completion says `go_on`
    again,   ///< arms the poll again
    go_on,   ///< sends
    fail,    ///< treats the socket as broken
  };

  /// The peer's end is known: the poll stands alone, as it completes more than once.
  [[nodiscard]] bool peer_has_ended() const noexcept { return peer_has_ended_; }

  /// Fills `sqe` with the poll.
  void prep(io_uring_sqe* sqe, const Socket& socket) const noexcept {
    peer_has_ended_ ? socket.prep_poll_multishot(sqe, POLLOUT) : socket.prep_poll(sqe, POLLOUT);
  }
  void prep(io_uring_sqe* sqe, int fd) const noexcept {
    peer_has_ended_ ? io_uring_prep_poll_multishot(sqe, fd, POLLOUT)
                    : io_uring_prep_poll_add(sqe, fd, POLLOUT);
  }

  /// Takes a completion of the poll; the poll is in flight while `done.more()`.
  [[nodiscard]] Step on_completion(const Completion& done) noexcept {
    const bool has_room = done.result > 0 && (done.result & ~POLLRDHUP) != 0;
    if (done.more()) {
      if (!has_room || std::exchange(is_cancelling_, true)) return Step::wait;
      return Step::cancel;
    }
    if (std::exchange(is_cancelling_, false) || has_room) return Step::go_on;
    if (done.result == -ECANCELED || done.result == -EINTR) return Step::again;
    if (done.result < 0) return Step::fail;
    // A kernel that takes the second poll for an ordinary one cannot wait for this socket.
    return std::exchange(peer_has_ended_, true) ? Step::fail : Step::again;
  }

 private:
  bool peer_has_ended_ = false;
  bool is_cancelling_ = false;
};

/// Bytes that the peer of TCP or local stream socket `fd` has not taken yet: SIOCOUTQ. It falls
/// while a client reads slowly, long before a sender is woken (6.18: at a third of the buffer).
[[nodiscard]] std::uint64_t untaken_bytes(int fd) noexcept;

}  // namespace urb
