// One hop through the relay, loopback TCP to a unix socket, by data path and size of the transfer.
#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <functional>
#include <optional>
#include <stdexcept>
#include <utility>
#include <vector>

#include "base/address.hpp"
#include "base/fd.hpp"
#include "micro/micro.hpp"
#include "micro/rings.hpp"
#include "net/relay.hpp"
#include "uring/kernel_thread.hpp"

namespace urb {
namespace {

constexpr std::size_t kPeerBytes = 1024 * 1024;
constexpr int kSendBufferBytes = 4 * 1024 * 1024;  // as between master and workers
constexpr std::uint8_t kRelay = 1;

/// A child process that runs `play` until it returns, which the caller's sockets have to make it
/// do by closing. The destructor waits for it.
class Peer {
 public:
  explicit Peer(const std::function<void()>& play)
      : pid_{check(fork(), "fork", "raise the limit of processes: ulimit -u")} {
    if (pid_ != 0) return;
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    // A terminal sends these to all; whoever started us decides.
    signal(SIGINT, SIG_IGN);
    signal(SIGHUP, SIG_IGN);
    play();
    _exit(0);
  }
  Peer(const Peer&) = delete;
  Peer& operator=(const Peer&) = delete;
  ~Peer() {
    while (waitpid(pid_, nullptr, 0) < 0 && errno == EINTR) {
    }
  }

 private:
  pid_t pid_;
};

class RelayHop : public MicroWork {
 public:
  RelayHop(RelayKind kind, std::uint64_t bytes) : bytes_{bytes} {
    Fd source_peer;
    Fd target_peer;
    connect_source(source_peer);
    connect_target(target_peer);
    // Each peer gives up its copies of the other ends, or it would keep itself alive.
    reader_.emplace([&] {
      source_.close();
      target_.close();
      source_peer.close();
      std::vector<std::byte> memory(kPeerBytes);
      while (recv(target_peer.get(), memory.data(), memory.size(), 0) > 0) {
      }
    });
    writer_.emplace([&] {
      source_.close();
      target_.close();
      target_peer.close();
      const std::vector<std::byte> memory(kPeerBytes);
      while (send(source_peer.get(), memory.data(), memory.size(), MSG_NOSIGNAL) > 0) {
      }
    });
    // After the forks: a ring must not be shared.
    ring_.emplace(kMicroRing);
    if (kind == RelayKind::linked) require_kernel_thread("leave out relay-linked");
    ring_->limit_kernel_threads(1);
    buffers_.emplace(*ring_, BufferPoolOptions{BufferKind::plain, 4, 256 * 1024, 0});
    relay_.emplace(*ring_, kRelay, kind, *buffers_, counters_, 1);
  }

  void run(std::uint64_t operations) override {
    for (; operations != 0; --operations) transfer();
  }
  [[nodiscard]] RingCounters counters() const noexcept override { return ring_->counters(); }

 private:
  void connect_source(Fd& peer) {
    const Fd listener{Adopt{}, check(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), "socket")};
    const Address any = Address::loopback(0);
    check(bind(listener.get(), any.raw(), any.raw_bytes()), "bind");
    check(listen(listener.get(), 1), "listen");
    const Address address = Address::of_socket(listener.get());
    peer = Fd{Adopt{}, check(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), "socket")};
    check(connect(peer.get(), address.raw(), address.raw_bytes()), "connect");
    source_ = Fd{
        Adopt{},
        check(accept4(listener.get(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC), "accept4")};
  }
  void connect_target(Fd& peer) {
    int ends[2];
    check(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), "socketpair");
    target_ = Fd{Adopt{}, ends[0]};
    peer = Fd{Adopt{}, ends[1]};
    check(fcntl(ends[0], F_SETFL, O_NONBLOCK), "fcntl O_NONBLOCK");
    check(setsockopt(ends[0], SOL_SOCKET, SO_SNDBUF, &kSendBufferBytes, sizeof kSendBufferBytes),
          "setsockopt SO_SNDBUF");
  }
  void transfer() {
    std::array<Completion, 16> batch;
    bool is_over = !relay_->begin(0, source_.get(), target_.get(), bytes_).has_value();
    while (!is_over) {
      ring_->submit_and_wait(kNever);
      const std::size_t count = ring_->collect(batch);
      for (std::size_t index = 0; index < count; ++index) {
        const auto end = relay_->on_completion(batch[index]);
        if (!end) continue;
        if (end->result != TransferResult::done) {
          throw std::runtime_error("a transfer through the relay failed: its peer has ended");
        }
        is_over = true;
      }
      relay_->on_batch_end();
    }
  }

  std::uint64_t bytes_;
  Counters counters_;
  // Destroyed last to first: the sockets close, then the peers end. A writer whose bytes are unread
  // gets a reset.
  std::optional<Peer> reader_;
  std::optional<Peer> writer_;
  Fd source_;
  Fd target_;
  std::optional<Ring> ring_;
  std::optional<BufferPool> buffers_;
  std::optional<Relay> relay_;
};

}  // namespace

std::unique_ptr<MicroWork> make_relay_hop(RelayKind kind, std::uint64_t bytes) {
  return std::make_unique<RelayHop>(kind, bytes);
}

}  // namespace urb
