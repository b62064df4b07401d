// One hop through the relay, loopback TCP to a unix socket, by data path and size of the transfer.
//
// The peers are processes of their own and never stop, so what is measured here is the relay alone,
// its kernel threads included: cpu_s_per_GB is the figure to look at. GB/s also depends on how the
// peers and the relay share the cores.
#include <arpa/inet.h>
#include <benchmark/benchmark.h>
#include <fcntl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <utility>
#include <vector>

#include "base/address.hpp"
#include "base/clock.hpp"
#include "base/error.hpp"
#include "base/fd.hpp"
#include "net/relay.hpp"

namespace urb {
namespace {

constexpr std::size_t kPeerBytes = 1024 * 1024;
constexpr int kSendBufferBytes = 4 * 1024 * 1024;  // as between master and workers

double cpu_seconds() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) * 1e-6;
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

/// A child process that runs `play` until it returns. Waited for by the destructor, which the
/// caller's sockets have to make possible by closing first.
class Peer {
 public:
  template <class F>
  explicit Peer(F&& play) : pid_{check(fork(), "fork")} {
    if (pid_ == 0) {
      play();
      _exit(0);
    }
  }
  Peer(const Peer&) = delete;
  Peer& operator=(const Peer&) = delete;
  ~Peer() { waitpid(pid_, nullptr, 0); }

 private:
  pid_t pid_;
};

struct Sockets {
  Fd source;
  Fd source_peer;
  Fd target;
  Fd target_peer;
};

Sockets make_sockets() {
  const Fd listener{Adopt{}, check(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), "socket")};
  const Address any = Address::loopback(0);
  check(bind(listener.get(), any.raw(), any.raw_bytes()), "bind");
  check(listen(listener.get(), 1), "listen");
  const Address address = Address::of_socket(listener.get());
  Sockets made;
  made.source_peer = Fd{Adopt{}, check(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), "socket")};
  check(connect(made.source_peer.get(), address.raw(), address.raw_bytes()), "connect");
  made.source =
      Fd{Adopt{},
         check(accept4(listener.get(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC), "accept4")};
  int ends[2];
  check(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), "socketpair");
  made.target = Fd{Adopt{}, ends[0]};
  made.target_peer = Fd{Adopt{}, ends[1]};
  check(fcntl(ends[0], F_SETFL, O_NONBLOCK), "fcntl O_NONBLOCK");
  check(setsockopt(ends[0], SOL_SOCKET, SO_SNDBUF, &kSendBufferBytes, sizeof kSendBufferBytes),
        "setsockopt SO_SNDBUF");
  return made;
}

void relay_transfers(benchmark::State& state, RelayKind kind, int source, int target) {
  const auto bytes = static_cast<std::uint64_t>(state.range(0));
  Counters counters;
  Ring ring{{64, 256}};
  limit_splice_threads(ring, 1);
  BufferPool buffers{ring, {BufferKind::plain, 4, 256 * 1024, 0}};
  Relay relay{ring, 1, kind, buffers, counters, 1};
  std::array<Completion, 16> batch;
  const double cpu_before = cpu_seconds();
  for (auto _ : state) {
    bool is_over = !relay.begin(0, source, target, bytes).has_value();
    while (!is_over) {
      ring.submit_and_wait(kNever);
      const std::size_t count = ring.collect(batch);
      for (std::size_t index = 0; index < count; ++index) {
        if (const auto end = relay.on_completion(batch[index])) {
          if (end->result != TransferResult::done) state.SkipWithError("the transfer failed");
          is_over = true;
        }
      }
      relay.on_batch_end();
    }
  }
  const auto moved = static_cast<double>(state.iterations()) * static_cast<double>(bytes);
  state.SetBytesProcessed(static_cast<std::int64_t>(moved));
  state.counters["cpu_s_per_GB"] = (cpu_seconds() - cpu_before) / (moved / 1e9);
}

void relay_hop(benchmark::State& state, RelayKind kind) {
  signal(SIGPIPE, SIG_IGN);
  Sockets sockets = make_sockets();
  {
    const Fd target_peer = std::move(sockets.target_peer);
    const Fd source_peer = std::move(sockets.source_peer);
    // Each peer gives up its copies of the other ends, or it would keep itself alive.
    const Peer reader{[&] {
      ::close(sockets.target.get());
      ::close(sockets.source.get());
      std::vector<std::byte> memory(kPeerBytes);
      while (recv(target_peer.get(), memory.data(), memory.size(), 0) > 0) {
      }
    }};
    const Peer writer{[&] {
      ::close(sockets.target.get());
      ::close(sockets.source.get());
      const std::vector<std::byte> memory(kPeerBytes);
      while (send(source_peer.get(), memory.data(), memory.size(), MSG_NOSIGNAL) > 0) {
      }
    }};
    relay_transfers(state, kind, sockets.source.get(), sockets.target.get());
    sockets.source.close();  // resets the writer, whose bytes are unread
    sockets.target.close();
  }
}

constexpr std::int64_t kSmallest = 4 << 10;
constexpr std::int64_t kLargest = 16 << 20;
BENCHMARK_CAPTURE(relay_hop, linked, RelayKind::linked)
    ->RangeMultiplier(16)
    ->Range(kSmallest, kLargest)
    ->MeasureProcessCPUTime()
    ->UseRealTime();
BENCHMARK_CAPTURE(relay_hop, sync, RelayKind::sync)
    ->RangeMultiplier(16)
    ->Range(kSmallest, kLargest)
    ->MeasureProcessCPUTime()
    ->UseRealTime();
BENCHMARK_CAPTURE(relay_hop, copy, RelayKind::copy)
    ->RangeMultiplier(16)
    ->Range(kSmallest, kLargest)
    ->MeasureProcessCPUTime()
    ->UseRealTime();

}  // namespace
}  // namespace urb

BENCHMARK_MAIN();
