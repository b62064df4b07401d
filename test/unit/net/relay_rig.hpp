// What the relay's tests share: a ring with a relay on it, and pairs of connected sockets with a
// known stream of bytes. Everything runs in one thread, turn by turn.
#pragma once

#include <arpa/inet.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include "base/address.hpp"
#include "base/error.hpp"
#include "base/fd.hpp"
#include "net/relay.hpp"
#include "support/deadline.hpp"

namespace urb::test {

inline constexpr std::uint8_t kRelayOwner = 7;
inline constexpr std::byte kBehind{0xee};  ///< the first byte of what follows a transfer

/// Byte `index` of every stream: no power of two is a period of it.
[[nodiscard]] inline std::byte stream_byte(std::uint64_t index) noexcept {
  return static_cast<std::byte>(index % 251);
}

struct RelayRigOptions {
  RelayKind kind = RelayKind::linked;
  BufferKind buffers = BufferKind::plain;
  std::uint32_t buffer_count = 8;
  PipePoolOptions pipes{8, 256 * 1024};
  std::size_t transfer_capacity = 32;
};

/// A relay on a ring of its own.
struct RelayRig {
  explicit RelayRig(const RelayRigOptions& options)
      : buffers{ring, {options.buffers, options.buffer_count, 64 * 1024, 0}},
        relay{ring,         kRelayOwner, options.kind, buffers, counters, options.transfer_capacity,
              options.pipes} {
    signal(SIGPIPE, SIG_IGN);  // a splice(2) to a closed socket raises it
  }
  /// Handles what completes within a millisecond.
  void turn() {
    ring.submit_and_wait(monotonic_now() + std::chrono::milliseconds{1});
    std::array<Completion, 64> batch;
    const std::size_t count = ring.collect(batch);
    for (std::size_t index = 0; index < count; ++index) {
      if (const auto end = relay.on_completion(batch[index])) ends.push_back(*end);
    }
    relay.on_batch_end();
  }
  /// Turns until `holds()`; false when it takes too long.
  template <class F>
  [[nodiscard]] bool turn_until(F&& holds) {
    const Nanos deadline = monotonic_now() + kPatience;
    while (!holds()) {
      if (monotonic_now() >= deadline) return false;
      turn();
    }
    return true;
  }

  Counters counters;
  Ring ring{{64, 1024}};
  BufferPool buffers;
  Relay relay;
  std::vector<TransferEnd> ends;
};

/// Two connected stream sockets, both non-blocking.
struct SocketPair {
  Fd near;  ///< the relay's
  Fd far;   ///< the peer's
};

[[nodiscard]] inline SocketPair make_unix_pair(int buffer_bytes = 0) {
  int ends[2];
  check(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends), "socketpair");
  SocketPair pair{Fd{Adopt{}, ends[0]}, Fd{Adopt{}, ends[1]}};
  for (const int end : ends) {
    if (buffer_bytes == 0) continue;
    check(setsockopt(end, SOL_SOCKET, SO_SNDBUF, &buffer_bytes, sizeof buffer_bytes), "SO_SNDBUF");
  }
  return pair;
}

/// `buffer_bytes` fixes both ends' buffers; 0 lets the kernel size them.
[[nodiscard]] inline SocketPair make_tcp_pair(int buffer_bytes = 0) {
  constexpr int kType = SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC;
  const Fd listener{Adopt{}, check(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), "socket")};
  SocketPair pair{{}, Fd{Adopt{}, check(socket(AF_INET, kType, 0), "socket")}};
  for (const int fd : {listener.get(), pair.far.get()}) {
    if (buffer_bytes == 0) continue;
    check(setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &buffer_bytes, sizeof buffer_bytes), "SO_SNDBUF");
    check(setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &buffer_bytes, sizeof buffer_bytes), "SO_RCVBUF");
  }
  const Address any = Address::loopback(0);
  check(bind(listener.get(), any.raw(), any.raw_bytes()), "bind");
  check(listen(listener.get(), 1), "listen");
  const Address address = Address::of_socket(listener.get());
  // EINPROGRESS: accept(2) waits for it.
  [[maybe_unused]] const int begun = connect(pair.far.get(), address.raw(), address.raw_bytes());
  pair.near =
      Fd{Adopt{},
         check(accept4(listener.get(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC), "accept4")};
  return pair;
}

/// Writes the stream, then kBehind for ever, as far as the socket takes it.
class StreamWriter {
 public:
  StreamWriter(int fd, std::uint64_t bytes) : fd_{fd}, bytes_{bytes} {}
  /// Writes at most `limit` bytes; false when the socket took none.
  bool write_some(std::uint64_t limit = 64 * 1024) {
    std::array<std::byte, 64 * 1024> chunk;
    const std::size_t size = std::min<std::uint64_t>(chunk.size(), limit);
    for (std::size_t index = 0; index < size; ++index) {
      chunk[index] = written_ + index < bytes_ ? stream_byte(written_ + index) : kBehind;
    }
    const ssize_t sent = send(fd_, chunk.data(), size, MSG_NOSIGNAL);
    if (sent > 0) written_ += static_cast<std::uint64_t>(sent);
    return sent > 0;
  }
  [[nodiscard]] std::uint64_t written() const noexcept { return written_; }

 private:
  int fd_;
  std::uint64_t bytes_;
  std::uint64_t written_ = 0;
};

/// Reads a stream and compares it.
class StreamReader {
 public:
  explicit StreamReader(int fd) : fd_{fd} {}
  void read_all() {
    std::array<std::byte, 64 * 1024> chunk;
    while (true) {
      const ssize_t got = recv(fd_, chunk.data(), chunk.size(), 0);
      if (got <= 0) return;
      for (std::size_t index = 0; index < static_cast<std::size_t>(got); ++index) {
        is_same_ = is_same_ && chunk[index] == stream_byte(read_ + index);
      }
      read_ += static_cast<std::uint64_t>(got);
    }
  }
  [[nodiscard]] std::uint64_t read() const noexcept { return read_; }
  [[nodiscard]] bool is_same() const noexcept { return is_same_; }

 private:
  int fd_;
  std::uint64_t read_ = 0;
  bool is_same_ = true;
};

}  // namespace urb::test
