// One object; names as in comparison.hpp.
#include "compare/json.hpp"

#include <nlohmann/json.hpp>

namespace urb {
namespace {

using Json = nlohmann::ordered_json;

Json to_json(const Source& source) {
  return {{"file", source.name},
          {"runs", source.runs},
          {"rows", source.row_count},
          {"rows_without_figures", source.left_out},
          {"rows_disturbed", source.disturbed}};
}

Json to_json(const Change& change) {
  return {{"cell", change.cell},
          {"base", {{"median", change.base_median}, {"repeats", change.base}}},
          {"new", {{"median", change.next_median}, {"repeats", change.next}}},
          {"ratio", change.interval.ratio},
          {"ratio_low", change.interval.low},
          {"ratio_high", change.interval.high},
          {"confidence", change.interval.confidence},
          {"pairs", change.pair_count},
          {"p", change.p},
          {"p_corrected", change.p_corrected},
          {"verdict", name_of(change.verdict)},
          {"beyond_threshold", change.beyond_threshold}};
}

Json to_json(const Bound& bound) {
  return {{"cell", bound.cell},
          {"base", {{"median", bound.base_median}, {"limited_by_client", bound.is_base_limited}}},
          {"new", {{"median", bound.next_median}, {"limited_by_client", bound.is_next_limited}}}};
}

Json to_json(const MetricComparison& metric) {
  Json limited = Json::array();
  for (const Bound& bound : metric.limited) limited.push_back(to_json(bound));
  Json cells = Json::array();
  for (const Change& change : metric.changes) cells.push_back(to_json(change));
  return {{"metric", metric.metric->name},
          {"unit", metric.metric->unit},
          {"more_is_better", metric.metric->more_is_better},
          {"cells", std::move(cells)},
          {"geometric_mean_ratio", metric.mean_ratio},
          {"limited_by_client", std::move(limited)},
          {"cells_without_figures", metric.unknown}};
}

}  // namespace

std::string format_comparison_json(const Comparison& comparison) {
  Json metrics = Json::array();
  for (const MetricComparison& metric : comparison.metrics) metrics.push_back(to_json(metric));
  const Json json{{"format", "uring-bench-comparison-2"},
                  {"base", to_json(comparison.base)},
                  {"new", to_json(comparison.next)},
                  {"threshold_percent", comparison.threshold_percent},
                  {"test", comparison.is_paired ? "signed_rank" : "mann_whitney"},
                  {"test_reason", comparison.test_reason},
                  {"family_size", comparison.family_size},
                  {"repeats_needed", comparison.repeats_needed},
                  {"regression", comparison.found_regression()},
                  {"metrics", std::move(metrics)},
                  {"base_only", comparison.base_only},
                  {"new_only", comparison.next_only},
                  {"notes", comparison.notes}};
  // File names need not be UTF-8.
  return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace urb
