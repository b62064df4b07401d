// A kernel whose answers the test makes up.
//
// A component queues its requests on a real ring, but they are taken off before the kernel sees
// them; the test answers each with any result, in any order. Requests of one chosen opcode may pass
// to the real kernel, for what cannot be made up: buffers that the kernel picks, descriptors that
// it makes. Their completions, too, are given to the component only by the test.
#pragma once

#include <doctest/doctest.h>
#include <linux/tls.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cstring>
#include <deque>
#include <optional>
#include <string_view>
#include <vector>

#include "base/fd.hpp"
#include "support/deadline.hpp"
#include "uring/ring.hpp"

namespace urb::test {

/// A request as it was queued, and the ways to answer it.
class Request {
 public:
  explicit Request(const io_uring_sqe& sqe) noexcept
      : fd{sqe.fd},
        io_flags{sqe.msg_flags},
        kind_flags{sqe.ioprio},
        sqe_flags{sqe.flags},
        opcode_{sqe.opcode},
        address_{sqe.addr},
        size_{sqe.len},
        token_{unpack(sqe.user_data)} {}

  int fd;
  std::uint32_t io_flags;    ///< MSG_*, or SOCK_* of an accept
  std::uint16_t kind_flags;  ///< IORING_RECV_*, IORING_ACCEPT_*
  std::uint8_t sqe_flags;    ///< IOSQE_*

  [[nodiscard]] Token token() const noexcept { return token_; }
  /// Nobody waits for its completion.
  [[nodiscard]] bool is_detached() const noexcept { return token_.owner == kDetachedOwner; }
  [[nodiscard]] bool is(int opcode) const noexcept { return opcode_ == opcode; }
  /// A cancellation's target is the request with this token.
  [[nodiscard]] Token target() const noexcept { return unpack(address_); }
  [[nodiscard]] Completion done(int result, std::uint32_t flags = 0) const noexcept {
    return {token_, result, flags};
  }
  /// Everything that was to be sent or received.
  [[nodiscard]] Completion done_fully() const noexcept { return done(static_cast<int>(bytes())); }
  /// How many bytes a send, receive or SENDMSG asks for.
  [[nodiscard]] std::size_t bytes() const noexcept {
    if (!is(IORING_OP_SENDMSG) && !is(IORING_OP_RECVMSG)) return size_;
    const msghdr& message = *reinterpret_cast<const msghdr*>(address_);
    std::size_t sum = 0;
    for (std::size_t part = 0; part < message.msg_iovlen; ++part)
      sum += message.msg_iov[part].iov_len;
    return sum;
  }
  /// What a send was to send; of a SENDMSG, the first part.
  [[nodiscard]] std::string_view text() const noexcept {
    if (!is(IORING_OP_SENDMSG)) return {reinterpret_cast<const char*>(address_), size_};
    const iovec& first = *reinterpret_cast<const msghdr*>(address_)->msg_iov;
    return {static_cast<const char*>(first.iov_base), first.iov_len};
  }
  /// A read that brings `text`: at its address, as the kernel would.
  [[nodiscard]] Completion brings(std::string_view text) const {
    REQUIRE((is(IORING_OP_RECV) || is(IORING_OP_READ_FIXED)));
    REQUIRE(text.size() <= size_);
    std::memcpy(reinterpret_cast<void*>(address_), text.data(), text.size());
    return done(static_cast<int>(text.size()));
  }
  /// A RECVMSG that brings a record of `type`, as a socket does whose TLS is the kernel's.
  [[nodiscard]] Completion brings_record(unsigned char type, std::string_view text) const {
    REQUIRE(is(IORING_OP_RECVMSG));
    REQUIRE(text.size() <= bytes());
    msghdr& message = *reinterpret_cast<msghdr*>(address_);
    std::string_view left = text;
    for (std::size_t part = 0; !left.empty(); ++part) {
      const iovec& into = message.msg_iov[part];
      left.remove_prefix(left.copy(static_cast<char*>(into.iov_base), into.iov_len));
    }
    cmsghdr* const control = CMSG_FIRSTHDR(&message);
    REQUIRE(control != nullptr);
    control->cmsg_level = SOL_TLS;
    control->cmsg_type = TLS_GET_RECORD_TYPE;
    control->cmsg_len = CMSG_LEN(sizeof type);
    std::memcpy(CMSG_DATA(control), &type, sizeof type);
    message.msg_controllen = CMSG_SPACE(sizeof type);
    return done(static_cast<int>(text.size()));
  }
  /// The type of record that a SENDMSG is; 0 where it names none.
  [[nodiscard]] unsigned char record_type() const noexcept {
    if (!is(IORING_OP_SENDMSG)) return 0;
    const cmsghdr* const control = CMSG_FIRSTHDR(reinterpret_cast<const msghdr*>(address_));
    if (control == nullptr || control->cmsg_level != SOL_TLS) return 0;
    return control->cmsg_type == TLS_SET_RECORD_TYPE ? *CMSG_DATA(control) : 0;
  }
  /// A close, which nobody waits for, and which really closes.
  void closes() const {
    REQUIRE((is(IORING_OP_CLOSE) && is_detached()));
    REQUIRE(::close(fd) == 0);
  }

 private:
  int opcode_;
  std::uint64_t address_;
  std::uint32_t size_;
  Token token_;
};

class MadeUpKernel {
 public:
  /// `real_opcode`: requests that the real kernel gets.
  explicit MadeUpKernel(int real_opcode = -1, Features features = kernel_features())
      : ring_{{512, 2048, features}}, real_opcode_{real_opcode} {}

  [[nodiscard]] Ring& ring() noexcept { return ring_; }

  /// What has been queued since the last call, oldest first, without what went to the real kernel.
  [[nodiscard]] std::vector<Request> take() {
    std::vector<Request> taken;
    io_uring_sq& queue = ring_.raw()->sq;
    for (unsigned at = queue.sqe_head; at != queue.sqe_tail; ++at) {
      io_uring_sqe& sqe = queue.sqes[at & queue.ring_mask];
      if (sqe.opcode == real_opcode_) {
        ++real_count_;
        continue;
      }
      taken.emplace_back(sqe);
      // Of a detached request the ring itself drops the completion.
      const bool is_detached = taken.back().is_detached();
      const std::uint64_t user_data = is_detached ? sqe.user_data : kNothing;
      std::memset(&sqe, 0, sizeof sqe);
      sqe.opcode = IORING_OP_NOP;
      sqe.fd = -1;
      sqe.user_data = user_data;
      if (!is_detached) ++nothing_count_;
    }
    ring_.submit();
    const Nanos deadline = monotonic_now() + kPatience;
    while (nothing_count_ != 0) collect(deadline);
    return taken;
  }
  /// The same, where there has to be exactly one.
  [[nodiscard]] Request take_one() {
    const std::vector<Request> taken = take();
    REQUIRE(taken.size() == 1);
    return taken.front();
  }
  /// The same, where it has to be this operation.
  [[nodiscard]] Request take_one(int opcode) {
    const Request taken = take_one();
    REQUIRE(taken.is(opcode));
    return taken;
  }
  [[nodiscard]] bool has_none() { return take().empty(); }

  /// The next completion of the real kernel.
  [[nodiscard]] Completion wait_for_real() {
    REQUIRE(has_none());
    const Nanos deadline = monotonic_now() + kPatience;
    while (arrived_.empty()) collect(deadline);
    const Completion done = arrived_.front();
    arrived_.pop_front();
    return done;
  }
  /// How many requests have gone to the real kernel.
  [[nodiscard]] unsigned real_count() {
    REQUIRE(has_none());
    return real_count_;
  }

 private:
  // No component has this owner.
  static constexpr std::uint64_t kNothing = 0xFDFD'FDFD'FDFD'FDFD;
  void collect(Nanos deadline) {
    REQUIRE(monotonic_now() < deadline);
    ring_.submit_and_wait(deadline);
    std::array<Completion, 64> batch;
    const std::size_t count = ring_.collect(batch);
    for (std::size_t index = 0; index < count; ++index) {
      if (pack(batch[index].token) == kNothing) {
        --nothing_count_;
      } else {
        arrived_.push_back(batch[index]);
      }
    }
  }

  Ring ring_;
  int real_opcode_;
  unsigned real_count_ = 0;
  unsigned nothing_count_ = 0;
  std::deque<Completion> arrived_;
};

struct StreamPair {
  Fd near;  ///< the component's
  Fd far;   ///< the client's
};
[[nodiscard]] inline StreamPair make_stream_pair() {
  int ends[2] = {-1, -1};
  REQUIRE(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) == 0);
  return {Fd{Adopt{}, ends[0]}, Fd{Adopt{}, ends[1]}};
}

/// Whether the peer of `fd` has closed or shut down its side: nothing left to read but the end.
[[nodiscard]] inline bool has_seen_end(int fd) noexcept {
  char byte = 0;
  return recv(fd, &byte, 1, MSG_DONTWAIT | MSG_PEEK) == 0;
}

}  // namespace urb::test
