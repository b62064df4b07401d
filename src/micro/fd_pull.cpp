// A descriptor that its new owner takes out of the old one by pidfd_getfd(2), without a message.
#include <signal.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <optional>

#include "base/error.hpp"
#include "base/fd.hpp"
#include "base/refusal.hpp"
#include "micro/hop.hpp"
#include "micro/micro.hpp"

namespace urb {
namespace {

class FdPull : public MicroWork {
 public:
  FdPull() {
    int ends[2];
    check(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), "socketpair");
    Fd ours{Adopt{}, ends[0]};
    Fd theirs{Adopt{}, ends[1]};
    owner_.emplace([&] {
      ours.close();
      char end = 0;
      const ssize_t got = read(theirs.get(), &end, sizeof end);
      static_cast<void>(got);
    });
    // The number is the same there: it was made before the fork.
    number_ = original_.get();
    alive_ = std::move(ours);
    pidfd_ = Fd{Adopt{}, static_cast<int>(check_allowed(syscall(SYS_pidfd_open, owner_->pid(), 0),
                                                        "pidfd_open", {5, 3}))};
  }

  void run(std::uint64_t operations) override {
    for (; operations != 0; --operations) {
      const Fd pulled{Adopt{}, static_cast<int>(check_allowed(
                                   syscall(SYS_pidfd_getfd, pidfd_.get(), number_, 0),
                                   "pidfd_getfd", {5, 6}, "the right to trace that process"))};
    }
  }
  [[nodiscard]] RingCounters counters() const noexcept override { return {}; }

 private:
  Fd original_{Adopt{}, check(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), "socket")};
  int number_ = -1;
  std::optional<Peer> owner_;
  Fd alive_;  ///< the owner ends with it
  Fd pidfd_;
};

}  // namespace

std::unique_ptr<MicroWork> make_fd_pull() { return std::make_unique<FdPull>(); }

}  // namespace urb
