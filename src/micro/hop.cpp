#include "micro/hop.hpp"

#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <vector>

#include "base/address.hpp"
#include "base/error.hpp"

namespace urb {
namespace {

constexpr std::size_t kPageBytes = 4096;
constexpr int kTargetBufferBytes = 4 * 1024 * 1024;

bool read_byte(int fd) noexcept {
  char byte = 0;
  return read(fd, &byte, sizeof byte) == 1;
}
bool write_byte(int fd) noexcept {
  constexpr char kByte = 1;
  return write(fd, &kByte, sizeof kByte) == 1;
}

// From where the stream is up to `bytes` further; the memory ends at the stream's seams.
bool send_stream(int socket, std::span<const std::byte> memory, std::uint64_t& position,
                 std::uint64_t bytes) {
  while (bytes > 0) {
    const std::size_t at = position % memory.size();
    const std::size_t most = std::min<std::uint64_t>(memory.size() - at, bytes);
    const ssize_t sent = send(socket, memory.data() + at, most, MSG_NOSIGNAL);
    if (sent <= 0) return false;
    position += static_cast<std::uint64_t>(sent);
    bytes -= static_cast<std::uint64_t>(sent);
  }
  return true;
}

}  // namespace

Peer::Peer(const std::function<void()>& play)
    : pid_{check(fork(), "fork", "raise the limit of processes: ulimit -u")} {
  if (pid_ != 0) return;
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  // A terminal sends these to all; whoever started us decides.
  signal(SIGINT, SIG_IGN);
  signal(SIGHUP, SIG_IGN);
  signal(SIGPIPE, SIG_IGN);
  play();
  _exit(0);
}

Peer::~Peer() {
  while (waitpid(pid_, nullptr, 0) < 0 && errno == EINTR) {
  }
}

HopEnds make_hop_ends() {
  HopEnds ends;
  const Fd listener{Adopt{}, check(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), "socket")};
  const Address any = Address::loopback(0);
  check(bind(listener.get(), any.raw(), any.raw_bytes()), "bind");
  check(listen(listener.get(), 1), "listen");
  const Address address = Address::of_socket(listener.get());
  ends.source_peer = Fd{Adopt{}, check(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), "socket")};
  check(connect(ends.source_peer.get(), address.raw(), address.raw_bytes()), "connect");
  ends.source =
      Fd{Adopt{}, check(accept4(listener.get(), nullptr, nullptr, SOCK_CLOEXEC), "accept4")};
  int pair[2];
  check(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), "socketpair");
  ends.target = Fd{Adopt{}, pair[0]};
  ends.target_peer = Fd{Adopt{}, pair[1]};
  check(setsockopt(pair[0], SOL_SOCKET, SO_SNDBUF, &kTargetBufferBytes, sizeof kTargetBufferBytes),
        "setsockopt SO_SNDBUF");
  return ends;
}

void set_non_blocking(int fd) { check(fcntl(fd, F_SETFL, O_NONBLOCK), "fcntl O_NONBLOCK"); }

void fill_stream(std::span<std::byte> memory) noexcept {
  for (std::uint64_t at = 0; at + sizeof at <= memory.size(); at += kPageBytes) {
    std::memcpy(memory.data() + at, &at, sizeof at);
  }
}

bool is_of_stream(std::uint64_t position, std::span<const std::byte> bytes) noexcept {
  std::size_t at = (kPageBytes - position % kPageBytes) % kPageBytes;
  for (std::uint64_t word = 0; at + sizeof word <= bytes.size(); at += kPageBytes) {
    std::memcpy(&word, bytes.data() + at, sizeof word);
    if (word != (position + at) % kStreamBytes) return false;
  }
  return true;
}

void feed(int socket) {
  std::vector<std::byte> memory(kStreamBytes);
  fill_stream(memory);
  std::uint64_t position = 0;
  while (send_stream(socket, memory, position, kStreamBytes)) {
  }
}

void drain(int socket) { drain_and_report(socket, -1, ~std::uint64_t{0}); }

void feed_on_order(int socket, int orders, std::uint64_t bytes) {
  std::vector<std::byte> memory(kStreamBytes);
  fill_stream(memory);
  std::uint64_t position = 0;
  while (read_byte(orders) && send_stream(socket, memory, position, bytes)) {
  }
}

void drain_and_report(int socket, int reports, std::uint64_t bytes) {
  std::vector<std::byte> memory(kStreamBytes);
  std::uint64_t position = 0;
  std::uint64_t missing = bytes;
  for (;;) {
    const std::size_t most = std::min<std::uint64_t>(memory.size(), missing);
    const ssize_t got = recv(socket, memory.data(), most, 0);
    if (got <= 0) return;
    const auto count = static_cast<std::size_t>(got);
    if (!is_of_stream(position, std::span{memory}.first(count))) return;
    position += count;
    missing -= count;
    if (missing != 0) continue;
    missing = bytes;
    if (!write_byte(reports)) return;
  }
}

}  // namespace urb
