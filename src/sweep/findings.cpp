#include "sweep/findings.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <functional>

#include "base/exit_code.hpp"
#include "report/builds.hpp"
#include "report/markdown.hpp"
#include "report/tables.hpp"
#include "stats/summary.hpp"

namespace urb {

std::string name_cell(const Row& row) {
  if (row.mode.starts_with("micro-")) return row.mode;
  std::string name = row.mode;
  for (const std::string& part : {row.relay, row.buffers}) {
    if (!part.empty()) name += " " + part;
  }
  return fmt::format("{} {} {}, {} connections", name, format_body({row.body_bytes}),
                     row.reuse ? "reuse" : "no reuse", row.connections);
}

// A compiler moves counts as much as ten versions of a kernel do.
std::string describe_compilers(const std::vector<std::string>& releases,
                               const std::vector<std::string>& compilers) {
  std::string text;
  for (std::size_t kernel = 0; kernel < releases.size(); ++kernel) {
    text += fmt::format("{}{}: {}", text.empty() ? "" : ", ", releases[kernel],
                        compilers[kernel].empty() ? "unknown" : short_compiler(compilers[kernel]));
  }
  return fmt::format("The compilers differ, and with them the counts. {}.\n", text);
}

void Findings::add(std::size_t kernel, const Row& row, const std::optional<double>& figure) {
  if (row.status == Status::ok) ++ok_;
  if (row.status != Status::ok && row.status != Status::unsupported) ++failed_;
  const std::string cell = name_cell(row);
  const auto [at, is_new] = figures_.try_emplace(cell, kernels_);
  if (is_new) order_.push_back(cell);
  if (figure) at->second[kernel].push_back(*figure);
  if (!row.kernel_compiler.empty()) compilers_[kernel] = row.kernel_compiler;
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
  const bool is_mixed = std::adjacent_find(compilers_.begin(), compilers_.end(),
                                           std::not_equal_to{}) != compilers_.end();
  return fmt::format("{}\nMedians, for one request or operation, of {}.\n{}", table.render(),
                     cpu == GuestCpu::tcg
                         ? "executed instructions: kernel, client, master and workers"
                         : "requests a second",
                     is_mixed ? describe_compilers(releases, compilers_) : "");
}

int Findings::exit_code() const noexcept {
  if (failed_ != 0) return kExitFailed;
  return ok_ == 0 ? kExitUnsupported : kExitOk;
}

}  // namespace urb
