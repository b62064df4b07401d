// The same hop with a source that sends on order, so that nothing runs ahead: the relay against a
// redirect in the kernel, which does its work in nobody's process.
#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <optional>
#include <stdexcept>
#include <utility>

#include "base/error.hpp"
#include "base/fd.hpp"
#include "micro/hop.hpp"
#include "micro/micro.hpp"
#include "micro/rings.hpp"
#include "micro/socket_redirect.hpp"
#include "net/relay.hpp"

namespace urb {
namespace {

constexpr std::uint8_t kPacedRelay = 1;

struct OrderPipe {
  Fd read_end;
  Fd write_end;
};
OrderPipe make_order_pipe() {
  int ends[2];
  check(pipe2(ends, O_CLOEXEC), "pipe2");
  return {Fd{Adopt{}, ends[0]}, Fd{Adopt{}, ends[1]}};
}

class PacedHop : public MicroWork {
 public:
  PacedHop(std::optional<RelayKind> kind, std::uint64_t bytes) : bytes_{bytes} {
    HopEnds ends = make_hop_ends();
    source_ = std::move(ends.source);
    target_ = std::move(ends.target);
    // First, since it may be refused.
    if (!kind) redirect_.emplace(source_.get(), target_.get());
    OrderPipe orders = make_order_pipe();
    OrderPipe reports = make_order_pipe();
    const auto close_ours = [&] {
      redirect_.reset();
      source_.close();
      target_.close();
      orders.write_end.close();
      reports.read_end.close();
    };
    reader_.emplace([&] {
      close_ours();
      ends.source_peer.close();
      orders.read_end.close();
      drain_and_report(ends.target_peer.get(), reports.write_end.get(), bytes_);
    });
    writer_.emplace([&] {
      close_ours();
      ends.target_peer.close();
      reports.write_end.close();
      feed_on_order(ends.source_peer.get(), orders.read_end.get(), bytes_);
    });
    orders_ = std::move(orders.write_end);
    reports_ = std::move(reports.read_end);
    if (!kind) return;
    set_non_blocking(source_.get());
    set_non_blocking(target_.get());
    ring_.emplace(kMicroRing);
    buffers_.emplace(*ring_, BufferPoolOptions{BufferKind::plain, 4, 256 * 1024, 0});
    relay_.emplace(*ring_, kPacedRelay, *kind, *buffers_, counters_, 1);
  }

  void run(std::uint64_t operations) override {
    for (; operations != 0; --operations) {
      constexpr char kOrder = 1;
      if (write(orders_.get(), &kOrder, sizeof kOrder) != 1) throw std::runtime_error(kHopBroken);
      if (relay_) transfer_through(*relay_, *ring_, source_.get(), target_.get(), bytes_);
      await_report();
    }
  }
  [[nodiscard]] RingCounters counters() const noexcept override {
    return ring_ ? ring_->counters() : RingCounters{};
  }

 private:
  void await_report() {
    char report = 0;
    ssize_t got = 0;
    do {
      got = read(reports_.get(), &report, sizeof report);
    } while (got < 0 && errno == EINTR);
    if (got != 1) throw std::runtime_error(kHopBroken);
  }

  std::uint64_t bytes_;
  Counters counters_;
  // Destroyed last to first, as in relay_hop.cpp.
  std::optional<Peer> reader_;
  std::optional<Peer> writer_;
  Fd orders_;
  Fd reports_;
  Fd source_;
  Fd target_;
  std::optional<SocketRedirect> redirect_;
  std::optional<Ring> ring_;
  std::optional<BufferPool> buffers_;
  std::optional<Relay> relay_;
};

}  // namespace

std::unique_ptr<MicroWork> make_paced_hop(RelayKind kind, std::uint64_t bytes) {
  return std::make_unique<PacedHop>(kind, bytes);
}
std::unique_ptr<MicroWork> make_redirected_hop(std::uint64_t bytes) {
  return std::make_unique<PacedHop>(std::nullopt, bytes);
}

}  // namespace urb
