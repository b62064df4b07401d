#include "sweep/sweep.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <fstream>
#include <span>
#include <utility>

#include "base/crc32c.hpp"
#include "base/error.hpp"
#include "base/exit_code.hpp"
#include "report/tables.hpp"
#include "sweep/guest_plan.hpp"

namespace urb {
namespace {

std::string path_of_rows(const std::string& folder, const KernelImage& kernel) {
  return fmt::format("{}/{}.csv", folder, kernel.release);
}

void refuse_same_release(const std::vector<KernelImage>& kernels, const std::string& folder) {
  for (auto kernel = kernels.begin(); kernel != kernels.end(); ++kernel) {
    const bool is_there = std::any_of(kernels.begin(), kernel, [&](const KernelImage& other) {
      return other.release == kernel->release;
    });
    if (!is_there) continue;
    throw UsageError(fmt::format(
        "two kernels are of release {}: {} would mix their rows (sweep one at a time, with "
        "folders of their own: -o)",
        kernel->release, path_of_rows(folder, *kernel)));
  }
}

// It becomes a part of the column `guest`; QEMU itself says which models there are.
void check_model(const SweepOptions& options) {
  const auto is_plain = [](char c) {
    return std::isalnum(static_cast<unsigned char>(c)) != 0 ||
           std::string_view{"-_.+,="}.find(c) != std::string_view::npos;
  };
  const std::string& model = options.cpu_model;
  if (!model.empty() && std::all_of(model.begin(), model.end(), is_plain)) return;
  throw UsageError(fmt::format(
      "--cpu-model {}: a name and flags, for example Nehalem-v1,+erms ({} -cpu help has them)",
      model, "qemu-system-x86_64"));
}

GuestCpu choose_cpu(AccelChoice accel, const SweepPlan& plan, const SweepHooks& hooks,
                    const std::atomic<bool>& stop) {
  if (accel == AccelChoice::tcg || !plan.profile_plugin.empty()) return GuestCpu::tcg;
  const std::string why_not = probe_kvm(plan.kernels.front(), plan.setup, stop);
  if (why_not.empty()) {
    hooks.tell("guests run under KVM: the rows are times");
    return GuestCpu::kvm;
  }
  if (accel == AccelChoice::kvm) {
    throw Unsupported(
        fmt::format("no guests under KVM here: {}; --accel tcg counts instructions", why_not));
  }
  hooks.tell(fmt::format("no guests under KVM here ({}): TCG, which counts instructions", why_not));
  return GuestCpu::tcg;
}

// The tests' switches are for the guests' runs.
std::vector<std::string> find_test_switches() {
  std::vector<std::string> switches;
  for (char** variable = environ; *variable != nullptr; ++variable) {
    if (std::string_view{*variable}.starts_with("URB_TEST_")) switches.emplace_back(*variable);
  }
  return switches;
}

// What stands behind "--" is for the first process and not for the kernel (bootparam(7)), and the
// whole line ends at 2,048 bytes on x86 (COMMAND_LINE_SIZE), some 100 of which are ours.
void check_words(const std::string& words) {
  constexpr std::size_t kMax = 1900;
  if (words.size() <= kMax && (" " + words + " ").find(" -- ") == std::string::npos &&
      words.find_first_of("\r\n\t;") == std::string::npos) {
    return;
  }
  throw UsageError(
      fmt::format("--append: words for a kernel's command line, in one line of at most {} bytes, "
                  "without -- and semicolons",
                  kMax));
}

// Runs that could not even begin have no rows; what they said went to the console.
BootResult without_rows(BootResult result) {
  const bool is_unsupported = std::all_of(result.exit_codes.begin(), result.exit_codes.end(),
                                          [](int code) { return code == kExitUnsupported; });
  result.reason = fmt::format("{}: {}", is_unsupported ? "unsupported" : "no run had a row",
                              last_line(result.console));
  result.end = is_unsupported ? BootEnd::refused : BootEnd::failed;
  return result;
}

}  // namespace

std::string_view name_of(AccelChoice accel) noexcept {
  switch (accel) {
    case AccelChoice::kvm: return "kvm";
    case AccelChoice::tcg: return "tcg";
    case AccelChoice::automatic: break;
  }
  return "auto";
}

std::string value_for_kernel(std::string_view option, const std::vector<std::string>& values,
                             std::size_t kernel, std::size_t kernels) {
  if (values.empty()) return {};
  if (values.size() == 1) return values.front();
  if (values.size() == kernels) return values[kernel];
  throw UsageError(
      fmt::format("{} is given {} times, for {} kernels (give it once for all, or once for each)",
                  option, values.size(), kernels));
}

std::string hash_program(const std::string& bytes) {
  return fmt::format("{:08x}", crc32c(0, std::as_bytes(std::span{bytes})));
}

SweepPlan plan_sweep(const SweepOptions& options, const SweepHooks& hooks,
                     const std::atomic<bool>& stop) {
  SweepPlan plan;
  if (options.profile && options.accel == AccelChoice::kvm) {
    throw UsageError("--profile counts instructions, which KVM does not: leave out --accel kvm");
  }
  for (const std::string& spec : options.kernels) plan.kernels.push_back(read_kernel(spec));
  refuse_same_release(plan.kernels, options.folder);
  for (std::size_t kernel = 0; kernel < plan.kernels.size(); ++kernel) {
    plan.append.push_back(
        value_for_kernel("--append", options.append, kernel, plan.kernels.size()));
    check_words(plan.append.back());
  }
  plan.program = hash_program(read_own_program());
  plan.repeats = options.repeats;
  plan.folder = options.folder;
  plan.setup.qemu = find_qemu();
  plan.setup.patience = options.patience;
  check_model(options);
  plan.setup.model = options.cpu_model;
  if (options.profile) plan.profile_plugin = find_profile_plugin(plan.setup.qemu);
  plan.setup.cpu = choose_cpu(options.accel, plan, hooks, stop);
  if (plan.setup.cpu == GuestCpu::kvm && options.cpu_model != kCountedModel) {
    throw UsageError("--cpu-model is of guests that count: add --accel tcg");
  }
  plan.runs = plan_guest_runs(options.guest, plan.setup.cpu);
  plan.environment = find_test_switches();
  return plan;
}

Sweep::Sweep(SweepPlan plan, const SweepHooks& hooks)
    : plan_{std::move(plan)}, hooks_{hooks}, findings_{plan_.kernels.size()} {
  for (const KernelImage& kernel : plan_.kernels) {
    files_.emplace_back(path_of_rows(plan_.folder, kernel));
  }
  if (!plan_.profile_plugin.empty()) {
    profiler_.emplace(plan_.profile_plugin, plan_.kernels, plan_.folder);
  }
  progress_.total = plan_.kernels.size() * plan_.repeats;
}

void Sweep::run(const std::atomic<bool>& stop) {
  const Nanos begin = monotonic_now();
  for (unsigned repeat = 1; repeat <= plan_.repeats; ++repeat) {
    for (std::size_t kernel = 0; kernel < plan_.kernels.size() && !stop.load(); ++kernel) {
      progress_.remaining = estimate_remaining(progress_.done, progress_.total,
                                               monotonic_now() - begin, std::chrono::minutes{1});
      boot_once(kernel, repeat);
      ++progress_.done;
    }
  }
}

std::string Sweep::describe_guest(std::size_t index) const {
  std::string text = describe_machine(plan_.setup.qemu, plan_.setup.cpu, plan_.setup.model);
  if (!plan_.program.empty()) text += ";program=" + plan_.program;
  const std::string words = index < plan_.append.size() ? plan_.append[index] : "";
  if (!words.empty()) text += ";append=" + words;
  return text;
}

void Sweep::keep(std::size_t index, const Row& row) {
  files_[index].append(row);
  findings_.add(index, row, counts() ? row.instructions_per_request : row.requests_per_s);
}

void Sweep::boot_once(std::size_t index, unsigned repeat) {
  const KernelImage& kernel = plan_.kernels[index];
  constexpr unsigned kSettleFirst = 7;  // seconds; from there the kernel has finished its start
  const GuestTask task{.runs = plan_.runs,
                       .settle_s = counts() ? kSettleFirst - 1 + repeat : 1,
                       .counts_instructions = counts(),
                       .sends_symbols = profiler_ && profiler_->needs_symbols(index),
                       .environment = plan_.environment};
  const BootContext context{.run_id = plan_.run_id,
                            .kernel = kernel,
                            .machine = describe_guest(index),
                            .cpu = plan_.setup.cpu,
                            .settle_s = task.settle_s,
                            .repeat = repeat};
  progress_.label = kernel.release + " boots";
  BootSetup setup = plan_.setup;
  if (index < plan_.append.size()) setup.more_parameters = plan_.append[index];
  std::optional<ProfiledBoot> profile;
  if (profiler_) setup.profile = profile.emplace(profiler_->plugin()).machine();
  std::size_t rows = 0;
  const BootHooks boot_hooks{.on_line =
                                 [&](const std::string& line) {
                                   std::optional<Row> row = parse_guest_line(line, context);
                                   if (!row) return;
                                   row->trial_order = ++rows;
                                   keep(index, *row);
                                   if (profile) profile->add(*row);
                                   progress_.label =
                                       fmt::format("{} {} {}", kernel.release, row->mode,
                                                   format_body({row->body_bytes}));
                                 },
                             .on_turn = [&] { hooks_.show_progress(progress_); }};
  BootResult result = hooks_.boot(kernel, task, setup, boot_hooks);
  if (result.end == BootEnd::interrupted) return;
  if (result.end == BootEnd::finished) {
    if (profile) {
      for (const std::string& sentence : profiler_->keep(index, *profile)) {
        hooks_.tell(fmt::format("{}, boot {}: {}", kernel.release, repeat, sentence));
      }
    }
    if (rows != 0) return;
    result = without_rows(std::move(result));
  }
  const std::size_t ended = std::min(result.exit_codes.size(), plan_.runs.size() - 1);
  keep(index, make_failure_row(result, context, plan_.runs[ended].front()));
  hooks_.tell(fmt::format("{}: {}; its console: {}", kernel.release, result.reason,
                          keep_console(result, kernel)));
}

std::string Sweep::keep_console(const BootResult& result, const KernelImage& kernel) const {
  const std::string path = fmt::format("{}/{}.console.log", plan_.folder, kernel.release);
  std::ofstream file{path, std::ios::binary};
  file << result.console;
  file.close();
  return file ? path : fmt::format("{} could not be written", path);
}

std::string Sweep::format_tables() const {
  std::vector<std::string> releases;
  for (const KernelImage& kernel : plan_.kernels) releases.push_back(kernel.release);
  return findings_.format_table(releases, plan_.setup.cpu) +
         (profiler_ ? profiler_->format_tables(releases) : "");
}

std::string Sweep::list_files() const {
  std::string text;
  const auto add = [&text](const auto& file) {
    text += fmt::format("{} rows appended to {}\n", file.row_count(), file.path());
  };
  for (const RowFile& file : files_) add(file);
  if (!profiler_) return text;
  for (const ProfileFile& file : profiler_->files()) add(file);
  return text;
}

}  // namespace urb
