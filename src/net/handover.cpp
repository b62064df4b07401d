// Sending and receiving of descriptors with the bytes that belong to them.
#include "net/handover.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include "base/assert.hpp"
#include "base/error.hpp"

namespace urb {
namespace {

// Two descriptors' worth beyond the largest message, for a control message that some kernels add
// unasked (6.17, liburing#1509).
constexpr std::size_t kControlBytes = CMSG_SPACE(sizeof(int) * kHandoverFdsMax) + 32;
constexpr std::uint32_t kReceiveBytes = 40 * 1024;
static_assert(kReceiveBytes >= sizeof(io_uring_recvmsg_out) + kControlBytes +
                                   sizeof(HandoverHeader) + kHandoverPrefixMax);
// Untouched buffers cost no memory, so this only bounds how many messages queue in one batch.
constexpr std::uint32_t kReceiveBuffers = 64;
// Room for several of the largest messages. 212,992 bytes are the default of net.core.wmem_default;
// a size above wmem_max is silently capped, which is still enough for one.
constexpr int kChannelBytes = 1024 * 1024;

}  // namespace

ChannelPair make_channel() {
  int ends[2];
  check(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends), "socketpair");
  ChannelPair pair{Fd{Adopt{}, ends[0]}, Fd{Adopt{}, ends[1]}};
  check(setsockopt(pair.master.get(), SOL_SOCKET, SO_SNDBUF, &kChannelBytes, sizeof kChannelBytes),
        "setsockopt SO_SNDBUF");
  return pair;
}

HandoverSender::HandoverSender(Ring& ring, std::uint8_t owner, std::span<const int> channels,
                               Counters& counters, std::size_t socket_capacity)
    : ring_{ring},
      owner_{owner},
      counters_{counters},
      messages_{std::max<std::size_t>(256, channels.size())} {
  channels_.reserve(channels.size());
  for (const int fd : channels) {
    channels_.push_back({fd, false, {}});
    channels_.back().waiting.reserve(socket_capacity);
  }
}

void HandoverSender::give(unsigned worker, Fd socket) noexcept {
  // Within the capacity reserved by the constructor: the process has no more descriptors.
  channels_[worker].waiting.push_back(socket.release());
  ++waiting_count_;
}

Fd HandoverSender::give_with_bytes(unsigned worker, Fd socket, BufferLease lease, std::size_t begin,
                                   std::size_t end) noexcept {
  URB_ASSERT(end - begin <= kHandoverPrefixMax);
  Message* const message = messages_.try_emplace();
  if (message == nullptr) return socket;
  message->worker = worker;
  message->header.fd_count = 1;
  message->header.prefix_bytes = static_cast<std::uint32_t>(end - begin);
  message->fds[0] = socket.release();
  message->lease = std::move(lease);
  send(*message, message->lease.memory().subspan(begin, end - begin));
  return {};
}

void HandoverSender::flush() noexcept {
  if (waiting_count_ == 0) return;
  for (unsigned worker = 0; worker < channels_.size(); ++worker) {
    Channel& channel = channels_[worker];
    if (channel.waiting.empty() || channel.is_sending) continue;
    Message* const message = messages_.try_emplace();
    if (message == nullptr) return;  // a later flush sends them
    const std::size_t count = std::min(channel.waiting.size(), kHandoverFdsMax);
    message->worker = worker;
    message->header.fd_count = static_cast<std::uint32_t>(count);
    std::copy_n(channel.waiting.begin(), count, message->fds.begin());
    channel.waiting.erase(channel.waiting.begin(),
                          channel.waiting.begin() + static_cast<std::ptrdiff_t>(count));
    waiting_count_ -= count;
    channel.is_sending = true;
    send(*message, {});
  }
}

void HandoverSender::send(Message& message, std::span<const std::byte> prefix) noexcept {
  const std::size_t fds_bytes = sizeof(int) * message.header.fd_count;
  message.parts[0] = {&message.header, sizeof message.header};
  // The kernel only reads from it; iovec has no const form.
  message.parts[1] = {const_cast<std::byte*>(prefix.data()), prefix.size()};
  message.message = {};
  message.message.msg_iov = message.parts.data();
  message.message.msg_iovlen = prefix.empty() ? 1 : 2;
  message.message.msg_control = message.control.data();
  message.message.msg_controllen = CMSG_SPACE(fds_bytes);
  cmsghdr* const control = CMSG_FIRSTHDR(&message.message);
  control->cmsg_level = SOL_SOCKET;
  control->cmsg_type = SCM_RIGHTS;
  control->cmsg_len = CMSG_LEN(fds_bytes);
  std::memcpy(CMSG_DATA(control), message.fds.data(), fds_bytes);
  io_uring_prep_sendmsg(ring_.sqe(token(Op::send, message)), channels_[message.worker].fd,
                        &message.message, MSG_NOSIGNAL);
}

void HandoverSender::on_completion(const Completion& done) noexcept {
  Message* const message = messages_.find(done.token.slot_index, done.token.generation);
  URB_ASSERT(message != nullptr);  // a message lives until its last completion
  if (static_cast<Op>(done.token.op) == Op::send) {
    on_sent(*message, done.result);
    return;
  }
  if (--message->open_fds == 0) messages_.release(*message);
}

void HandoverSender::on_sent(Message& message, int result) noexcept {
  const std::uint32_t count = message.header.fd_count;
  if (message.header.prefix_bytes == 0) channels_[message.worker].is_sending = false;
  message.lease.give_back();
  if (result >= 0) {
    counters_.handover_messages.add();
    counters_.handover_connections.add(count);
  } else {
    // The worker is gone (EPIPE) or the kernel has no room for descriptors in flight
    // (ETOOMANYREFS): closing tells the clients, and the count tells us.
    counters_.handover_errors.add(count);
  }
  counters_.connections_closed.add(count);
  message.open_fds = count;
  for (std::uint32_t index = 0; index < count; ++index) {
    io_uring_prep_close(ring_.sqe(token(Op::close, message)), message.fds[index]);
  }
}

HandoverReceiver::HandoverReceiver(Ring& ring, std::uint8_t owner, int channel,
                                   std::uint16_t buffer_group, Counters& counters)
    : ring_{ring},
      owner_{owner},
      channel_{channel},
      counters_{counters},
      pool_{ring, {BufferKind::provided, kReceiveBuffers, kReceiveBytes, buffer_group}} {
  template_.msg_controllen = kControlBytes;
}

void HandoverReceiver::arm() noexcept {
  io_uring_sqe* const sqe = ring_.sqe({owner_, 0, 0, 0});
  io_uring_prep_recvmsg_multishot(sqe, channel_, &template_, MSG_CMSG_CLOEXEC);
  io_uring_sqe_set_flags(sqe, IOSQE_BUFFER_SELECT);
  sqe->buf_group = pool_.group_id();
  armed_ = true;
}

void HandoverReceiver::on_batch_end() noexcept {
  if (!armed_ && !ended_ && pool_.free_count() != 0) arm();
}

HandoverReceiver::Received HandoverReceiver::receive(const Completion& done) noexcept {
  Received received;
  received.lease = pool_.claim(done);
  if (!done.more()) armed_ = false;
  if (done.result < 0) {
    if (done.result == -ENOBUFS) {
      counters_.receive_starved.add();
    } else {
      ended_ = true;
    }
    return received;
  }
  io_uring_recvmsg_out* const out =
      received.lease.is_held()
          ? io_uring_recvmsg_validate(received.lease.memory().data(), done.result, &template_)
          : nullptr;
  if (out == nullptr || out->payloadlen == 0) {
    ended_ = true;
    return received;
  }
  URB_ASSERT((out->flags & MSG_TRUNC) == 0 && out->payloadlen >= sizeof(HandoverHeader));
  HandoverHeader header;
  const auto* const payload =
      static_cast<const std::byte*>(io_uring_recvmsg_payload(out, &template_));
  std::memcpy(&header, payload, sizeof header);
  URB_ASSERT(header.magic == HandoverHeader::kMagic && header.fd_count <= kHandoverFdsMax &&
             header.prefix_bytes == out->payloadlen - sizeof header);
  take_fds(out, received);
  // Fewer than sent: our descriptor table is full, and the kernel dropped the rest.
  if (received.fd_count < header.fd_count) {
    counters_.handover_errors.add(header.fd_count - received.fd_count);
  }
  received.begin =
      static_cast<std::size_t>(payload - received.lease.memory().data()) + sizeof header;
  received.end = received.begin + header.prefix_bytes;
  return received;
}

void HandoverReceiver::take_fds(io_uring_recvmsg_out* out, Received& received) noexcept {
  for (cmsghdr* control = io_uring_recvmsg_cmsg_firsthdr(out, &template_); control != nullptr;
       control = io_uring_recvmsg_cmsg_nexthdr(out, &template_, control)) {
    if (control->cmsg_level != SOL_SOCKET || control->cmsg_type != SCM_RIGHTS) continue;
    const std::size_t count = (control->cmsg_len - CMSG_LEN(0)) / sizeof(int);
    URB_ASSERT(received.fd_count + count <= kHandoverFdsMax);
    for (std::size_t index = 0; index < count; ++index) {
      int raw = 0;
      std::memcpy(&raw, CMSG_DATA(control) + index * sizeof raw, sizeof raw);
      received.fds[received.fd_count++] = Fd{Adopt{}, raw};
    }
  }
}

}  // namespace urb
