// One connection, one relay, one upstream, all in this thread.
#include "experiment/relay_crossing.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/socket.h>
#include <time.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cmath>
#include <utility>

#include "base/address.hpp"
#include "base/error.hpp"
#include "base/fd.hpp"
#include "net/head_reader.hpp"
#include "net/relay.hpp"
#include "net/upstream_pool.hpp"

namespace urb {
namespace {

constexpr std::uint64_t kLeast = 512;
// A head brings up to this much of its body along. And beyond it, one thread that has all the bytes
// in its caches makes copies cheaper than they are between processes.
constexpr std::uint64_t kMost = 32 * 1024;
const PipePoolOptions kPipes{.pipe_count = 2};

Nanos cpu_now() {
  timespec time{};
  check(clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time), "clock_gettime");
  return std::chrono::seconds{time.tv_sec} + Nanos{time.tv_nsec};
}

void set_nonblocking(int fd) { check(fcntl(fd, F_SETFL, O_NONBLOCK), "fcntl O_NONBLOCK"); }

struct Pair {
  Fd near;  ///< the relay's
  Fd far;
};

// As between a client and the master.
Pair make_client_pair() {
  constexpr int kType = SOCK_STREAM | SOCK_CLOEXEC;
  const Fd listener{Adopt{}, check(socket(AF_INET, kType, 0), "socket")};
  const Address any = Address::loopback(0);
  check(bind(listener.get(), any.raw(), any.raw_bytes()), "bind");
  check(listen(listener.get(), 1), "listen");
  const Address address = Address::of_socket(listener.get());
  Pair pair{{}, Fd{Adopt{}, check(socket(AF_INET, kType, 0), "socket")}};
  check(connect(pair.far.get(), address.raw(), address.raw_bytes()), "connect");
  pair.near = Fd{Adopt{}, check(accept4(listener.get(), nullptr, nullptr, SOCK_CLOEXEC), "accept")};
  set_nonblocking(pair.near.get());
  set_nonblocking(pair.far.get());
  return pair;
}

// As between the master and a worker.
Pair make_worker_pair() {
  std::array<Fd, 2> ends = make_upstream_pair();
  if (!ends[0].is_open()) throw_errno("socketpair");
  return {std::move(ends[0]), std::move(ends[1])};
}

/// A relay of one kind with its ring.
class Rig {
 public:
  explicit Rig(RelayKind kind)
      : ring_{{64, 256}},
        buffers_{ring_, {BufferKind::plain, 4, kHeadBufferBytes, 0}},
        relay_{ring_, 1, kind, buffers_, counters_, 1, kPipes} {}

  /// The CPU time of moving `bytes`, all but what the client's sending took.
  Nanos move(const Pair& client, const Pair& worker, std::span<std::byte> memory,
             std::uint64_t bytes) {
    std::uint64_t unsent = bytes;
    std::uint64_t unread = bytes;
    send_some(client.far.get(), memory, unsent);
    const Nanos begin = cpu_now();
    Nanos of_client{0};
    if (!relay_.begin(0, client.near.get(), worker.near.get(), bytes)) {
      throw SysError("the calibration's relay has no transfer left", ENOBUFS, {});
    }
    while (relay_.transfer_count() != 0 || unread != 0) {
      if (unsent != 0) {
        const Nanos before = cpu_now();
        send_some(client.far.get(), memory, unsent);
        of_client += cpu_now() - before;
      }
      turn();
      receive_some(worker.far.get(), memory, unread);
    }
    return cpu_now() - begin - of_client;
  }

 private:
  static void send_some(int fd, std::span<const std::byte> memory, std::uint64_t& unsent) {
    const ssize_t sent = send(fd, memory.data(), unsent, MSG_NOSIGNAL);
    if (sent > 0) unsent -= static_cast<std::uint64_t>(sent);
    if (sent < 0 && errno != EAGAIN) throw_errno("send");
  }
  static void receive_some(int fd, std::span<std::byte> memory, std::uint64_t& unread) {
    const ssize_t received = recv(fd, memory.data(), memory.size(), 0);
    if (received > 0) unread -= static_cast<std::uint64_t>(received);
    if (received < 0 && errno != EAGAIN) throw_errno("recv");
  }
  void turn() {
    if (relay_.transfer_count() == 0) return;
    std::array<Completion, 8> batch;
    ring_.submit_and_wait(ring_.now() + std::chrono::milliseconds{1});
    const std::size_t count = ring_.collect(batch);
    for (std::size_t index = 0; index < count; ++index) {
      const auto end = relay_.on_completion(batch[index]);
      if (end && end->result != TransferResult::done) {
        throw SysError("the calibration's transfer failed", EIO, {});
      }
    }
    relay_.on_batch_end();
  }

  Counters counters_;
  Ring ring_;
  BufferPool buffers_;
  Relay relay_;
};

Nanos median(std::vector<Nanos>& times) {
  const auto middle = times.begin() + static_cast<std::ptrdiff_t>(times.size() / 2);
  std::nth_element(times.begin(), middle, times.end());
  return *middle;
}

}  // namespace

std::vector<RelayCost> measure_relay_costs(int rounds) {
  const Pair client = make_client_pair();
  const Pair worker = make_worker_pair();
  std::vector<std::byte> memory(kMost);
  Rig copying{RelayKind::copy};
  Rig splicing{RelayKind::sync};
  std::vector<RelayCost> costs;
  for (std::uint64_t size = kLeast; size <= kMost; size *= 2) {
    std::vector<Nanos> copies;
    std::vector<Nanos> splices;
    static_cast<void>(copying.move(client, worker, memory, size));  // the first touches memory
    static_cast<void>(splicing.move(client, worker, memory, size));
    for (int round = 0; round < rounds; ++round) {
      copies.push_back(copying.move(client, worker, memory, size));
      splices.push_back(splicing.move(client, worker, memory, size));
    }
    costs.push_back({Bytes{size}, median(copies), median(splices)});
  }
  return costs;
}

Bytes find_crossing(std::span<const RelayCost> costs) noexcept {
  Bytes crossing{0};
  double gained = 0;
  double most = 0;
  for (const RelayCost& cost : costs) {
    gained +=
        std::log(static_cast<double>(cost.splice.count()) / static_cast<double>(cost.copy.count()));
    if (gained <= most) continue;
    most = gained;
    crossing = cost.size;
  }
  return crossing;
}

std::string format_crossing(std::span<const RelayCost> costs) {
  std::string text = fmt::format("  {:>8} {:>10} {:>10}\n", "bytes", "copy", "splice");
  for (const RelayCost& cost : costs) {
    text += fmt::format("  {:>8} {:>7.1f} us {:>7.1f} us\n", format_bytes(cost.size),
                        static_cast<double>(cost.copy.count()) / 1000,
                        static_cast<double>(cost.splice.count()) / 1000);
  }
  const Bytes crossing = find_crossing(costs);
  return text + (crossing.value == 0 ? "  splicing always pays: --relay auto:0, or sync\n"
                                     : fmt::format("  copying pays up to {0}: --relay auto:{0}\n",
                                                   format_bytes(crossing)));
}

}  // namespace urb
