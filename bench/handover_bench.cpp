// Handing connected sockets over: SENDMSG with SCM_RIGHTS on one ring, multishot RECVMSG on
// another, and the closing of the sender's copies.
//
// Both rings are run by one thread in turn, so the time is the work of both sides without the
// scheduler's: no wake-up is in it. Making the descriptors and closing the received ones is not
// measured. The first argument is the descriptors in a message, the second the bytes that come with
// each (socket mode sends one descriptor and its bytes in a message).
#include "net/handover.hpp"

#include <benchmark/benchmark.h>
#include <sys/socket.h>

#include <array>
#include <vector>

#include "base/clock.hpp"
#include "base/error.hpp"

namespace urb {
namespace {

constexpr std::uint8_t kOwner = 1;

class Bench {
 public:
  Bench() {
    receiver_.start();
    worker_ring_.submit();
  }

  /// Hands over `count` descriptors and returns the time it took.
  Nanos hand_over(std::size_t count, std::size_t prefix_bytes) {
    std::vector<Fd> sockets;
    for (std::size_t index = 0; index < count; ++index) {
      sockets.emplace_back(Adopt{}, check(dup(original_.get()), "dup"));
    }
    const Nanos begin = monotonic_now();
    for (Fd& socket : sockets) {
      if (prefix_bytes == 0) {
        sender_.give(0, std::move(socket));
      } else {
        const Socket refused =
            sender_.give_with_bytes(0, std::move(socket), pool_.try_take(), 0, prefix_bytes);
        URB_ASSERT(!refused.is_open());
      }
    }
    sender_.on_batch_end();
    while (adopted_.size() < count || !sender_.is_idle()) {
      // A ring with nothing to do is left alone: its wait, though of no length, would be measured.
      if (!sender_.is_idle()) {
        run(master_ring_, [this](const Completion& done) { sender_.on_completion(done); });
      }
      if (adopted_.size() < count) {
        run(worker_ring_, [this](const Completion& done) {
          receiver_.on_completion(done, [this](Fd fd, BufferLease, std::size_t, std::size_t) {
            adopted_.push_back(std::move(fd));
          });
        });
        receiver_.on_batch_end();
      }
    }
    master_ring_.submit();  // the closes, which nobody waits for
    const Nanos end = monotonic_now();
    adopted_.clear();
    return end - begin;
  }
  [[nodiscard]] std::uint64_t message_count() const { return counters_.handover_messages.get(); }
  [[nodiscard]] std::uint64_t error_count() const { return counters_.handover_errors.get(); }

 private:
  template <class F>
  static void run(Ring& ring, F&& handle) {
    ring.submit_and_wait(Nanos{0});
    std::array<Completion, 64> batch;
    const std::size_t count = ring.collect(batch);
    for (std::size_t index = 0; index < count; ++index) handle(batch[index]);
  }

  Counters counters_;
  ChannelPair channel_ = make_channel();
  Fd original_{Adopt{}, check(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), "socket")};
  Ring master_ring_{{128, 512}};
  Ring worker_ring_{{128, 512}};
  BufferPool pool_{master_ring_, {BufferKind::plain, 32, 64 * 1024, 0}};
  std::array<int, 1> channels_{channel_.master.get()};
  HandoverSender sender_{master_ring_, kOwner, channels_, counters_, 64};
  HandoverReceiver receiver_{worker_ring_, kOwner, channel_.worker.get(), 1, counters_};
  std::vector<Fd> adopted_;
};

void handover(benchmark::State& state) {
  Bench bench;
  const auto count = static_cast<std::size_t>(state.range(0));
  const auto prefix_bytes = static_cast<std::size_t>(state.range(1));
  for (auto _ : state) state.SetIterationTime(to_seconds(bench.hand_over(count, prefix_bytes)));
  if (bench.error_count() != 0) state.SkipWithError("a descriptor was not handed over");
  state.SetItemsProcessed(state.iterations() * state.range(0));
  state.counters["messages"] =
      static_cast<double>(bench.message_count()) / static_cast<double>(state.iterations());
}
BENCHMARK(handover)
    ->ArgNames({"fds", "bytes"})
    ->Args({1, 0})
    ->Args({16, 0})
    ->Args({32, 0})
    ->Args({1, 512})
    ->Args({1, 4096})
    ->Args({1, 32768})
    ->UseManualTime();

}  // namespace
}  // namespace urb

BENCHMARK_MAIN();
