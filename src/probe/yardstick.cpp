// Connect, then both threads go through the connections by turns, and none ever sleeps.
#include "probe/yardstick.hpp"

#include <pthread.h>
#include <sched.h>
#include <sys/socket.h>
#include <time.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <system_error>
#include <thread>
#include <utility>

#include "base/address.hpp"
#include "base/clock.hpp"
#include "base/error.hpp"
#include "base/fd.hpp"

namespace urb {
namespace {

constexpr std::size_t kPairs = 4;
constexpr std::size_t kPieceBytes = 128 * 1024;
constexpr int kSendBufferBytes = 128 * 1024;  // as the client's for large bodies
constexpr Nanos kLength = std::chrono::milliseconds{10};

Nanos thread_time() noexcept {
  timespec now{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return std::chrono::seconds{now.tv_sec} + Nanos{now.tv_nsec};
}

struct Pair {
  Fd sender;
  Fd receiver;
};

std::vector<Pair> connect_pairs() {
  const Fd listener{Adopt{}, check(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), "socket")};
  const Address any = Address::loopback(0);
  check(bind(listener.get(), any.raw(), any.raw_bytes()), "bind to 127.0.0.1");
  check(listen(listener.get(), kPairs), "listen");
  const Address address = Address::of_socket(listener.get());
  std::vector<Pair> pairs;
  for (std::size_t count = 0; count < kPairs; ++count) {
    Fd sender{Adopt{}, check(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), "socket")};
    check(connect(sender.get(), address.raw(), address.raw_bytes()), "connect to 127.0.0.1");
    Fd receiver{Adopt{}, check(accept4(listener.get(), nullptr, nullptr, SOCK_CLOEXEC), "accept4")};
    // A reset leaves no port in TIME_WAIT.
    const linger now{1, 0};
    check(setsockopt(sender.get(), SOL_SOCKET, SO_LINGER, &now, sizeof now), "SO_LINGER");
    check(
        setsockopt(sender.get(), SOL_SOCKET, SO_SNDBUF, &kSendBufferBytes, sizeof kSendBufferBytes),
        "SO_SNDBUF");
    pairs.push_back({std::move(sender), std::move(receiver)});
  }
  return pairs;
}

void run_on(unsigned cpu) noexcept {
  cpu_set_t set;
  CPU_ZERO(&set);
  CPU_SET(cpu, &set);
  // Where it may not be, the kernel's choice is as good.
  static_cast<void>(pthread_setaffinity_np(pthread_self(), sizeof set, &set));
}

// One end's work until `is_over`: the CPU time that it took, and the bytes.
struct Passed {
  Nanos used{0};
  std::uint64_t bytes = 0;
};
template <class Move>
Passed pass(unsigned cpu, const std::atomic<bool>& is_over, Move&& move) {
  run_on(cpu);
  Passed passed;
  const Nanos begin = thread_time();
  while (!is_over.load(std::memory_order_relaxed)) {
    std::uint64_t moved = 0;
    for (std::size_t index = 0; index < kPairs; ++index) {
      moved += static_cast<std::uint64_t>(std::max<ssize_t>(move(index), 0));
    }
    passed.bytes += moved;
    if (moved == 0) sched_yield();
  }
  passed.used = thread_time() - begin;
  return passed;
}

}  // namespace

YardstickCpus choose_yardstick_cpus(const std::vector<CpuPlace>& cpus) noexcept {
  const auto other = std::find_if(cpus.begin(), cpus.end(), [&cpus](const CpuPlace& place) {
    return place.core != cpus.front().core;
  });
  return {cpus.front().cpu, other == cpus.end() ? cpus.back().cpu : other->cpu};
}

double measure_yardstick(YardstickCpus cpus) {
  const std::vector<Pair> pairs = connect_pairs();
  const std::vector<char> source(kPieceBytes, 'x');
  // A buffer for each connection, as workers have them.
  std::vector<char> target(kPairs * kPieceBytes);
  std::atomic<bool> is_over{false};
  Passed sent;
  Passed received;
  // Before the threads, so that they end when one of them cannot begin.
  std::vector<std::thread> threads;
  const auto end_all = [&] {
    is_over.store(true);
    for (std::thread& thread : threads) thread.join();
    threads.clear();
  };
  const auto begin = [&](auto work) {
    try {
      threads.emplace_back(std::move(work));
    } catch (const std::system_error& error) {
      end_all();
      throw SysError("start a thread", error.code().value());
    }
  };
  begin([&] {
    sent = pass(cpus.sender, is_over, [&](std::size_t index) {
      return send(pairs[index].sender.get(), source.data(), kPieceBytes,
                  MSG_DONTWAIT | MSG_NOSIGNAL);
    });
  });
  begin([&] {
    received = pass(cpus.receiver, is_over, [&](std::size_t index) {
      return recv(pairs[index].receiver.get(), target.data() + index * kPieceBytes, kPieceBytes,
                  MSG_DONTWAIT);
    });
  });
  std::this_thread::sleep_for(kLength);
  end_all();
  const Nanos used = std::max(sent.used + received.used, Nanos{1});
  return static_cast<double>(received.bytes) / static_cast<double>(used.count());
}

}  // namespace urb
