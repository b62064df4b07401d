// The cost of a request that does nothing: what every other request pays at least. The difference
// between one and many for an enter is the system call, which batching shares.
#include <algorithm>
#include <array>

#include "base/assert.hpp"
#include "micro/micro.hpp"
#include "micro/rings.hpp"

namespace urb {
namespace {

class Nop : public MicroWork {
 public:
  explicit Nop(unsigned batch) : batch_{batch} { URB_ASSERT(batch > 0 && batch <= 64); }

  void run(std::uint64_t operations) override {
    std::array<Completion, 64> completions;
    while (operations != 0) {
      const std::uint64_t count = std::min<std::uint64_t>(batch_, operations);
      for (std::uint64_t index = 0; index < count; ++index) io_uring_prep_nop(ring_.sqe({}));
      for (std::uint64_t done = 0; done < count;) {
        ring_.submit_and_wait(kNever);
        done += ring_.collect(completions);
      }
      operations -= count;
    }
  }
  [[nodiscard]] RingCounters counters() const noexcept override { return ring_.counters(); }

 private:
  unsigned batch_;
  Ring ring_{kMicroRing};
};

}  // namespace

std::unique_ptr<MicroWork> make_nop(unsigned batch) { return std::make_unique<Nop>(batch); }

}  // namespace urb
