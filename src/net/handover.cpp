// Sending descriptors with the bytes that belong to them.
#include "net/handover.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include "base/assert.hpp"
#include "base/error.hpp"

namespace urb {
namespace {

// Room for several of the largest messages. 212,992 bytes are the default of net.core.wmem_default;
// a size above wmem_max is silently capped, which is still enough for one.
constexpr int kChannelBytes = 1024 * 1024;
// What may wait for one worker at least, however few the descriptors.
constexpr std::size_t kPendingLeast = 64;

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
      operations_{ring, owner},
      counters_{counters},
      pending_max_{std::max(kPendingLeast, socket_capacity / (2 * channels.size()))},
      messages_{channels.size() * pending_max_} {
  channels_.reserve(channels.size());
  for (const int fd : channels) {
    channels_.push_back({.fd = fd, .waiting = {}});
    channels_.back().waiting.reserve(socket_capacity);
  }
}

bool HandoverSender::try_admit(unsigned worker) noexcept {
  Channel& channel = channels_[worker];
  if (channel.pending == pending_max_ || (is_cut_off_ && channel.is_down)) {
    counters_.handover_refused.add();
    ++channel.undelivered;
    return false;
  }
  ++channel.pending;
  return true;
}

void HandoverSender::give(unsigned worker, Socket socket) noexcept {
  if (!try_admit(worker)) {
    counters_.connections_closed.add();
    return;
  }
  // Within the capacity reserved by the constructor: the process has no more descriptors.
  channels_[worker].waiting.push_back(socket.take_fd().release());
  ++waiting_count_;
}

Socket HandoverSender::give_with_bytes(unsigned worker, Socket socket, BufferLease lease,
                                       std::size_t begin, std::size_t end) noexcept {
  URB_ASSERT(end - begin <= kHandoverPrefixMax);
  if (!try_admit(worker)) return socket;
  Message* const message = messages_.try_emplace();
  URB_ASSERT(message != nullptr);  // as many as may be pending
  message->worker = worker;
  message->header.fd_count = 1;
  message->header.prefix_bytes = static_cast<std::uint32_t>(end - begin);
  message->fds[0] = socket.take_fd().release();
  message->lease = std::move(lease);
  message->prefix = message->lease.memory().subspan(begin, end - begin);
  if (channels_[worker].is_down) {
    park(*message);
  } else {
    send(*message);
  }
  return {};
}

void HandoverSender::on_batch_end() noexcept {
  if (waiting_count_ == 0) return;
  for (unsigned worker = 0; worker < channels_.size(); ++worker) {
    Channel& channel = channels_[worker];
    if (channel.waiting.empty() || channel.is_sending || channel.is_down) continue;
    Message* const message = messages_.try_emplace();
    URB_ASSERT(message != nullptr);  // fewer than there are sockets in them
    const std::size_t count = std::min(channel.waiting.size(), kHandoverFdsMax);
    message->worker = worker;
    message->header.fd_count = static_cast<std::uint32_t>(count);
    std::copy_n(channel.waiting.begin(), count, message->fds.begin());
    channel.waiting.erase(channel.waiting.begin(),
                          channel.waiting.begin() + static_cast<std::ptrdiff_t>(count));
    waiting_count_ -= count;
    channel.is_sending = true;
    send(*message);
  }
}

void HandoverSender::send(Message& message) noexcept {
  const std::span<const std::byte> prefix = message.prefix;
  const std::size_t fds_bytes = sizeof(int) * message.header.fd_count;
  message.epoch = channels_[message.worker].epoch;
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
  io_uring_prep_sendmsg(operations_.arm(message, Op::send), channels_[message.worker].fd,
                        &message.message, MSG_NOSIGNAL | (message.may_wait ? 0 : MSG_DONTWAIT));
}

// The buffer is needed by others while these bytes wait for a worker.
void HandoverSender::park(Message& message) noexcept {
  if (!message.lease.is_held()) return;
  message.parked.assign(message.prefix.begin(), message.prefix.end());
  message.prefix = message.parked;
  message.lease.give_back();
}

void HandoverSender::on_completion(const Completion& done) noexcept {
  on_sent(operations_.finish(messages_, done), done.result);
}

void HandoverSender::on_sent(Message& message, int result) noexcept {
  const std::uint32_t count = message.header.fd_count;
  const bool is_full = result == -EAGAIN && !message.may_wait;
  const bool is_down = channels_[message.worker].is_down;
  if (is_full && !is_down && !is_cut_off_) {
    counters_.handover_stalled.add();
    message.may_wait = true;
    park(message);
    return send(message);
  }
  if (message.prefix.empty()) channels_[message.worker].is_sending = false;
  const bool is_refused = result == -EPIPE || result == -ECONNRESET || (is_full && is_down);
  if (is_refused && !is_cut_off_) return keep(message);
  if (result >= 0) {
    counters_.handover_messages.add();
    counters_.handover_connections.add(count);
    if (message.epoch != channels_[message.worker].epoch) {
      channels_[message.worker].undelivered += count;  // taken by a channel that nobody reads
    }
  } else {
    // The kernel has no room for descriptors in flight (ETOOMANYREFS): closing tells the clients,
    // and the count tells us.
    counters_.handover_errors.add(count);
    channels_[message.worker].undelivered += count;
    counters_.count_shortage(-result);
  }
  close(message);
}

// The worker is dead. Its channel may have been replaced in the meantime, then it goes out again.
void HandoverSender::keep(Message& message) noexcept {
  Channel& channel = channels_[message.worker];
  if (message.epoch == channel.epoch) channel.is_down = true;
  message.may_wait = false;
  if (!message.prefix.empty()) {
    park(message);
    if (!channel.is_down) send(message);
    return;
  }
  // To the front, within the capacity that they had before they were sent.
  channel.waiting.insert(channel.waiting.begin(), message.fds.begin(),
                         message.fds.begin() + message.header.fd_count);
  waiting_count_ += message.header.fd_count;
  messages_.release(message);
}

void HandoverSender::on_worker_lost(unsigned worker) noexcept {
  ++channels_[worker].epoch;
  channels_[worker].is_down = true;
}

void HandoverSender::on_worker_back(unsigned worker) noexcept {
  ++channels_[worker].epoch;
  channels_[worker].is_down = false;
  messages_.for_each([&](Message& message) {
    if (message.worker == worker && message.in_flight.none()) send(message);
  });
  on_batch_end();
}

std::uint64_t HandoverSender::unsent(unsigned worker) noexcept {
  std::uint64_t count = channels_[worker].waiting.size();
  messages_.for_each([&](const Message& message) {
    if (message.worker == worker) count += message.header.fd_count;
  });
  return count;
}

void HandoverSender::cut_off() noexcept {
  is_cut_off_ = true;
  messages_.for_each([this](Message& message) {
    if (!message.in_flight.none()) return operations_.cancel_all(message);
    counters_.handover_errors.add(message.header.fd_count);
    channels_[message.worker].undelivered += message.header.fd_count;
    close(message);
  });
  for (Channel& channel : channels_) {
    for (const int raw : channel.waiting) Fd{Adopt{}, raw}.close();
    counters_.handover_errors.add(channel.waiting.size());
    counters_.connections_closed.add(channel.waiting.size());
    waiting_count_ -= channel.waiting.size();
    channel.pending -= channel.waiting.size();
    channel.undelivered += channel.waiting.size();
    channel.waiting.clear();
  }
}

void HandoverSender::close(Message& message) noexcept {
  const std::uint32_t count = message.header.fd_count;
  counters_.connections_closed.add(count);
  channels_[message.worker].pending -= count;
  for (std::uint32_t index = 0; index < count; ++index) {
    io_uring_prep_close(ring_.detached_sqe(), message.fds[index]);
  }
  messages_.release(message);
}

}  // namespace urb
