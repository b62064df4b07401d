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
  const std::span payload{static_cast<const std::byte*>(io_uring_recvmsg_payload(out, &template_)),
                          io_uring_recvmsg_payload_length(out, done.result, &template_)};
  const std::size_t fd_count = take_fds(out, received);
  const std::optional<HandoverHeader> header = decode_handover(payload, out->flags);
  if (!header || fd_count > header->fd_count) {
    // Not from our master's code. One connection lost is better than all of this worker's.
    counters_.handover_errors.add(std::max<std::size_t>(fd_count, 1));
    return {};
  }
  // Fewer than sent: our descriptor table is full, and the kernel dropped the rest.
  if (received.fd_count < header->fd_count) {
    counters_.handover_errors.add(header->fd_count - received.fd_count);
    counters_.fds_exhausted.add();
  }
  received.begin =
      static_cast<std::size_t>(payload.data() - received.lease.memory().data()) + sizeof *header;
  received.end = received.begin + header->prefix_bytes;
  return received;
}

// How many there were; those beyond what a message has are closed.
std::size_t HandoverReceiver::take_fds(io_uring_recvmsg_out* out, Received& received) noexcept {
  std::size_t total = 0;
  for (cmsghdr* control = io_uring_recvmsg_cmsg_firsthdr(out, &template_); control != nullptr;
       control = io_uring_recvmsg_cmsg_nexthdr(out, &template_, control)) {
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
