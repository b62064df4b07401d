// `sweep`: the same cells under each kernel, in virtual machines.
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <fstream>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "base/error.hpp"
#include "cli/commands.hpp"
#include "cli/run_id.hpp"
#include "cli/signals.hpp"
#include "report/console.hpp"
#include "report/markdown.hpp"
#include "report/tables.hpp"
#include "row/row_file.hpp"
#include "stats/summary.hpp"
#include "sweep/boot.hpp"
#include "sweep/guest.hpp"
#include "sweep/guest_plan.hpp"
#include "sweep/guest_rows.hpp"

namespace urb {
namespace {

// Wrong command lines are found before the first boot.
void check_guest_arguments(const std::vector<std::string>& typed) {
  if (typed.empty()) return;
  if (const std::string name = find_reserved_option(typed); !name.empty()) {
    throw UsageError(fmt::format("{} is set by the sweep itself: leave it out after --", name));
  }
  const auto parsed = parse_options(typed);
  if (const auto* const error = std::get_if<ParseError>(&parsed)) {
    throw UsageError("after --: " + error->message);
  }
  const auto* const guest = std::get_if<Options>(&parsed);
  if (guest == nullptr || (guest->command != Command::run && guest->command != Command::micro)) {
    throw UsageError("after -- there are modes and options of a run, or micro and its own");
  }
  for (const std::string& mode : guest->modes) {
    if (mode != "all") require_mode(mode);
  }
}

// All that a sweep has found, kernel by kernel.
class Findings {
 public:
  explicit Findings(std::size_t kernels) : kernels_{kernels} {}

  void add(std::size_t kernel, const Row& row, const std::optional<double>& figure) {
    switch (row.status) {
      case Status::ok: ++ok_; break;
      case Status::unsupported: ++unsupported_; break;
      case Status::failed:
      case Status::panic:
      case Status::timeout: ++failed_; break;
    }
    const std::string relay = row.relay.empty() ? "" : " " + row.relay;
    const std::string cell =
        row.mode.starts_with("micro-")
            ? row.mode
            : fmt::format("{}{} {} {}", row.mode, relay, format_body({row.body_bytes}),
                          row.reuse ? "reuse" : "no reuse");
    const auto [at, is_new] = figures_.try_emplace(cell, kernels_);
    if (is_new) order_.push_back(cell);
    if (figure) at->second[kernel].push_back(*figure);
  }

  void print(const std::vector<KernelImage>& kernels, GuestCpu cpu) const {
    if (ok_ == 0) return;
    std::vector<std::string> head{"Cell"};
    for (const KernelImage& kernel : kernels) head.push_back(kernel.release);
    MarkdownTable table{head, 1};
    for (const std::string& cell : order_) {
      std::vector<std::string> fields{cell};
      for (const std::vector<double>& figures : figures_.at(cell)) {
        fields.push_back(figures.empty() ? "–" : fmt::format("{:.0f}", median_of(figures)));
      }
      table.add(fields);
    }
    write_text(stdout,
               fmt::format("{}\nMedians, for one request or operation, of {}.\n", table.render(),
                           cpu == GuestCpu::tcg
                               ? "executed instructions: kernel, client, master and workers"
                               : "requests a second"));
  }

  [[nodiscard]] int exit_code() const noexcept {
    if (failed_ != 0) return kExitFailed;
    return ok_ == 0 ? kExitUnsupported : kExitOk;
  }

 private:
  std::size_t kernels_;
  std::map<std::string, std::vector<std::vector<double>>> figures_;  ///< by cell, by kernel
  std::vector<std::string> order_;
  std::size_t ok_ = 0;
  std::size_t unsupported_ = 0;
  std::size_t failed_ = 0;
};

// The tests' switches are for the guests' runs.
std::vector<std::string> find_test_switches() {
  std::vector<std::string> switches;
  for (char** variable = environ; *variable != nullptr; ++variable) {
    if (std::string_view{*variable}.starts_with("URB_TEST_")) switches.emplace_back(*variable);
  }
  return switches;
}

class Sweep {
 public:
  Sweep(const Options& options, const std::atomic<bool>& stop)
      : options_{options.sweep}, stop_{stop}, line_{!options.quiet} {
    for (const std::string& spec : options_.kernels) kernels_.push_back(read_kernel(spec));
    // Refused here, before an hour of boots whose rows nobody could keep.
    for (const KernelImage& kernel : kernels_) {
      const std::string path = fmt::format("{}/{}.csv", options_.folder, kernel.release);
      for (const RowFile& other : files_) {
        if (other.path() != path) continue;
        throw UsageError(fmt::format(
            "two kernels are of release {}: {} would mix their rows (sweep one at a time, with "
            "folders of their own: -o)",
            kernel.release, path));
      }
      files_.emplace_back(path);
    }
    setup_.qemu = find_qemu();
    setup_.patience = options_.patience;
    setup_.cpu = choose_cpu();
    runs_ = plan_guest_runs(options_.guest, setup_.cpu);
  }

  int run() {
    Findings findings{kernels_.size()};
    const Nanos begin = monotonic_now();
    const std::size_t total = kernels_.size() * options_.repeats;
    std::size_t done = 0;
    // Kernel by kernel within each repeat: a drift of the machine meets all of them.
    for (unsigned repeat = 1; repeat <= options_.repeats; ++repeat) {
      for (std::size_t kernel = 0; kernel < kernels_.size() && !stop_.load(); ++kernel, ++done) {
        progress_.done = done;
        progress_.total = total;
        progress_.remaining =
            estimate_remaining(done, total, monotonic_now() - begin, std::chrono::minutes{1});
        boot_once(kernel, repeat, findings);
      }
    }
    line_.clear();
    findings.print(kernels_, setup_.cpu);
    for (const RowFile& file : files_) {
      write_text(stdout, fmt::format("{} rows appended to {}\n", file.row_count(), file.path()));
    }
    if (stop_.load()) {
      print_error(fmt::format("interrupted in boot {} of {}", done, total));
      return kExitFailed;
    }
    return findings.exit_code();
  }

 private:
  GuestCpu choose_cpu() {
    if (options_.accel == AccelChoice::tcg) return GuestCpu::tcg;
    const std::string why_not = probe_kvm(kernels_.front(), setup_, stop_);
    if (why_not.empty()) {
      print_error("guests run under KVM: the rows are times");
      return GuestCpu::kvm;
    }
    if (options_.accel == AccelChoice::kvm) {
      throw Unsupported(
          fmt::format("no guests under KVM here: {}; --accel tcg counts instructions", why_not));
    }
    print_error(
        fmt::format("no guests under KVM here ({}): TCG, which counts instructions", why_not));
    return GuestCpu::tcg;
  }

  void boot_once(std::size_t index, unsigned repeat, Findings& findings) {
    const KernelImage& kernel = kernels_[index];
    constexpr unsigned kSettleFirst = 7;  // seconds; from there the kernel has finished its start
    const bool counts = setup_.cpu == GuestCpu::tcg;
    const GuestTask task{runs_, counts ? kSettleFirst - 1 + repeat : 1, counts,
                         find_test_switches()};
    const BootContext context{run_id_,    kernel,        describe_machine(setup_.qemu, setup_.cpu),
                              setup_.cpu, task.settle_s, repeat};
    progress_.label = kernel.release + " boots";
    std::size_t rows = 0;
    const auto keep = [&](const Row& row) {
      files_[index].append(row);
      findings.add(index, row, counts ? row.instructions_per_request : row.requests_per_s);
    };
    BootHooks hooks;
    hooks.on_line = [&](const std::string& line) {
      std::optional<Row> row = parse_guest_line(line, context);
      if (!row) return;
      row->trial_order = ++rows;
      keep(*row);
      progress_.label =
          fmt::format("{} {} {}", kernel.release, row->mode, format_body({row->body_bytes}));
    };
    hooks.on_turn = [&] { line_.show(progress_); };
    BootResult result = boot(kernel, task, setup_, hooks, stop_);
    if (result.end == BootEnd::interrupted) return;
    if (result.end == BootEnd::finished) {
      if (rows != 0) return;
      result = without_rows(std::move(result));
    }
    const std::size_t ended = std::min(result.exit_codes.size(), runs_.size() - 1);
    keep(make_failure_row(result, context, runs_[ended].front()));
    line_.clear();
    print_error(fmt::format("{}: {}; its console: {}", kernel.release, result.reason,
                            keep_console(result, kernel)));
  }

  // Runs that could not even begin have no rows; what they said went to the console.
  static BootResult without_rows(BootResult result) {
    const bool is_unsupported = std::all_of(result.exit_codes.begin(), result.exit_codes.end(),
                                            [](int code) { return code == kExitUnsupported; });
    result.reason = fmt::format("{}: {}", is_unsupported ? "unsupported" : "no run had a row",
                                last_line(result.console));
    result.end = is_unsupported ? BootEnd::refused : BootEnd::failed;
    return result;
  }

  [[nodiscard]] std::string keep_console(const BootResult& result,
                                         const KernelImage& kernel) const {
    const std::string path = fmt::format("{}/{}.console.log", options_.folder, kernel.release);
    std::ofstream file{path, std::ios::binary};
    file << result.console;
    file.close();
    return file ? path : fmt::format("{} could not be written", path);
  }

  const SweepOptions& options_;
  const std::atomic<bool>& stop_;
  ProgressLine line_;
  Progress progress_;
  std::vector<KernelImage> kernels_;
  std::vector<RowFile> files_;
  BootSetup setup_;
  std::vector<std::vector<std::string>> runs_;
  const std::string run_id_ = make_run_id();
};

}  // namespace

void run_if_guest() noexcept {
  if (is_guest_init()) run_guest();
}

int run_sweep(const Options& options) {
  check_guest_arguments(options.sweep.guest);
  return Sweep{options, stop_on_signal()}.run();
}

}  // namespace urb
