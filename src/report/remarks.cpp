#include "report/remarks.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>
#include <string_view>
#include <utility>

#include "report/cell.hpp"
#include "report/markdown.hpp"
#include "report/releases.hpp"
#include "report/tables.hpp"
#include "row/warnings.hpp"

namespace urb {
namespace {

std::string workload_of(const Row& row) {
  if (row.workers == 0) return std::string{kNoFigure};
  return fmt::format("{} {}", format_body(Bytes{row.body_bytes}), row.reuse ? "reuse" : "no reuse");
}

}  // namespace

std::string refusals_table(const std::vector<Row>& rows) {
  struct Trials {
    std::size_t count = 0;
    std::set<std::string> modes;
    std::set<std::string> workloads;
  };
  using Reason = std::pair<std::string, std::string>;  // status and text
  std::map<std::string, std::map<Reason, Trials>> by_kernel;
  for (const Row& row : rows) {
    if (row.status == Status::ok) continue;
    Trials& trials = by_kernel[row.kernel][{std::string{name_of(row.status)}, row.warnings}];
    ++trials.count;
    trials.modes.insert(escape_markdown(row.mode));
    trials.workloads.insert(workload_of(row));
  }
  std::vector<std::string> kernels;
  for (const auto& [kernel, reasons] : by_kernel) kernels.push_back(kernel);
  std::stable_sort(kernels.begin(), kernels.end(), is_older_release);
  constexpr std::size_t kWorkloadsNamed = 2;
  MarkdownTable table{{"Kernel", "Status", "Reason", "Tests", "Cells", "Trials"}, 4};
  for (const std::string& kernel : kernels) {
    for (const auto& [reason, trials] : by_kernel[kernel]) {
      table.add({escape_markdown(kernel), reason.first, escape_markdown(reason.second),
                 fmt::format("{}", fmt::join(trials.modes, ", ")),
                 trials.workloads.size() <= kWorkloadsNamed
                     ? fmt::format("{}", fmt::join(trials.workloads, ", "))
                     : fmt::format("{}", trials.workloads.size()),
                 fmt::format("{}", trials.count)});
    }
  }
  return table.is_empty() ? "" : table.render();
}

std::string warnings_list(const std::vector<Row>& rows) {
  const auto with_figures = std::count_if(rows.begin(), rows.end(),
                                          [](const Row& row) { return row.status == Status::ok; });
  std::string text;
  for (const WarningCount& warning : count_warnings(rows)) {
    const std::string_view meaning = text_of_warning(warning.name);
    text += fmt::format("- {} ({} of {} rows){}{}\n", escape_markdown(warning.name), warning.rows,
                        with_figures, meaning.empty() ? "" : ": ", meaning);
  }
  return text;
}

std::vector<WarningCount> count_warnings(const std::vector<Row>& rows) {
  std::map<std::string, std::size_t> counts;
  for (const Row& row : rows) {
    if (row.status != Status::ok) continue;
    for (const std::string& name : split_warnings(row.warnings)) ++counts[name];
  }
  std::vector<WarningCount> warnings;
  for (const auto& [name, count] : counts) warnings.push_back({name, count});
  return warnings;
}

}  // namespace urb
