// The same hop by the same requests, once from a loop in this process and once from one in the
// kernel: what the calls and the way back to user space take.
#include <sys/socket.h>

#include <algorithm>
#include <optional>
#include <stdexcept>
#include <utility>
#include <vector>

#include "base/fd.hpp"
#include "micro/hop.hpp"
#include "micro/micro.hpp"
#include "micro/ring_loop.hpp"
#include "micro/rings.hpp"

namespace urb {
namespace {

constexpr std::size_t kLoopBufferBytes = 64 * 1024;

class LoopCopy : public MicroWork {
 public:
  LoopCopy(bool in_kernel, std::uint64_t bytes) : bytes_{bytes}, buffer_(kLoopBufferBytes) {
    HopEnds ends = make_hop_ends();
    source_ = std::move(ends.source);
    target_ = std::move(ends.target);
    reader_.emplace([&] {
      source_.close();
      target_.close();
      ends.source_peer.close();
      drain(ends.target_peer.get());
    });
    writer_.emplace([&] {
      source_.close();
      target_.close();
      ends.target_peer.close();
      feed(ends.source_peer.get());
    });
    ring_.emplace(kMicroRing);
    if (in_kernel) loop_.emplace(*ring_);
  }

  void run(std::uint64_t operations) override {
    for (; operations != 0; --operations) {
      if (loop_) {
        loop_->copy(source_.get(), target_.get(), buffer_, bytes_);
        ++loops_;
      } else {
        copy();
      }
    }
  }
  [[nodiscard]] RingCounters counters() const noexcept override {
    RingCounters sum = ring_->counters();
    if (loop_) {
      sum.enter_count += loops_;
      sum.sqe_count += loop_->request_count();
    }
    return sum;
  }

 private:
  void copy() {
    for (std::uint64_t left = bytes_; left != 0;) {
      const std::size_t most = std::min<std::uint64_t>(left, buffer_.size());
      io_uring_prep_recv(ring_->sqe({}), source_.get(), buffer_.data(), most, 0);
      const auto received = take_result("RECV");
      for (std::size_t sent = 0; sent < received;) {
        io_uring_prep_send(ring_->sqe({}), target_.get(), buffer_.data() + sent, received - sent,
                           MSG_NOSIGNAL);
        sent += take_result("SEND");
      }
      left -= received;
    }
  }
  std::size_t take_result(const char* request) {
    const Completion done = await_one(*ring_, request);
    if (done.result == 0) throw std::runtime_error(kHopBroken);
    return static_cast<std::size_t>(done.result);
  }

  std::uint64_t bytes_;
  std::vector<std::byte> buffer_;
  std::uint64_t loops_ = 0;
  // Destroyed last to first, as in relay_hop.cpp.
  std::optional<Peer> reader_;
  std::optional<Peer> writer_;
  Fd source_;
  Fd target_;
  std::optional<Ring> ring_;
  std::optional<RingLoop> loop_;
};

}  // namespace

std::unique_ptr<MicroWork> make_loop_copy(bool in_kernel, std::uint64_t bytes) {
  return std::make_unique<LoopCopy>(in_kernel, bytes);
}

}  // namespace urb
