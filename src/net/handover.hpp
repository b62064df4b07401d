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
#include "net/handover_message.hpp"
#include "stats/counters.hpp"
#include "uring/buffer_pool.hpp"
#include "uring/operations.hpp"
#include "uring/ring.hpp"
#include "uring/socket.hpp"

namespace urb {

struct ChannelPair {
  Fd master;
  Fd worker;
};
/// A connected SEQPACKET pair with room for at least one largest message. Throws SysError.
[[nodiscard]] ChannelPair make_channel();

/// The master's side: one channel per worker.
///
/// Sockets given without bytes wait until the end of the batch and share a message, at most one
/// message per worker in flight: when a worker is slow, batches grow instead of messages. Owns each
/// socket until its message has been taken by the channel, then closes it. All are ordinary
/// descriptors.
///
/// What a dead worker's channel refuses stays here and goes to its replacement: nobody has read it.
///
/// A worker that does not read its channel, because it is stopped or stuck, does not stop the
/// others: what waits for it holds no buffer, and at most its share of half the descriptors. What
/// comes beyond is refused.
class HandoverSender {
 public:
  HandoverSender(Ring& ring, std::uint8_t owner, std::span<const int> channels, Counters& counters,
                 std::size_t socket_capacity);

  /// Hands over an unread socket at the end of the batch; closes it when too many wait already.
  void give(unsigned worker, Socket socket) noexcept;
  /// Hands over a socket and the bytes [begin, end) of `lease`, at once. Queues one SQE. Gives the
  /// socket back when too many wait already.
  [[nodiscard]] Socket give_with_bytes(unsigned worker, Socket socket, BufferLease lease,
                                       std::size_t begin, std::size_t end) noexcept;
  /// Sends what has gathered.
  void on_batch_end() noexcept;
  void on_completion(const Completion& done) noexcept;
  /// The worker is dead: nothing is sent to it from here on. What was under way to it by then has
  /// been submitted, and counts as undelivered should its channel have taken it.
  void on_worker_lost(unsigned worker) noexcept;
  /// The worker has been replaced, and its channel has the same number as before: sends what the
  /// old one refused.
  void on_worker_back(unsigned worker) noexcept;
  /// Closes everything that no worker has yet: nobody is waited for any more.
  void cut_off() noexcept;
  /// Nothing waits, nothing is in flight.
  [[nodiscard]] bool is_idle() const noexcept {
    return waiting_count_ == 0 && messages_.size() == 0;
  }
  /// Of all sockets ever given for `worker`, those that no living worker got or will get.
  [[nodiscard]] std::uint64_t undelivered(unsigned worker) const noexcept {
    return channels_[worker].undelivered;
  }
  /// Those given for it that are still here: not sent, or not known to be.
  [[nodiscard]] std::uint64_t unsent(unsigned worker) noexcept;

 private:
  enum class Op : std::uint8_t { send };
  /// Without a send in flight: refused by a dead worker's channel.
  struct Message : OperationSlot<Op> {
    unsigned worker = 0;
    HandoverHeader header;
    std::array<int, kHandoverFdsMax> fds{};
    std::uint32_t epoch = 0;  ///< of the channel, when it was sent
    bool may_wait = false;    ///< has found the channel full
    BufferLease lease;
    std::vector<std::byte> parked;      ///< the bytes, where they wait long
    std::span<const std::byte> prefix;  ///< within the lease, or what is parked
    std::array<iovec, 2> parts{};
    msghdr message{};
    // Read by the kernel when the request runs, so it lives as long as the request.
    alignas(cmsghdr) std::array<std::byte, CMSG_SPACE(sizeof(int) * kHandoverFdsMax)> control{};
  };
  struct Channel {
    int fd;
    bool is_sending = false;
    bool is_down = false;     ///< its worker is dead and not replaced yet
    std::uint32_t epoch = 0;  ///< counts deaths and replacements
    std::size_t pending = 0;  ///< sockets given and not closed here yet
    std::uint64_t undelivered = 0;
    std::vector<int> waiting;
  };
  [[nodiscard]] bool try_admit(unsigned worker) noexcept;
  void send(Message& message) noexcept;
  void park(Message& message) noexcept;
  void keep(Message& message) noexcept;
  void close(Message& message) noexcept;
  void on_sent(Message& message, int result) noexcept;

  Ring& ring_;
  Operations<Op> operations_;
  Counters& counters_;
  std::vector<Channel> channels_;
  std::size_t pending_max_;  ///< of a channel
  SlotMap<Message> messages_;
  std::size_t waiting_count_ = 0;
  bool is_cut_off_ = false;
};

/// The worker's side: a multishot receive of messages, or one after the other where the kernel has
/// no such.
class HandoverReceiver {
 public:
  HandoverReceiver(Ring& ring, std::uint8_t owner, int channel, std::uint16_t buffer_group,
                   Counters& counters);

  void start() noexcept { arm(); }
  /// Calls `adopt(Fd, BufferLease, begin, end)` for each socket of the message; the lease is held
  /// only when bytes came with it. A message that makes no sense is dropped with its descriptors,
  /// and counted.
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
  [[nodiscard]] bool is_idle() const noexcept { return ended_; }

 private:
  struct Received {
    std::array<Fd, kHandoverFdsMax> fds;
    std::size_t fd_count = 0;
    BufferLease lease;
    std::size_t begin = 0;
    std::size_t end = 0;
  };
  /// A message as it lies in its buffer.
  struct Message {
    std::span<const std::byte> payload;
    msghdr header{};  ///< of which the control messages and the flags count
  };
  void arm() noexcept;
  [[nodiscard]] Received receive(const Completion& done) noexcept;
  [[nodiscard]] std::optional<Message> find_message(const Completion& done,
                                                    const BufferLease& lease) noexcept;
  [[nodiscard]] static std::size_t take_fds(Message& message, Received& received) noexcept;

  enum class Op : std::uint8_t { receive };
  Operations<Op> operations_;
  OperationSlot<Op> slot_;
  int channel_;
  Counters& counters_;
  bool is_multishot_;
  BufferPool pool_;
  msghdr template_{};  ///< multishot: the kernel reads the sizes from it at each shot
  // What the one receive in flight is to fill, where it is not multishot.
  BufferLease lease_;
  iovec payload_{};
  std::vector<std::byte> control_;
  bool ended_ = false;
};

}  // namespace urb
