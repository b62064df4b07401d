#include "sweep/findings.hpp"

#include <fmt/format.h>

#include "base/exit_code.hpp"
#include "report/markdown.hpp"
#include "report/tables.hpp"
#include "stats/summary.hpp"

namespace urb {

std::string name_cell(const Row& row) {
  if (row.mode.starts_with("micro-")) return row.mode;
  return fmt::format("{}{}{} {} {}", row.mode, row.relay.empty() ? "" : " ", row.relay,
                     format_body({row.body_bytes}), row.reuse ? "reuse" : "no reuse");
}

void Findings::add(std::size_t kernel, const Row& row, const std::optional<double>& figure) {
  if (row.status == Status::ok) ++ok_;
  if (row.status != Status::ok && row.status != Status::unsupported) ++failed_;
  const std::string cell = name_cell(row);
  const auto [at, is_new] = figures_.try_emplace(cell, kernels_);
  if (is_new) order_.push_back(cell);
  if (figure) at->second[kernel].push_back(*figure);
}

std::string Findings::format_table(const std::vector<std::string>& releases, GuestCpu cpu) const {
  if (ok_ == 0) return {};
  std::vector<std::string> head{"Cell"};
  head.insert(head.end(), releases.begin(), releases.end());
  MarkdownTable table{head, 1};
  for (const std::string& cell : order_) {
    std::vector<std::string> fields{cell};
    for (const std::vector<double>& figures : figures_.at(cell)) {
      fields.push_back(figures.empty() ? "–" : fmt::format("{:.0f}", median_of(figures)));
    }
    table.add(fields);
  }
  return fmt::format("{}\nMedians, for one request or operation, of {}.\n", table.render(),
                     cpu == GuestCpu::tcg
                         ? "executed instructions: kernel, client, master and workers"
                         : "requests a second");
}

int Findings::exit_code() const noexcept {
  if (failed_ != 0) return kExitFailed;
  return ok_ == 0 ? kExitUnsupported : kExitOk;
}

}  // namespace urb
