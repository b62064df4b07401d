// One hop through the relay, loopback TCP to a unix socket, by data path and size of the transfer.
#include <array>
#include <optional>
#include <stdexcept>

#include "base/fd.hpp"
#include "micro/hop.hpp"
#include "micro/micro.hpp"
#include "micro/rings.hpp"
#include "net/relay.hpp"
#include "uring/kernel_thread.hpp"

namespace urb {
namespace {

constexpr std::uint8_t kRelay = 1;

class RelayHop : public MicroWork {
 public:
  RelayHop(RelayKind kind, std::uint64_t bytes) : bytes_{bytes} {
    HopEnds ends = make_hop_ends();
    source_ = std::move(ends.source);
    target_ = std::move(ends.target);
    // Each peer gives up its copies of the other ends, or it would keep itself alive.
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
    set_non_blocking(source_.get());
    set_non_blocking(target_.get());
    // After the forks: a ring must not be shared.
    ring_.emplace(kMicroRing);
    if (kind == RelayKind::linked) require_kernel_thread("leave out relay-linked");
    ring_->limit_kernel_threads(1);
    buffers_.emplace(*ring_, BufferPoolOptions{BufferKind::plain, 4, 256 * 1024, 0});
    relay_.emplace(*ring_, kRelay, kind, *buffers_, counters_, 1);
  }

  void run(std::uint64_t operations) override {
    for (; operations != 0; --operations) {
      transfer_through(*relay_, *ring_, source_.get(), target_.get(), bytes_);
    }
  }
  [[nodiscard]] RingCounters counters() const noexcept override { return ring_->counters(); }

 private:
  std::uint64_t bytes_;
  Counters counters_;
  // Destroyed last to first: the sockets close, then the peers end. A writer whose bytes are unread
  // gets a reset.
  std::optional<Peer> reader_;
  std::optional<Peer> writer_;
  Fd source_;
  Fd target_;
  std::optional<Ring> ring_;
  std::optional<BufferPool> buffers_;
  std::optional<Relay> relay_;
};

}  // namespace

void transfer_through(Relay& relay, Ring& ring, int source, int target, std::uint64_t bytes) {
  std::array<Completion, 16> batch;
  bool is_over = !relay.begin(0, source, target, bytes).has_value();
  while (!is_over) {
    ring.submit_and_wait(kNever);
    const std::size_t count = ring.collect(batch);
    for (std::size_t index = 0; index < count; ++index) {
      const auto end = relay.on_completion(batch[index]);
      if (!end) continue;
      if (end->result != TransferResult::done) throw std::runtime_error(kHopBroken);
      is_over = true;
    }
    relay.on_batch_end();
  }
}

std::unique_ptr<MicroWork> make_relay_hop(RelayKind kind, std::uint64_t bytes) {
  return std::make_unique<RelayHop>(kind, bytes);
}

}  // namespace urb
