// One function a table.
#include "report/section_tables.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <map>
#include <set>
#include <tuple>
#include <utility>

#include "base/text.hpp"
#include "report/markdown.hpp"
#include "report/pictures.hpp"
#include "report/tables.hpp"
#include "row/warnings.hpp"
#include "stats/summary.hpp"

namespace urb {
namespace {

constexpr std::string_view kUnknown = "–";

std::string item(std::string_view name, const std::string& value) {
  return value == kUnknown ? "" : fmt::format("- {}: {}\n", name, escape_markdown(value));
}

std::string join(const std::set<std::string>& values) {
  std::string text;
  for (const std::string& value : values) text += (text.empty() ? "" : ", ") + value;
  return text;
}

template <class Number>
std::string numbers(const std::vector<Row>& rows, Number Row::*column) {
  std::set<std::string> values;
  for (const Row& row : rows) {
    if constexpr (std::is_same_v<Number, Row::Count>) {
      if (row.*column) values.insert(fmt::format("{}", *(row.*column)));
    } else {
      values.insert(fmt::format("{}", row.*column));
    }
  }
  return values.empty() ? std::string{kUnknown} : join(values);
}

std::string cell_name(const Row& row) {
  if (row.workers == 0) return std::string{kUnknown};
  return fmt::format("{} {}", format_body(Bytes{row.body_bytes}), row.reuse ? "reuse" : "no reuse");
}

}  // namespace

std::string escape_markdown(std::string_view text) {
  std::string escaped;
  for (const char c : text) {
    if (static_cast<unsigned char>(c) < ' ' || c == 0x7F) {
      escaped += ' ';
      continue;
    }
    if (std::string_view{"\\|<>`*[]&#"}.find(c) != std::string_view::npos) escaped += '\\';
    escaped += c;
  }
  return clean_text(escaped);
}

std::string context_list(const Section& section) {
  const std::vector<Row>& rows = section.rows;
  std::string kernels;
  for (const std::string& kernel : kernels_in_order(rows)) {
    kernels += (kernels.empty() ? "" : ", ") + kernel;
  }
  std::string text = item(section.is_count ? "kernels" : "kernel", kernels);
  text += item("CPU",
               fmt::format("{} × {}", numbers(rows, &Row::cpus), distinct(rows, &Row::cpu_model)));
  text += item("accelerator", distinct(rows, &Row::accelerator));
  std::set<std::string> virtual_machines;
  for (const Row& row : rows) virtual_machines.insert(virtual_machine(row));
  virtual_machines.erase("");
  if (!virtual_machines.empty()) text += item("virtual machine", join(virtual_machines));
  if (!section.is_count) {
    text += item("machine", distinct(rows, &Row::machine));
    text += item("mitigations", distinct(rows, &Row::mitigations));
    text += item("loopback MTU", numbers(rows, &Row::lo_mtu));
  }
  text += item("uring-bench", distinct(rows, &Row::tool));
  text += item("method", numbers(rows, &Row::method));
  text += item("features", distinct(rows, &Row::features));

  std::set<std::string> runs;
  std::string first;
  std::string last;
  std::size_t with_figures = 0;
  std::uint64_t repeats = 0;
  for (const Row& row : rows) {
    runs.insert(row.run_id);
    with_figures += row.status == Status::ok ? 1 : 0;
    repeats = std::max(repeats, row.repeat);
    if (row.started_at.empty()) continue;
    if (first.empty() || row.started_at < first) first = row.started_at;
    last = std::max(last, row.started_at);
  }
  const std::string first_day = first.substr(0, 10);
  const std::string last_day = last.substr(0, 10);
  text += fmt::format("- rows: {} of {} run{}, {} without figures, up to {} repeat{}", rows.size(),
                      runs.size(), runs.size() == 1 ? "" : "s", rows.size() - with_figures, repeats,
                      repeats == 1 ? "" : "s");
  if (!first.empty()) {
    text += first_day == last_day
                ? ", " + escape_markdown(first_day)
                : fmt::format(", {} to {}", escape_markdown(first_day), escape_markdown(last_day));
  }
  return text + "\n";
}

std::string trial_latency_table(const std::vector<Cell>& cells) {
  MarkdownTable table{{"Test", "Body", "Reuse", "req/s", "GB/s", "% of direct", "p50 µs", "p90 µs",
                       "p99 µs", "p99.9 µs", "max µs", "busiest/mean worker", "bottleneck"},
                      3};
  for (const Cell* const cell : cells_in_order(cells)) {
    std::vector<std::string> fields = cell_names(*cell);
    const std::vector<double> rates = cell->figures(&Row::requests_per_s);
    std::vector<double> gb_per_s = cell->figures(&Row::bytes_per_s);
    for (double& figure : gb_per_s) figure /= 1e9;
    fields.push_back(rates.empty() ? std::string{kUnknown} : format_median(median_interval(rates)));
    fields.push_back(gb_per_s.empty() || cell->body.value == 0
                         ? std::string{kUnknown}
                         : format_median(median_interval(gb_per_s)));
    Row::Figure share;
    if (const Cell* const ceiling = find_ceiling(cells, *cell); ceiling && !rates.empty()) {
      const Row::Figure whole = ceiling->median(&Row::requests_per_s);
      if (whole && *whole > 0) share = median_of(rates) / *whole * 100;
    }
    for (const Row::Figure& figure :
         {share, cell->median(&Row::latency_us_p50), cell->median(&Row::latency_us_p90),
          cell->median(&Row::latency_us_p99), cell->median(&Row::latency_us_p999),
          cell->median(&Row::latency_us_max), cell->median(&Row::worker_imbalance)}) {
      fields.push_back(format_short(figure));
    }
    const std::string bottleneck = cell->bottleneck();
    fields.push_back(bottleneck.empty() ? std::string{kUnknown} : escape_markdown(bottleneck));
    table.add(std::move(fields));
  }
  return table.is_empty() ? "" : table.render();
}

std::string operations_table(const std::vector<Row>& rows) {
  MarkdownTable table{{"Operation", "µs", "CPU µs", "io_uring_enter", "SQEs", "GB/s"}, 1};
  for (const Cell& cell : make_cells(rows)) {
    std::vector<double> each_us;
    for (const double rate : cell.figures(&Row::requests_per_s)) each_us.push_back(1e6 / rate);
    if (each_us.empty()) continue;
    Row::Figure gb_per_s = cell.median(&Row::bytes_per_s);
    if (gb_per_s) *gb_per_s /= 1e9;
    table.add({cell.mode, format_median(median_interval(each_us)),
               format_short(cell.median(&Row::cpu_us_per_request_client)),
               format_short(cell.median(&Row::enters_per_request)),
               format_short(cell.median(&Row::sqes_per_request)),
               format_short(cell.body.value == 0 ? Row::Figure{} : gb_per_s)});
  }
  return table.is_empty() ? "" : table.render();
}

std::string instructions_table(const std::vector<Row>& rows) {
  const std::vector<std::string> kernels = kernels_in_order(rows);
  std::vector<std::string> header{"Test", "Body", "Reuse"};
  for (const std::string& kernel : kernels) {
    header.push_back(escape_markdown(short_release(kernel, kernels)));
  }
  if (kernels.size() > 1) header.emplace_back("first to last");
  MarkdownTable table{std::move(header), 3};

  std::vector<Cell> cells = make_cells(rows);
  std::stable_sort(cells.begin(), cells.end(), [](const Cell& left, const Cell& right) {
    return std::make_tuple(left.reuse, left.body) < std::make_tuple(right.reuse, right.body);
  });
  for (const Cell& cell : cells) {
    std::vector<std::string> fields = cell_names(cell);
    std::vector<double> medians;
    for (const std::string& kernel : kernels) {
      std::vector<double> samples;
      std::string refusal{kUnknown};
      for (const Row& row : rows) {
        if (row.kernel != kernel || row.mode != cell.mode || row.body_bytes != cell.body.value ||
            row.reuse != cell.reuse) {
          continue;
        }
        if (row.status != Status::ok) refusal = name_of(row.status);
        if (row.status == Status::ok && row.instructions_per_request) {
          samples.push_back(*row.instructions_per_request);
        }
      }
      fields.push_back(samples.empty() ? refusal : format_median(median_interval(samples)));
      if (!samples.empty()) medians.push_back(median_of(samples));
    }
    if (kernels.size() > 1) {
      const bool has_change = medians.size() > 1 && medians.front() > 0;
      fields.push_back(has_change
                           ? fmt::format("{:+.1f} %", (medians.back() / medians.front() - 1) * 100)
                           : std::string{kUnknown});
    }
    table.add(std::move(fields));
  }
  return table.is_empty() ? "" : table.render();
}

std::string instruction_shares_table(const std::vector<Row>& rows) {
  const std::string kernel = kernels_in_order(rows).back();
  std::vector<std::string> header{"Test", "Body", "Reuse"};
  constexpr std::array kNames{"client", "master", "workers"};
  for (const char* const name : kNames) header.emplace_back(name);
  MarkdownTable table{std::move(header), 3};
  for (const Cell& cell : make_cells(rows)) {
    std::vector<std::string> fields = cell_names(cell);
    bool has_shares = false;
    for (const char* const name : kNames) {
      std::vector<double> samples;
      for (const Row& row : rows) {
        const std::string share = guest_field(row, name);
        if (row.kernel == kernel && row.mode == cell.mode && row.reuse == cell.reuse &&
            row.body_bytes == cell.body.value && row.status == Status::ok && !share.empty()) {
          samples.push_back(std::strtod(share.c_str(), nullptr));
        }
      }
      has_shares = has_shares || !samples.empty();
      fields.push_back(samples.empty() ? std::string{kUnknown}
                                       : format_median(median_interval(samples)));
    }
    if (has_shares) table.add(std::move(fields));
  }
  if (table.is_empty()) return "";
  return fmt::format("Whose they are, on {}:\n\n{}", escape_markdown(kernel), table.render());
}

std::string refusals_table(const std::vector<Row>& rows) {
  struct Trials {
    std::size_t count = 0;
    std::set<std::string> modes;
    std::set<std::string> cells;
  };
  using Reason = std::pair<std::string, std::string>;  // status and text
  std::map<std::string, std::map<Reason, Trials>> by_kernel;
  for (const Row& row : rows) {
    if (row.status == Status::ok) continue;
    Trials& trials = by_kernel[row.kernel][{std::string{name_of(row.status)}, row.warnings}];
    ++trials.count;
    trials.modes.insert(row.mode);
    trials.cells.insert(cell_name(row));
  }
  constexpr std::size_t kCellsNamed = 2;
  MarkdownTable table{{"Kernel", "Status", "Reason", "Tests", "Cells", "Trials"}, 4};
  for (const std::string& kernel : kernels_in_order(rows)) {
    for (const auto& [reason, trials] : by_kernel[kernel]) {
      table.add({escape_markdown(kernel), reason.first, escape_markdown(reason.second),
                 join(trials.modes),
                 trials.cells.size() <= kCellsNamed ? join(trials.cells)
                                                    : fmt::format("{}", trials.cells.size()),
                 fmt::format("{}", trials.count)});
    }
  }
  return table.is_empty() ? "" : table.render();
}

std::string warnings_list(const std::vector<Row>& rows) {
  std::map<std::string, std::size_t> counts;
  std::size_t with_figures = 0;
  for (const Row& row : rows) {
    if (row.status != Status::ok) continue;
    ++with_figures;
    for (std::size_t begin = 0; begin < row.warnings.size();) {
      const std::size_t end = std::min(row.warnings.find(';', begin), row.warnings.size());
      ++counts[row.warnings.substr(begin, end - begin)];
      begin = end + 1;
    }
  }
  counts.erase("");
  std::string text;
  for (const auto& [name, count] : counts) {
    const std::string_view meaning = text_of_warning(name);
    text += fmt::format("- {} ({} of {} rows){}{}\n", escape_markdown(name), count, with_figures,
                        meaning.empty() ? "" : ": ", meaning);
  }
  return text;
}

}  // namespace urb
