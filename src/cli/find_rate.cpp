#include "cli/find_rate.hpp"

#include <algorithm>
#include <utility>

#include "base/error.hpp"
#include "base/exit_code.hpp"
#include "cli/messages.hpp"
#include "report/console.hpp"

namespace urb {

void declare_find_rate(Flags& flags, std::optional<LatencyBound>& bound, const LoadOptions& load,
                       const ClientKind& client) {
  flags.parsed("--find-rate", "BOUND",
               "the highest rate of the open loop that keeps a bound, p99<5ms; --rate is where the "
               "search starts, --repeats how often a rate is tried at most",
               "off",
               [&bound](const std::string& typed) { bound = value_or_throw(parse_bound(typed)); });
  flags.when_read([&bound, &load, &client] {
    if (!bound) return;
    if (client == ClientKind::ab)
      throw UsageError("ab knows the closed loop only: leave out --find-rate, or --client ab");
    if (load.arrivals.kind == ArrivalKind::recorded)
      throw UsageError("a record of arrivals has its rate: leave out --find-rate, or the record");
  });
}

RatePlan plan_rates(const Grid& grid, const LatencyBound& bound, const LoadOptions& load,
                    const RoundRules& rules, Warnings warnings) {
  RatePlan plan{.grid = grid,
                .bound = bound,
                .accept_disturbed = rules.accept_disturbed,
                .warnings = std::move(warnings)};
  plan.start = load.rate.value_or(plan.start);
  plan.trials = grid.repeats | 1U;
  return plan;
}

int find_and_print(const RatePlan& plan, const RunnerHooks& hooks, std::FILE* stream,
                   const std::atomic<bool>& stop) {
  const std::vector<RateCurve> curves = find_rates(plan, hooks, stop);
  write_text(stream, format_curves(curves, plan.bound));
  flush_text(stream);
  const auto all_of = [&curves](auto holds) {
    return std::all_of(curves.begin(), curves.end(), holds);
  };
  if (stop.load()) {
    print_error("interrupted before all rates were found");
    return kExitFailed;
  }
  if (all_of([](const RateCurve& curve) { return !curve.obstacle.empty(); }))
    return kExitUnsupported;
  const bool found =
      all_of([](const RateCurve& curve) { return curve.is_over && curve.highest_kept; });
  return found ? kExitOk : kExitFailed;
}

}  // namespace urb
