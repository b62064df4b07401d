#include "sweep/guest_rows.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <stdexcept>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "row/csv.hpp"
#include "row/warnings.hpp"

namespace urb {
namespace {

constexpr double kInstructionsPerUs = 1000;  // -icount shift=0: one a nanosecond

// A guest has no file of its configuration, and of a boot that failed nothing else is known.
void add_config(Row& row, const ConfigSettings& config) {
  if (!config.summary.empty()) {
    row.kernel_config = config.summary + (row.kernel_config.empty() ? "" : ";" + row.kernel_config);
  }
  if (config.hz) row.hz = config.hz;
  if (!config.preemption.empty()) row.preemption = config.preemption;
  if (!config.irq_accounting.empty()) row.irq_accounting = config.irq_accounting;
}

void add_context(Row& row, const BootContext& context) {
  row.run_id = context.run_id;
  row.kernel = context.kernel.release;
  row.accelerator = context.cpu == GuestCpu::tcg ? "tcg" : "kvm";
  row.repeat = context.repeat;
  add_config(row, context.kernel.config);
  row.guest =
      fmt::format("{};settle={};build={}", context.machine, context.settle_s, context.kernel.build);
}

void count_instructions(Row& row) {
  struct Share {
    const char* name;
    Row::Figure Row::*cpu_us;
  };
  double sum = 0;
  for (const Share& share : {Share{"client", &Row::cpu_us_per_request_client},
                             Share{"master", &Row::cpu_us_per_request_master},
                             Share{"workers", &Row::cpu_us_per_request_workers}}) {
    const Row::Figure cpu_us = row.*share.cpu_us;
    if (!cpu_us) continue;
    sum += *cpu_us * kInstructionsPerUs;
    row.guest += fmt::format(";{}={}", share.name, format_figure(*cpu_us * kInstructionsPerUs));
  }
  row.instructions_per_request = sum;
  if (row.host_cpu_us_per_request) {
    const double others = *row.host_cpu_us_per_request * kInstructionsPerUs - sum;
    row.guest += fmt::format(";others={}", format_figure(std::max(0.0, others)));
  }
}

bool is_about_time(std::string_view name) {
  const WarningInfo* const warning = find_warning(name);
  return warning != nullptr && warning->doubt == Doubt::times;
}

std::string without_times(const std::string& warnings) {
  std::string kept;
  for (const std::string& name : split_warnings(warnings)) {
    if (!is_about_time(name)) kept += (kept.empty() ? "" : ";") + name;
  }
  return kept;
}

}  // namespace

std::optional<Row> parse_guest_line(const std::string& line, const BootContext& context) {
  const auto records = parse_csv(line + "\n");
  const auto* const lines = std::get_if<std::vector<std::vector<std::string>>>(&records);
  if (lines == nullptr || lines->size() != 1) {
    throw std::runtime_error(fmt::format("a guest printed what is no row: {}", line));
  }
  if (lines->front() == column_names()) return std::nullopt;
  auto parsed = parse_row(lines->front());
  Row* const row = std::get_if<Row>(&parsed);
  if (row == nullptr) {
    throw std::runtime_error(fmt::format("a guest printed what is no row: {}", line));
  }
  add_context(*row, context);
  if (context.cpu == GuestCpu::tcg && row->status == Status::ok) {
    count_instructions(*row);
    row->clear_times();
    row->bottleneck.clear();  // found by times
    row->warnings = without_times(row->warnings);
  }
  return std::move(*row);
}

Row make_failure_row(const BootResult& result, const BootContext& context,
                     const std::string& mode) {
  Row row;
  add_context(row, context);
  row.mode = mode;
  row.warnings = result.reason;
  switch (result.end) {
    case BootEnd::panic: row.status = Status::panic; break;
    case BootEnd::timeout: row.status = Status::timeout; break;
    case BootEnd::refused: row.status = Status::unsupported; break;
    case BootEnd::finished:
    case BootEnd::failed:
    case BootEnd::interrupted: row.status = Status::failed; break;
  }
  return row;
}

}  // namespace urb
