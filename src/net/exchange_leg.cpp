#include "net/exchange_leg.hpp"

#include <algorithm>
#include <utility>

namespace urb {

void OutgoingMessage::set(iovec first, iovec second) noexcept {
  parts = {first, second};
  left = first.iov_len + second.iov_len;
}

void OutgoingMessage::prep(io_uring_sqe* sqe, int socket) noexcept {
  message = {};
  message.msg_iov = parts.data();
  message.msg_iovlen = parts.size();
  io_uring_prep_sendmsg(sqe, socket, &message, MSG_DONTWAIT | MSG_NOSIGNAL);
}

void OutgoingMessage::advance(std::size_t sent) noexcept {
  std::vector<std::byte> unsent;
  unsent.reserve(left - sent);
  for (const iovec& part : parts) {
    const std::size_t skipped = std::min(sent, part.iov_len);
    const auto* const bytes = static_cast<const std::byte*>(part.iov_base);
    unsent.insert(unsent.end(), bytes + skipped, bytes + part.iov_len);
    sent -= skipped;
  }
  rest = std::move(unsent);
  set({rest.data(), rest.size()}, {});
}

}  // namespace urb
