// The operations of `uring-bench micro` under Google Benchmark: the same objects, with its
// statistics, and the relay by data path and size. The relay's peers are processes of their own, so
// cpu_us is the relay alone, its kernel threads included; the time also depends on how all of them
// share the cores.
#include "micro/micro.hpp"

#include <benchmark/benchmark.h>

#include <exception>
#include <string>

#include "stats/usage.hpp"

namespace urb {
namespace {

template <class Make>
void repeat(benchmark::State& state, Make&& make, std::uint64_t bytes) {
  try {
    const std::unique_ptr<MicroWork> work = make();
    const RingCounters before = work->counters();
    const Nanos cpu_before = own_cpu_time().total;
    // Those that batch need many at once.
    const benchmark::IterationCount at_once = bytes == 0 ? 32 : 1;
    while (state.KeepRunningBatch(at_once)) work->run(static_cast<std::uint64_t>(at_once));
    const auto operations = static_cast<double>(state.iterations());
    const double cpu_s = to_seconds(own_cpu_time().total - cpu_before);
    state.counters["cpu_us"] = cpu_s * 1e6 / operations;
    // Not a speed but a proof of what was measured.
    state.counters["enters"] =
        static_cast<double>(work->counters().enter_count - before.enter_count) / operations;
    if (bytes == 0) return;
    const double moved = operations * static_cast<double>(bytes);
    state.SetBytesProcessed(static_cast<std::int64_t>(moved));
    state.counters["cpu_s_per_GB"] = cpu_s / (moved / 1e9);
  } catch (const std::exception& error) {
    state.SkipWithError(error.what());
  }
}

void relay_hop(benchmark::State& state, RelayKind kind) {
  const auto bytes = static_cast<std::uint64_t>(state.range(0));
  repeat(
      state, [=] { return make_relay_hop(kind, bytes); }, bytes);
}
constexpr std::int64_t kSmallest = 4 << 10;
constexpr std::int64_t kLargest = 16 << 20;
void all_sizes(benchmark::internal::Benchmark* bench) {
  bench->RangeMultiplier(16)->Range(kSmallest, kLargest)->UseRealTime();
}
BENCHMARK_CAPTURE(relay_hop, linked, RelayKind::linked)->Apply(all_sizes);
BENCHMARK_CAPTURE(relay_hop, sync, RelayKind::sync)->Apply(all_sizes);
BENCHMARK_CAPTURE(relay_hop, copy, RelayKind::copy)->Apply(all_sizes);

}  // namespace
}  // namespace urb

int main(int argc, char** argv) {
  for (const urb::Micro& micro : urb::all_micros()) {
    benchmark::RegisterBenchmark(std::string{micro.name}.c_str(), [&micro](
                                                                      benchmark::State& state) {
      urb::repeat(state, micro.make, micro.bytes);
    })->UseRealTime();
  }
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 2;
  benchmark::RunSpecifiedBenchmarks();
  benchmark::Shutdown();
  return 0;
}
