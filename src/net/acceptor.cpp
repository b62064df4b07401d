// Listening and accepting.
#include "net/acceptor.hpp"

#include <netinet/tcp.h>
#include <sys/socket.h>

#include <cerrno>

#include "base/error.hpp"

namespace urb {
namespace {

// The kernel caps it at net.core.somaxconn; a full queue makes clients retry their SYN for a
// second.
constexpr int kBacklog = 65535;
// A guess: long enough not to spin, short enough that a freed descriptor is used soon.
constexpr Nanos kRetryAfter = std::chrono::milliseconds{50};

}  // namespace

Fd make_listener(const Address& address, bool share_port) {
  Fd fd{Adopt{}, check(socket(address.family(), SOCK_STREAM | SOCK_CLOEXEC, 0), "socket")};
  const int on = 1;
  check(setsockopt(fd.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on), "setsockopt SO_REUSEADDR");
  if (share_port) {
    check(setsockopt(fd.get(), SOL_SOCKET, SO_REUSEPORT, &on, sizeof on),
          "setsockopt SO_REUSEPORT");
  }
  check(setsockopt(fd.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on), "setsockopt TCP_NODELAY");
  if (bind(fd.get(), address.raw(), address.raw_bytes()) != 0) {
    const int error = errno;
    throw SysError("bind to " + format_address(address), error, hint_for_errno(error));
  }
  check(listen(fd.get(), kBacklog), "listen");
  return fd;
}

void Acceptor::arm() noexcept {
  retry_at_ = kNever;
  armed_ = true;
  io_uring_prep_multishot_accept(ring_.sqe(token(Op::accept)), listener_, nullptr, nullptr,
                                 socket_flags_ | SOCK_CLOEXEC);
}

Fd Acceptor::on_completion(const Completion& done) noexcept {
  if (static_cast<Op>(done.token.op) == Op::cancel) return {};
  if (!done.more()) armed_ = false;
  Fd accepted;
  if (done.result >= 0) {
    accepted = Fd{Adopt{}, done.result};
  } else if (!stopping_) {
    counters_.accept_errors.add();
    counters_.count_shortage(-done.result);
  }
  if (!armed_ && !stopping_) {
    // A connection that was reset while it waited is over; for the others (no descriptors, no
    // memory) an immediate retry would only spin.
    if (done.result >= 0 || done.result == -ECONNABORTED) {
      arm();
    } else {
      retry_at_ = monotonic_now() + kRetryAfter;
    }
  }
  return accepted;
}

void Acceptor::on_deadline(Nanos now) noexcept {
  if (now >= retry_at_) arm();
}

void Acceptor::begin_stop() noexcept {
  stopping_ = true;
  retry_at_ = kNever;
  // Whoever connects from now on is refused at once; left open until the last answer is sent, the
  // listener would let them wait for nothing. The descriptor itself is the caller's.
  shutdown(listener_, SHUT_RDWR);
  if (!armed_) return;
  io_uring_prep_cancel64(ring_.sqe(token(Op::cancel)), pack(token(Op::accept)), 0);
}

}  // namespace urb
