#include "experiment/rate_walk.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "report/markdown.hpp"
#include "stats/summary.hpp"

namespace urb {
namespace {

constexpr unsigned kDisturbedRepeats = 2;

std::string name_of(const CellSpec& cell) {
  std::string name = cell.url.empty() ? cell.mode : cell.url;
  if (cell.relay) name += fmt::format(" {}", name_of(*cell.relay));
  if (cell.policy) name += fmt::format(" {}", name_of(*cell.policy));
  return fmt::format("{} {} {}", name, format_body(cell.body), cell.reuse ? "reuse" : "no reuse");
}

// One cell's search, and what it has seen.
class Walker {
 public:
  Walker(CellSpec cell, const RatePlan& plan) : plan_{plan}, search_{plan.start, plan.trials} {
    curve_.name = name_of(cell);
    curve_.cell = std::move(cell);
  }

  [[nodiscard]] std::optional<std::uint64_t> next() const {
    return curve_.obstacle.empty() ? search_.next() : std::nullopt;
  }
  [[nodiscard]] const RateCurve& curve() const noexcept { return curve_; }

  void take(const TrialOutcome& outcome) {
    const Row& row = outcome.row;
    if (row.status == Status::unsupported) {
      curve_.obstacle = row.warnings;
      return;
    }
    if (is_disturbed(row) && !plan_.accept_disturbed && disturbed_++ < kDisturbedRepeats) return;
    disturbed_ = 0;
    const bool has_kept = keeps(outcome);
    RateProbe& probe = probe_of(*search_.next());
    (has_kept ? probe.kept : probe.broken) += 1;
    if (row.status == Status::ok) {
      probe.bound_us.push_back(to_seconds(plan_.bound.of(outcome.latency)) * 1e6);
      probe.answered.push_back(row.requests_per_s.value_or(0));
    } else {
      probe.failure = row.warnings;
    }
    search_.tell(has_kept);
  }

  [[nodiscard]] RateCurve finish() {
    curve_.highest_kept = search_.highest_kept();
    curve_.lowest_broken = search_.lowest_broken();
    curve_.is_over = !search_.next() && curve_.obstacle.empty();
    return std::move(curve_);
  }

 private:
  [[nodiscard]] bool keeps(const TrialOutcome& outcome) const {
    return outcome.row.status == Status::ok &&
           !outcome.warnings.contains(Warning::rate_not_reached) &&
           plan_.bound.of(outcome.latency) < plan_.bound.below;
  }

  RateProbe& probe_of(std::uint64_t rate) {
    auto place = std::lower_bound(
        curve_.probes.begin(), curve_.probes.end(), rate,
        [](const RateProbe& probe, std::uint64_t wanted) { return probe.rate < wanted; });
    if (place == curve_.probes.end() || place->rate != rate)
      place = curve_.probes.insert(place, RateProbe{.rate = rate});
    return *place;
  }

  const RatePlan& plan_;
  RateSearch search_;
  RateCurve curve_;
  unsigned disturbed_ = 0;  // trials in a row that do not count
};

std::string format_curve(const RateCurve& curve) {
  MarkdownTable table{{"rate", "bound by", "answered req/s", "trials that kept it", "that did not"},
                      0};
  for (const RateProbe& probe : curve.probes) {
    const auto median = [](const std::vector<double>& values) {
      return values.empty() ? std::string{"–"} : fmt::format("{:.0f}", median_of(values));
    };
    table.add({fmt::format("{}", probe.rate), median(probe.bound_us) + " µs",
               median(probe.answered), fmt::format("{}", probe.kept),
               fmt::format("{}", probe.broken)});
  }
  return table.render();
}

std::string format_found(const RateCurve& curve) {
  if (!curve.obstacle.empty()) return fmt::format("not here: {}\n", curve.obstacle);
  if (!curve.is_over) return "interrupted\n";
  if (!curve.highest_kept) {
    const std::string& why = curve.probes.front().failure;
    return fmt::format("no rate keeps it{}{}\n", why.empty() ? "" : ", the last reason: ", why);
  }
  if (!curve.lowest_broken) return fmt::format("{} req/s, and more\n", *curve.highest_kept);
  return fmt::format("{} req/s, and not {}\n", *curve.highest_kept, *curve.lowest_broken);
}

}  // namespace

std::vector<RateCurve> find_rates(const RatePlan& plan, const RunnerHooks& hooks,
                                  const std::atomic<bool>& stop) {
  std::vector<Walker> walkers;
  for (CellSpec& cell : make_cells(plan.grid)) walkers.emplace_back(std::move(cell), plan);
  RoundOrder order{plan.grid.seed};
  std::size_t done = 0;
  bool goes_on = true;
  for (unsigned round = 1; goes_on; ++round) {
    std::vector<std::size_t> open;
    for (std::size_t index = 0; index < walkers.size(); ++index) {
      if (walkers[index].next()) open.push_back(index);
    }
    goes_on = !open.empty();
    for (const std::size_t index : order.next(std::move(open))) {
      Walker& walker = walkers[index];
      const TrialSpec spec{walker.curve().cell, index, round, ++done, walker.next()};
      const std::string label = fmt::format("{} at {} req/s", walker.curve().name, *spec.rate);
      if (hooks.show_progress)
        hooks.show_progress({.done = done - 1, .total = done, .label = label});
      TrialOutcome outcome = hooks.run_trial(spec, [](Nanos, std::uint64_t) {});
      if (outcome.interrupted || stop.load()) goes_on = false;
      if (!goes_on) break;
      if (outcome.row.status == Status::ok) {
        Warnings warnings = outcome.warnings;
        warnings.insert(plan.warnings.begin(), plan.warnings.end());
        outcome.row.warnings = format_warnings(warnings);
      }
      if (hooks.save_row) hooks.save_row(outcome.row);
      if (hooks.keep_outcome) hooks.keep_outcome(outcome);
      walker.take(outcome);
    }
  }
  std::vector<RateCurve> curves;
  for (Walker& walker : walkers) curves.push_back(walker.finish());
  return curves;
}

std::string format_curves(const std::vector<RateCurve>& curves, const LatencyBound& bound) {
  std::string text;
  for (const RateCurve& curve : curves) {
    text += fmt::format("{}, {}\n\n", curve.name, bound.text);
    if (!curve.probes.empty()) text += format_curve(curve) + "\n";
    text += "Highest rate: " + format_found(curve) + "\n";
  }
  return text;
}

}  // namespace urb
