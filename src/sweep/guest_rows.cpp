// CSV lines to rows; nanoseconds to instructions.
#include "sweep/guest_rows.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <sstream>
#include <stdexcept>
#include <utility>
#include <variant>
#include <vector>

#include "row/csv.hpp"

namespace urb {
namespace {

constexpr double kInstructionsPerUs = 1000;  // -icount shift=0: one a nanosecond

void add_context(Row& row, const BootContext& context) {
  row.run_id = context.run_id;
  row.kernel = context.kernel.release;
  row.accelerator = context.cpu == GuestCpu::tcg ? "tcg" : "kvm";
  row.repeat = context.repeat;
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
}

void clear_times(Row& row) {
  for (Row::Figure Row::*const figure :
       {&Row::duration_s, &Row::requests_per_s, &Row::bytes_per_s, &Row::latency_us_p50,
        &Row::latency_us_p90, &Row::latency_us_p99, &Row::latency_us_p999, &Row::latency_us_max,
        &Row::service_us_p50, &Row::service_us_p99, &Row::service_us_max,
        &Row::cpu_us_per_request_client, &Row::cpu_us_per_request_master,
        &Row::cpu_us_per_request_workers, &Row::cpu_us_per_request_iowq, &Row::cpu_s_per_gb_client,
        &Row::cpu_s_per_gb_server}) {
    (row.*figure).reset();
  }
  row.bottleneck.clear();
  // Of the warnings those too that are about time, and about a host that is measured by it.
  constexpr std::array kAboutTime{"client_busy", "drifted",   "emulated_cpu",
                                  "few_repeats", "load_high", "governor_saves_power"};
  std::string kept;
  std::istringstream names{row.warnings};
  for (std::string name; std::getline(names, name, ';');) {
    if (std::find(kAboutTime.begin(), kAboutTime.end(), name) != kAboutTime.end()) continue;
    kept += (kept.empty() ? "" : ";") + name;
  }
  row.warnings = std::move(kept);
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
    clear_times(*row);
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
