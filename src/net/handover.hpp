// Handing connected sockets to another process: descriptors and the bytes already read from them,
// as one message on a SEQPACKET socket pair.
//
// SEQPACKET keeps message and descriptors together and reports the death of the peer; STREAM
// merges messages and DGRAM never ends (docs/decisions/0005).
#pragma once

#include <sys/socket.h>

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "base/fd.hpp"
#include "base/slot_map.hpp"
#include "stats/counters.hpp"
#include "uring/buffer_pool.hpp"
#include "uring/ring.hpp"

namespace urb {

/// Most descriptors in one message. The kernel's limit is 253 (SCM_MAX_FD, unix(7)); beyond a few
/// the cost per descriptor no longer falls.
inline constexpr std::size_t kHandoverFdsMax = 32;
/// Most bytes already read that one message carries, the size of a head buffer's read area.
inline constexpr std::size_t kHandoverPrefixMax = 32 * 1024;

/// The fixed part of each message. Never empty: a zero-length message looks like the end.
struct HandoverHeader {
  static constexpr std::uint32_t kMagic = 0x55524231;  // "URB1"
  std::uint32_t magic = kMagic;
  std::uint32_t fd_count = 0;
  std::uint32_t prefix_bytes = 0;  ///< follow the header; they belong to the first descriptor
  std::uint32_t reserved = 0;
};

struct ChannelPair {
  Fd master;
  Fd worker;
};
/// A connected SEQPACKET pair with room for at least one largest message. Throws SysError.
[[nodiscard]] ChannelPair make_channel();

/// The master's side: one channel per worker.
///
/// Sockets given without bytes wait until flush() and share a message, at most one message per
/// worker in flight: when a worker is slow, batches grow instead of messages. Owns each socket
/// until its message has been taken by the channel, then closes it.
class HandoverSender {
 public:
  HandoverSender(Ring& ring, std::uint8_t owner, std::span<const int> channels, Counters& counters,
                 std::size_t socket_capacity);

  /// Hands over an unread socket with the next flush().
  void give(unsigned worker, Fd socket) noexcept;
  /// Hands over a socket and the bytes [begin, end) of `lease`, at once. Queues one SQE. Gives the
  /// socket back when too many messages are in flight.
  [[nodiscard]] Fd give_with_bytes(unsigned worker, Fd socket, BufferLease lease, std::size_t begin,
                                   std::size_t end) noexcept;
  /// Sends what has gathered; at the end of each batch of completions.
  void flush() noexcept;
  void on_completion(const Completion& done) noexcept;
  /// Nothing waits, nothing is in flight.
  [[nodiscard]] bool is_idle() const noexcept {
    return waiting_count_ == 0 && messages_.size() == 0;
  }

 private:
  enum class Op : std::uint8_t { send, close };
  struct Message {
    std::uint32_t slot_index = 0;
    std::uint16_t generation = 0;
    unsigned worker = 0;
    HandoverHeader header;
    std::array<int, kHandoverFdsMax> fds{};
    unsigned open_fds = 0;  ///< close requests still to complete
    BufferLease lease;
    std::array<iovec, 2> parts{};
    msghdr message{};
    // Read by the kernel when the request runs, so it lives as long as the request.
    alignas(cmsghdr) std::array<std::byte, CMSG_SPACE(sizeof(int) * kHandoverFdsMax)> control{};
  };
  struct Channel {
    int fd;
    bool is_sending = false;
    std::vector<int> waiting;
  };
  void send(Message& message, std::span<const std::byte> prefix) noexcept;
  void on_sent(Message& message, int result) noexcept;
  [[nodiscard]] Token token(Op op, const Message& message) const noexcept {
    return {owner_, static_cast<std::uint8_t>(op), message.generation, message.slot_index};
  }

  Ring& ring_;
  std::uint8_t owner_;
  Counters& counters_;
  std::vector<Channel> channels_;
  SlotMap<Message> messages_;
  std::size_t waiting_count_ = 0;
};

/// The worker's side: a multishot receive of messages.
class HandoverReceiver {
 public:
  HandoverReceiver(Ring& ring, std::uint8_t owner, int channel, std::uint16_t buffer_group,
                   Counters& counters);

  void start() noexcept { arm(); }
  /// Calls `adopt(Fd, BufferLease, begin, end)` for each socket of the message; the lease is held
  /// only when bytes came with it. A message that makes no sense is a bug of ours: it asserts.
  template <class F>
  void on_completion(const Completion& done, F&& adopt) noexcept {
    Received received = receive(done);
    for (std::size_t index = 0; index < received.fd_count; ++index) {
      const bool has_bytes = index == 0 && received.begin != received.end;
      adopt(std::move(received.fds[index]), has_bytes ? std::move(received.lease) : BufferLease{},
            has_bytes ? received.begin : 0, has_bytes ? received.end : 0);
    }
  }
  /// Re-arms after a shortage of buffers; at the end of each batch.
  void on_batch_end() noexcept;
  /// The master has closed the channel, or died: no more sockets will come.
  [[nodiscard]] bool has_ended() const noexcept { return ended_; }

 private:
  struct Received {
    std::array<Fd, kHandoverFdsMax> fds;
    std::size_t fd_count = 0;
    BufferLease lease;
    std::size_t begin = 0;
    std::size_t end = 0;
  };
  void arm() noexcept;
  [[nodiscard]] Received receive(const Completion& done) noexcept;
  void take_fds(io_uring_recvmsg_out* out, Received& received) noexcept;

  Ring& ring_;
  std::uint8_t owner_;
  int channel_;
  Counters& counters_;
  BufferPool pool_;
  msghdr template_{};  ///< the kernel reads the sizes from it at each shot
  bool armed_ = false;
  bool ended_ = false;
};

}  // namespace urb
