// The cost of a request that does nothing: what every other request pays at least.
//
// The argument is how many are queued for one enter: the difference between 1 and 32 is the system
// call, which batching shares.
#include <benchmark/benchmark.h>

#include <array>

#include "uring/ring.hpp"

namespace urb {
namespace {

void ring_nop_round_trip(benchmark::State& state) {
  Ring ring{{64, 256}};
  const auto batch_size = static_cast<std::size_t>(state.range(0));
  std::array<Completion, 64> batch;
  for (auto _ : state) {
    for (std::size_t index = 0; index < batch_size; ++index) io_uring_prep_nop(ring.sqe({}));
    for (std::size_t done = 0; done < batch_size;) {
      ring.submit_and_wait(kNever);
      done += ring.collect(batch);
    }
  }
  const auto requests = state.iterations() * state.range(0);
  state.SetItemsProcessed(requests);
  // Not a speed but a proof of what was measured: one enter for each batch.
  state.counters["enters_per_batch"] =
      static_cast<double>(ring.counters().enter_count) / static_cast<double>(state.iterations());
}
BENCHMARK(ring_nop_round_trip)->Arg(1)->Arg(8)->Arg(32);

}  // namespace
}  // namespace urb

BENCHMARK_MAIN();
