#include "uring/feature_tries.hpp"

#include <liburing.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <atomic>
#include <cerrno>
#include <chrono>
#include <system_error>
#include <thread>
#include <vector>

#include "base/clock.hpp"
#include "base/error.hpp"
#include "base/fd.hpp"
#include "uring/features.hpp"
#include "uring/try_ring.hpp"

namespace urb {
namespace {

// Of one that wakes nobody on some kernels; long, since a busy machine is no such kernel.
constexpr Nanos kUncertain = std::chrono::milliseconds{500};
// For a thread to go from its last line into the kernel. Too short only hides that it is not woken.
constexpr Nanos kUntilWaiting = std::chrono::milliseconds{1};

}  // namespace

bool can_set_up(unsigned flags) { return TryRing{flags}.result() == 0; }

bool is_without_array() { return (TryRing{0}.params().flags & IORING_SETUP_NO_SQARRAY) != 0; }

bool can_skip_completions() { return (TryRing{0}.params().features & IORING_FEAT_CQE_SKIP) != 0; }

bool can_register_ring() {
  TryRing ring{0};
  if (io_uring_register_ring_fd(ring.raw()) != 1) return false;
  io_uring_unregister_ring_fd(ring.raw());
  return true;
}

bool can_cancel_all() {
  TryRing ring{0};
  io_uring_sync_cancel_reg everything{};
  everything.fd = -1;
  everything.flags = IORING_ASYNC_CANCEL_ANY | IORING_ASYNC_CANCEL_ALL;
  const int cancelled = io_uring_register_sync_cancel(ring.raw(), &everything);
  return cancelled >= 0 || cancelled == -ENOENT;
}

bool can_limit_threads() {
  TryRing ring{0};
  unsigned limits[2] = {0, 0};  // asks, sets nothing
  return io_uring_register_iowq_max_workers(ring.raw(), limits) == 0;
}

bool can_accept_many() {
  TryRing ring{0};
  const Fd listener{Adopt{}, check(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0), "socket")};
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  // Only the family: the kernel chooses an abstract name (unix(7)).
  check(bind(listener.get(), reinterpret_cast<sockaddr*>(&address), sizeof(sa_family_t)), "bind");
  check(listen(listener.get(), 1), "listen");
  socklen_t address_bytes = sizeof address;
  check(getsockname(listener.get(), reinterpret_cast<sockaddr*>(&address), &address_bytes),
        "getsockname");
  const Fd client{Adopt{}, check(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0), "socket")};
  check(connect(client.get(), reinterpret_cast<sockaddr*>(&address), address_bytes), "connect");
  io_uring_prep_multishot_accept(ring.sqe(), listener.get(), nullptr, nullptr, SOCK_CLOEXEC);
  const TryRing::Done done = ring.next(kCertain);
  if (done.result < 0) return false;
  const Fd accepted{Adopt{}, done.result};
  return done.more;
}

bool can_receive_many() {
  TryRing ring{0};
  constexpr unsigned kBuffers = 2;
  constexpr unsigned kBytes = 256;
  int error = 0;
  io_uring_buf_ring* const buffers = io_uring_setup_buf_ring(ring.raw(), kBuffers, 0, 0, &error);
  if (buffers == nullptr) return false;
  std::vector<std::byte> memory(kBuffers * kBytes);
  for (unsigned index = 0; index < kBuffers; ++index) {
    io_uring_buf_ring_add(buffers, memory.data() + index * kBytes, kBytes,
                          static_cast<std::uint16_t>(index), io_uring_buf_ring_mask(kBuffers),
                          static_cast<int>(index));
  }
  io_uring_buf_ring_advance(buffers, kBuffers);
  bool has_both = true;
  for (const bool is_message : {false, true}) {
    const Pair pair = make_pair_of_sockets();
    check(send(pair.far.get(), "x", 1, MSG_NOSIGNAL), "send");
    msghdr header{};
    io_uring_sqe* const sqe = ring.sqe();
    if (is_message) {
      io_uring_prep_recvmsg_multishot(sqe, pair.near.get(), &header, 0);
    } else {
      io_uring_prep_recv_multishot(sqe, pair.near.get(), nullptr, 0, 0);
    }
    io_uring_sqe_set_flags(sqe, IOSQE_BUFFER_SELECT);
    sqe->buf_group = 0;
    const TryRing::Done done = ring.next(kCertain);
    has_both = has_both && done.result > 0 && done.more;
    // Ends a receive that is armed, and its completion comes, before its header goes.
    shutdown(pair.near.get(), SHUT_RDWR);
    if (done.more) ring.next(kCertain);
  }
  io_uring_free_buf_ring(ring.raw(), buffers, kBuffers, 0);
  return has_both;
}

bool can_send_all() {
  TryRing ring{0};
  const Pair pair = make_pair_of_sockets();
  const int small = 4096;
  check(setsockopt(pair.near.get(), SOL_SOCKET, SO_SNDBUF, &small, sizeof small), "setsockopt");
  std::vector<std::byte> bytes(256 * 1024);
  io_uring_prep_send(ring.sqe(), pair.near.get(), bytes.data(), bytes.size(),
                     MSG_WAITALL | MSG_NOSIGNAL);
  TryRing::Done done = ring.next(Nanos{0});
  const Nanos give_up = monotonic_now() + kCertain;
  while (done.result == -ETIME && monotonic_now() < give_up) {
    if (recv(pair.far.get(), bytes.data(), bytes.size(), MSG_DONTWAIT) <= 0) break;
    done = ring.next(Nanos{0});
  }
  const bool is_whole = done.result == static_cast<int>(bytes.size());
  if (done.result != -ETIME) return is_whole;
  // Still in flight, for a reason that nobody knows: it must not outlive its bytes.
  shutdown(pair.near.get(), SHUT_RDWR);
  ring.next(kCertain);
  return false;
}

bool can_set_socket_options() {
  TryRing ring{0};
  const Pair pair = make_pair_of_sockets();
  int bytes = 4096;
  io_uring_prep_cmd_sock(ring.sqe(), SOCKET_URING_OP_SETSOCKOPT, pair.near.get(), SOL_SOCKET,
                         SO_SNDBUF, &bytes, sizeof bytes);
  return ring.next(kCertain).result == 0;
}

// A socket from one file table into another ring's, whose owner waits: the installation must come
// out as the socket that went in, and it must wake the owner, or a connection would wait for
// whatever happens next.
bool can_send_to_rings() {
  constexpr unsigned kFlags = IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN;
  constexpr int kUnknown = -2;
  constexpr int kNone = -1;
  TryRing source{kFlags};
  if (source.result() != 0 || io_uring_register_files_sparse(source.raw(), 1) != 0) return false;
  Pair pair = make_pair_of_sockets();
  int raw = pair.near.get();
  if (io_uring_register_files_update(source.raw(), 0, &raw, 1) != 1) return false;
  pair.near.close();

  std::atomic<int> target_fd{kUnknown};
  bool has_sent = false;
  const auto own = [&] {
    TryRing target{kFlags};
    const bool is_ready =
        target.result() == 0 && io_uring_register_files_sparse(target.raw(), 1) == 0;
    target_fd = is_ready ? target.raw()->ring_fd : kNone;
    target_fd.notify_one();
    if (!is_ready) return;
    const Nanos begin = monotonic_now();
    if (target.next(kUncertain).result != 0) return;
    // A completion that woke nobody is found at the end of the wait.
    if (monotonic_now() - begin > kUncertain * 4 / 5) return;
    io_uring_sqe* const sqe = target.sqe();
    io_uring_prep_send(sqe, 0, "x", 1, MSG_NOSIGNAL);
    io_uring_sqe_set_flags(sqe, IOSQE_FIXED_FILE);
    has_sent = target.next(kCertain).result == 1;
  };
  std::thread owner;
  try {
    owner = std::thread{own};
  } catch (const std::system_error&) {
    return false;  // no thread to try it with; who needs this feature says so
  }
  target_fd.wait(kUnknown);
  if (target_fd != kNone) {
    std::this_thread::sleep_for(kUntilWaiting);
    io_uring_prep_msg_ring_fd_alloc(source.sqe(), target_fd, 0, 0, 0);
    source.next(kCertain);
  }
  owner.join();
  char byte = 0;
  return has_sent && recv(pair.far.get(), &byte, 1, MSG_DONTWAIT) == 1 && byte == 'x';
}

// What the kernel lets go of has gone when the call returns, so nothing is waited for.
bool can_release_slots() {
  TryRing ring{0};
  if (ring.result() != 0 || io_uring_register_files_sparse(ring.raw(), 2) != 0) return false;
  Pair waiting = make_pair_of_sockets();
  Pair closed = make_pair_of_sockets();
  const int both[] = {waiting.near.get(), closed.near.get()};
  if (io_uring_register_files_update(ring.raw(), 0, both, 2) != 2) return false;
  waiting.near.close();
  closed.near.close();
  io_uring_sqe* const sqe = ring.sqe();
  io_uring_prep_poll_add(sqe, 0, POLLIN);
  io_uring_sqe_set_flags(sqe, IOSQE_FIXED_FILE);
  ring.next(Nanos{0});
  const int none = -1;
  if (io_uring_register_files_update(ring.raw(), 1, &none, 1) != 1) return false;
  char byte = 0;
  return recv(closed.far.get(), &byte, 1, MSG_DONTWAIT) == 0;
}

Features try_features() {
  TryRing plain{0};
  if (plain.result() < 0) throw_ring_error(-plain.result());
  // 5.11: waiting with a time limit as an argument. Before, liburing queues requests of its own
  // for it.
  if ((plain.params().features & IORING_FEAT_EXT_ARG) == 0) throw_ring_error(EINVAL);
  // A filter may let the set-up pass and refuse what follows it.
  if (const int error = plain.try_enter(); is_refusal(error)) {
    throw_refused("io_uring_enter", error, {5, 1});
  }
  Features found;
  for (const FeatureFacts& facts : all_features()) {
    if (facts.is_here()) found.add(facts.feature);
  }
  return found;
}

}  // namespace urb
