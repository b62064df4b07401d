// The flags of `compare`, which no other command has.
#include <fmt/format.h>

#include <string>

#include "cli/flags.hpp"
#include "cli/number_checks.hpp"
#include "compare/comparison.hpp"

namespace urb {
void Flags::declare_comparison() {
  CompareOptions& compare = options_.compare;
  app_.add_option("BASE", compare.base, "CSV file of the rows from before")->required();
  app_.add_option("NEW", compare.next, "CSV file of the rows from after")->required();
  std::string names;
  for (const Metric& metric : all_metrics()) {
    names += fmt::format("{}{}", names.empty() ? "" : " ", metric.name);
  }
  app_.add_option("--metric", compare.metrics, "what to compare, comma list: " + names)
      ->type_name("LIST")
      ->delimiter(',')
      ->allow_extra_args(false)
      ->default_str("req/s,cpu/req,p99");
  app_.add_option("--threshold", compare.threshold_percent,
                  "exit 1 when a cell is worse by more than this, and by more than noise")
      ->check(in_range(0.0, 1e6))
      ->type_name("PERCENT")
      ->capture_default_str();
  app_.add_option("--base-run", compare.base_run, "only the rows of BASE with this run_id")
      ->type_name("ID")
      ->default_str("all runs");
  app_.add_option("--new-run", compare.next_run, "only the rows of NEW with this run_id")
      ->type_name("ID")
      ->default_str("all runs");
  app_.add_flag("--markdown", compare.markdown, "tables in Markdown");
  app_.add_option("--json", compare.json, "file for the comparison in JSON; - is stdout")
      ->type_name("FILE");
}

}  // namespace urb
