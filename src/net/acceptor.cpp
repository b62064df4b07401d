// Listening and accepting.
#include "net/acceptor.hpp"

#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "base/error.hpp"

namespace urb {
namespace {

// The kernel caps it at net.core.somaxconn; a full queue makes clients retry their SYN for a
// second.
constexpr int kBacklog = 65535;
// A guess: long enough not to spin, short enough that a freed descriptor is used soon.
constexpr Nanos kRetryAfter = std::chrono::milliseconds{50};

// What a killed server leaves behind. Only a socket that refuses is one: anything else at that path
// is somebody's, and then bind(2) says that the address is in use.
void remove_dead_socket(const Address& address) {
  const std::string path = address.path();
  struct stat file {};
  if (lstat(path.c_str(), &file) != 0 || !S_ISSOCK(file.st_mode)) return;
  const Fd probe{Adopt{},
                 check(socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), "socket")};
  if (connect(probe.get(), address.raw(), address.raw_bytes()) != 0 && errno == ECONNREFUSED)
    unlink(path.c_str());
}

void set_tcp_options(int fd, bool share_port) {
  const int on = 1;
  check(setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on), "setsockopt SO_REUSEADDR");
  if (share_port)
    check(setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &on, sizeof on), "setsockopt SO_REUSEPORT");
  check(setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on), "setsockopt TCP_NODELAY");
}

}  // namespace

Fd make_listener(const Address& address, bool share_port) {
  Fd fd{Adopt{}, check(socket(address.family(), SOCK_STREAM | SOCK_CLOEXEC, 0), "socket")};
  if (address.is_unix()) {
    remove_dead_socket(address);
  } else {
    set_tcp_options(fd.get(), share_port);
  }
  if (bind(fd.get(), address.raw(), address.raw_bytes()) != 0) {
    const int error = errno;
    throw SysError("bind to " + format_address(address), error, hint_for_errno(error));
  }
  check(listen(fd.get(), kBacklog), "listen");
  return fd;
}

void Acceptor::arm() noexcept {
  retry_at_ = kNever;
  counters_.accepts_armed.add();
  io_uring_sqe* const sqe = operations_.arm(slot_, Op::accept);
  if (into_ == AcceptInto::slot) {
    // Without SOCK_CLOEXEC, which is refused: there is no descriptor that exec could keep.
    io_uring_prep_multishot_accept_direct(sqe, listener_, nullptr, nullptr, socket_flags_);
  } else if (!is_multishot_) {
    io_uring_prep_accept(sqe, listener_, nullptr, nullptr, socket_flags_ | SOCK_CLOEXEC);
  } else {
    io_uring_prep_multishot_accept(sqe, listener_, nullptr, nullptr, socket_flags_ | SOCK_CLOEXEC);
  }
}

Socket Acceptor::on_completion(const Completion& done) noexcept {
  operations_.finish(slot_, done);
  Socket accepted;
  if (done.result >= 0) {
    accepted = into_ == AcceptInto::slot ? Socket{ring_, static_cast<std::uint32_t>(done.result)}
                                         : Socket{Fd{Adopt{}, done.result}};
  } else if (!stopping_) {
    counters_.accept_errors.add();
    // ENFILE of a slot is our own table's, whose size is the limit of descriptors; the kernel has
    // closed the connection by then (io_uring/filetable.c, 6.18).
    const bool is_own_table = into_ == AcceptInto::slot && done.result == -ENFILE;
    counters_.count_shortage(is_own_table ? EMFILE : -done.result);
  }
  if (slot_.in_flight.none() && !stopping_) {
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
  operations_.cancel_all(slot_);
}

}  // namespace urb
