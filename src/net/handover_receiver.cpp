// Receiving descriptors with the bytes that belong to them.
#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include "net/handover.hpp"

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

}  // namespace

HandoverReceiver::HandoverReceiver(Ring& ring, std::uint8_t owner, int channel,
                                   std::uint16_t buffer_group, Counters& counters)
    : operations_{ring, owner},
      channel_{channel},
      counters_{counters},
      is_multishot_{ring.use(Feature::recv_multishot)},
      pool_{ring,
            {is_multishot_ ? BufferKind::provided : BufferKind::plain, kReceiveBuffers,
             kReceiveBytes, buffer_group}},
      control_(is_multishot_ ? 0 : kControlBytes) {}

void HandoverReceiver::arm() noexcept {
  io_uring_sqe* const sqe = operations_.arm(slot_, Op::receive);
  template_ = {};
  template_.msg_controllen = kControlBytes;
  if (is_multishot_) {
    io_uring_prep_recvmsg_multishot(sqe, channel_, &template_, MSG_CMSG_CLOEXEC);
    io_uring_sqe_set_flags(sqe, IOSQE_BUFFER_SELECT);
    sqe->buf_group = pool_.group_id();
  } else {
    lease_ = pool_.try_take();
    payload_ = {lease_.memory().data(), lease_.memory().size()};
    template_.msg_iov = &payload_;
    template_.msg_iovlen = 1;
    template_.msg_control = control_.data();
    io_uring_prep_recvmsg(sqe, channel_, &template_, MSG_CMSG_CLOEXEC);
  }
}

void HandoverReceiver::on_batch_end() noexcept {
  if (slot_.in_flight.none() && !ended_ && pool_.free_count() != 0) arm();
}

HandoverReceiver::Received HandoverReceiver::receive(const Completion& done) noexcept {
  Received received;
  received.lease = is_multishot_ ? pool_.claim(done) : std::move(lease_);
  operations_.finish(slot_, done);
  if (done.result < 0) {
    if (done.result == -ENOBUFS) {
      counters_.buffers_starved.add();
    } else {
      ended_ = true;
    }
    return received;
  }
  std::optional<Message> message = find_message(done, received.lease);
  if (!message || message->payload.empty()) {
    ended_ = true;
    return received;
  }
  const std::span payload = message->payload;
  const std::size_t fd_count = take_fds(*message, received);
  const std::optional<HandoverHeader> header =
      decode_handover(payload, static_cast<std::uint32_t>(message->header.msg_flags));
  if (!header || fd_count > header->fd_count) {
    // Not from our master's code. One connection lost is better than all of this worker's.
    counters_.handover_errors.add(std::max<std::size_t>(fd_count, 1));
    return {};
  }
  // Fewer than sent: our descriptor table is full, and the kernel dropped the rest. They were this
  // worker's, and are over.
  if (received.fd_count < header->fd_count) {
    const std::size_t dropped = header->fd_count - received.fd_count;
    counters_.handover_errors.add(dropped);
    counters_.connections_opened.add(dropped);
    counters_.connections_closed.add(dropped);
    counters_.fds_exhausted.add();
  }
  received.begin =
      static_cast<std::size_t>(payload.data() - received.lease.memory().data()) + sizeof *header;
  received.end = received.begin + header->prefix_bytes;
  return received;
}

std::optional<HandoverReceiver::Message> HandoverReceiver::find_message(
    const Completion& done, const BufferLease& lease) noexcept {
  if (!lease.is_held()) return {};
  Message message;
  if (!is_multishot_) {
    message.payload = lease.memory().first(static_cast<std::size_t>(done.result));
    message.header = template_;
    return message;
  }
  io_uring_recvmsg_out* const out =
      io_uring_recvmsg_validate(lease.memory().data(), done.result, &template_);
  if (out == nullptr) return {};
  message.payload = {static_cast<const std::byte*>(io_uring_recvmsg_payload(out, &template_)),
                     io_uring_recvmsg_payload_length(out, done.result, &template_)};
  // Between the name, which has no room, and the payload.
  message.header.msg_control = io_uring_recvmsg_name(out);
  message.header.msg_controllen = out->controllen;
  message.header.msg_flags = static_cast<int>(out->flags);
  return message;
}

// How many there were; those beyond what a message has are closed.
std::size_t HandoverReceiver::take_fds(Message& message, Received& received) noexcept {
  std::size_t total = 0;
  for (cmsghdr* control = CMSG_FIRSTHDR(&message.header); control != nullptr;
       control = CMSG_NXTHDR(&message.header, control)) {
    if (control->cmsg_level != SOL_SOCKET || control->cmsg_type != SCM_RIGHTS) continue;
    const std::size_t count = (control->cmsg_len - CMSG_LEN(0)) / sizeof(int);
    for (std::size_t index = 0; index < count; ++index) {
      int raw = 0;
      std::memcpy(&raw, CMSG_DATA(control) + index * sizeof raw, sizeof raw);
      Fd fd{Adopt{}, raw};
      if (received.fd_count == received.fds.size()) continue;
      received.fds[received.fd_count++] = std::move(fd);
    }
    total += count;
  }
  return total;
}

}  // namespace urb
