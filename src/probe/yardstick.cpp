// Connect, send and receive by turns, in slices; the median slice counts.
#include "probe/yardstick.hpp"

#include <sys/socket.h>
#include <time.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <vector>

#include "base/address.hpp"
#include "base/error.hpp"
#include "base/fd.hpp"

namespace urb {
namespace {

constexpr std::size_t kPairs = 8;
constexpr std::size_t kPieceBytes = 128 * 1024;  // in flight on each
constexpr std::size_t kReadBytes = 64 * 1024;
constexpr std::size_t kSlices = 5;
constexpr Nanos kSlice = std::chrono::milliseconds{2};

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
    pairs.push_back({std::move(sender), std::move(receiver)});
  }
  return pairs;
}

// How many bytes came through: what a full socket does not take is not waited for.
std::size_t pass_once(const std::vector<Pair>& pairs, std::vector<char>& memory) {
  std::array<std::size_t, kPairs> sent{};
  for (std::size_t index = 0; index < kPairs; ++index) {
    const ssize_t count =
        send(pairs[index].sender.get(), memory.data(), kPieceBytes, MSG_DONTWAIT | MSG_NOSIGNAL);
    if (count < 0 && errno != EAGAIN) throw_errno("send");
    sent.at(index) = static_cast<std::size_t>(std::max<ssize_t>(count, 0));
  }
  std::size_t passed = 0;
  for (std::size_t index = 0; index < kPairs; ++index) {
    for (std::size_t left = sent.at(index); left != 0;) {
      const ssize_t count = check(
          recv(pairs[index].receiver.get(), memory.data(), std::min(left, kReadBytes), 0), "recv");
      if (count == 0) return passed;  // nobody has closed it
      left -= static_cast<std::size_t>(count);
      passed += static_cast<std::size_t>(count);
    }
  }
  return passed;
}

}  // namespace

double measure_yardstick() {
  const std::vector<Pair> pairs = connect_pairs();
  std::vector<char> memory(kPieceBytes, 'x');
  std::vector<double> rates;
  while (rates.size() < kSlices) {
    const Nanos begin = thread_time();
    Nanos used{0};
    std::size_t bytes = 0;
    while (used < kSlice) {
      bytes += pass_once(pairs, memory);
      used = thread_time() - begin;
    }
    rates.push_back(static_cast<double>(bytes) / static_cast<double>(used.count()));
  }
  std::sort(rates.begin(), rates.end());
  return rates[kSlices / 2];
}

}  // namespace urb
