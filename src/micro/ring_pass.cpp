// A direct descriptor into another ring, as `msgring` hands over: no channel, no message.
#include <sys/socket.h>

#include "base/assert.hpp"
#include "base/fd.hpp"
#include "micro/micro.hpp"
#include "micro/rings.hpp"
#include "net/ring_handover.hpp"
#include "uring/socket.hpp"

namespace urb {
namespace {

class RingPass : public MicroWork {
 public:
  RingPass() {
    require_features("msg-ring-fd", kRingHandoverNeeds);
    static_cast<void>(source_.use(Feature::msg_ring_fd));
    source_.make_file_table(1);
    target_.make_file_table(4);
    Fd socket{Adopt{}, check(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), "socket")};
    int raw = socket.get();
    const int result = io_uring_register_files_update(source_.raw(), 0, &raw, 1);
    if (result < 0) throw_refused("io_uring_register", -result, {5, 1});
  }

  void run(std::uint64_t operations) override {
    for (; operations != 0; --operations) {
      io_uring_prep_msg_ring_fd_alloc(source_.sqe({}), target_.raw()->ring_fd, 0,
                                      pack({kMessageOwner, 0, 0, 0}), 0);
      source_.submit();
      // The target's own context installs the descriptor, then the source's request ends.
      const Completion posted = await_one(target_, "a posted descriptor");
      await_one(source_, "MSG_RING");
      Socket received{target_, static_cast<std::uint32_t>(posted.result)};
      received.prep_close(target_.sqe({}));
      await_one(target_, "CLOSE");
    }
  }
  [[nodiscard]] RingCounters counters() const noexcept override {
    return sum_of(source_.counters(), target_.counters());
  }

 private:
  Ring source_{kMicroRing};
  Ring target_{kMicroRing};
};

}  // namespace

std::unique_ptr<MicroWork> make_ring_pass() { return std::make_unique<RingPass>(); }

}  // namespace urb
