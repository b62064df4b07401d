// Descriptors through a SEQPACKET pair, as between master and worker: SENDMSG with SCM_RIGHTS on
// one ring, RECVMSG, armed before, on another.
#include <sys/socket.h>

#include <array>
#include <cstring>
#include <stdexcept>
#include <vector>

#include "base/assert.hpp"
#include "base/fd.hpp"
#include "micro/micro.hpp"
#include "micro/rings.hpp"

namespace urb {
namespace {

constexpr unsigned kFdsMax = 253;  // SCM_MAX_FD, include/net/scm.h
constexpr std::size_t kPayloadBytes = 8;

class FdPass : public MicroWork {
 public:
  explicit FdPass(unsigned fd_count)
      : fd_count_{fd_count},
        sent_(fd_count == 0 ? 0 : CMSG_SPACE(sizeof(int) * fd_count)),
        received_(sent_.size()) {
    URB_ASSERT(fd_count <= kFdsMax);
    int ends[2];
    check(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends), "socketpair");
    near_ = Fd{Adopt{}, ends[0]};
    far_ = Fd{Adopt{}, ends[1]};
    if (fd_count == 0) return;
    msghdr header = header_of(sent_);
    cmsghdr* const control = CMSG_FIRSTHDR(&header);
    control->cmsg_level = SOL_SOCKET;
    control->cmsg_type = SCM_RIGHTS;
    control->cmsg_len = CMSG_LEN(sizeof(int) * fd_count);
    for (unsigned index = 0; index < fd_count; ++index) {
      const int fd = original_.get();
      std::memcpy(CMSG_DATA(control) + index * sizeof fd, &fd, sizeof fd);
    }
  }

  void run(std::uint64_t operations) override {
    for (; operations != 0; --operations) pass();
  }
  [[nodiscard]] RingCounters counters() const noexcept override {
    return sum_of(sender_.counters(), receiver_.counters());
  }

 private:
  msghdr header_of(std::vector<std::byte>& control) noexcept {
    msghdr header{};
    header.msg_iov = &payload_;
    header.msg_iovlen = 1;
    header.msg_control = control.data();
    header.msg_controllen = control.size();
    return header;
  }

  void pass() {
    msghdr incoming = header_of(received_);
    io_uring_prep_recvmsg(receiver_.sqe({}), far_.get(), &incoming, MSG_CMSG_CLOEXEC);
    receiver_.submit();
    const msghdr outgoing = header_of(sent_);
    io_uring_prep_sendmsg(sender_.sqe({}), near_.get(), &outgoing, MSG_NOSIGNAL);
    await_one(sender_, "SENDMSG");
    await_one(receiver_, "RECVMSG");
    if (close_received(incoming) != fd_count_) {
      throw std::runtime_error("a message lost descriptors on its way; raise ulimit -n");
    }
  }
  static unsigned close_received(msghdr& message) {
    unsigned count = 0;
    for (cmsghdr* control = CMSG_FIRSTHDR(&message); control != nullptr;
         control = CMSG_NXTHDR(&message, control)) {
      if (control->cmsg_level != SOL_SOCKET || control->cmsg_type != SCM_RIGHTS) continue;
      const std::size_t here = (control->cmsg_len - CMSG_LEN(0)) / sizeof(int);
      for (std::size_t index = 0; index < here; ++index, ++count) {
        int raw = 0;
        std::memcpy(&raw, CMSG_DATA(control) + index * sizeof raw, sizeof raw);
        const Fd closed{Adopt{}, raw};
      }
    }
    return count;
  }

  unsigned fd_count_;
  std::array<std::byte, kPayloadBytes> bytes_{};
  iovec payload_{bytes_.data(), bytes_.size()};
  std::vector<std::byte> sent_;  // control messages
  std::vector<std::byte> received_;
  Fd original_{Adopt{}, check(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), "socket")};
  Fd near_;
  Fd far_;
  Ring sender_{kMicroRing};
  Ring receiver_{kMicroRing};
};

}  // namespace

std::unique_ptr<MicroWork> make_fd_pass(unsigned fd_count) {
  return std::make_unique<FdPass>(fd_count);
}

}  // namespace urb
