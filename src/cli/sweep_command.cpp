// `sweep`: the same cells under each kernel, in virtual machines.
#include "cli/sweep_command.hpp"

#include <fmt/format.h>

#include <variant>

#include "base/error.hpp"
#include "cli/command.hpp"
#include "cli/command_line.hpp"
#include "cli/flag_groups.hpp"
#include "cli/gate.hpp"
#include "cli/messages.hpp"
#include "cli/run_command.hpp"
#include "cli/run_id.hpp"
#include "cli/signals.hpp"
#include "experiment/mode_choice.hpp"
#include "sweep/guest_plan.hpp"

namespace urb {
namespace {

// Wrong command lines are found before the first boot.
void check_guest_arguments(const std::vector<std::string>& typed) {
  if (typed.empty()) return;
  if (const std::string name = find_reserved_option(typed); !name.empty()) {
    throw UsageError(fmt::format("{} is set by the sweep itself: leave it out after --", name));
  }
  const auto parsed = parse_command_line(typed);
  if (const auto* const error = std::get_if<ParseError>(&parsed)) {
    throw UsageError("after --: " + error->message);
  }
  const auto* const guest = std::get_if<Invocation>(&parsed);
  if (guest != nullptr && guest->command->name == "micro") return;
  if (guest == nullptr || !guest->command->name.empty()) {
    throw UsageError("after -- there are modes and options of a run, or micro and its own");
  }
  for (const std::string& mode : guest->options<RunOptions>().modes) {
    if (mode != "all") require_mode(mode);
  }
}

int run_sweep(const SweepCommandOptions& options) {
  if (options.folder) require_folder("--output", *options.folder);
  check_guest_arguments(options.sweep.guest);
  const std::atomic<bool>& stop = stop_on_signal();
  if (options.gate_percent) return run_gate(options, stop);
  if (!options.programs.empty()) {
    throw UsageError("--program is for --gate (a sweep's guests run the program that sweeps)");
  }
  ProgressLine line{!options.quiet};
  const SweepHooks hooks{
      .boot =
          [&stop](const KernelImage& kernel, const GuestTask& task, const BootSetup& setup,
                  const BootHooks& boot_hooks) {
            return boot(kernel, task, setup, boot_hooks, stop);
          },
      .show_progress = [&line](const Progress& progress) { line.show(progress); },
      .tell =
          [&line](const std::string& text) {
            line.clear();
            print_error(text);
          }};
  SweepOptions sweep_options = options.sweep;
  if (options.folder) sweep_options.folder = *options.folder;
  SweepPlan plan = plan_sweep(sweep_options, hooks, stop);
  plan.run_id = make_run_id();
  Sweep sweep{std::move(plan), hooks};
  sweep.run(stop);
  line.clear();
  write_text(stdout, sweep.format_tables() + sweep.list_files());
  if (!stop.load()) return sweep.findings().exit_code();
  print_error(
      fmt::format("interrupted in boot {} of {}", sweep.boots_done(), sweep.boots_planned()));
  return kExitFailed;
}

}  // namespace

void declare_sweep(Flags& flags, SweepCommandOptions& options) {
  SweepOptions& sweep = options.sweep;
  sweep.guest = flags.rest();
  flags
      .text("--kernel", sweep.kernels, "VMLINUZ[,DIR]",
            "a kernel to boot, and a folder with modules for it; repeatable")
      .required();
  flags.text("--append", sweep.append, "TEXT",
             "words for the kernels' command lines: once for all, or once for each --kernel");
  flags.choice("--accel", sweep.accel,
               std::array{AccelChoice::automatic, AccelChoice::kvm, AccelChoice::tcg},
               "kvm: measure time; tcg: count instructions; auto: kvm where it works");
  flags
      .text("--cpu-model", sweep.cpu_model, "NAME",
            "processor of guests that count, with flags: Nehalem-v1,+erms")
      .default_str(sweep.cpu_model);
  flags.number("--repeats", sweep.repeats, std::pair{1U, 1000U}, "boots of each kernel");
  flags.text("-o,--output", options.folder, "DIR", "folder of the files of rows, one a kernel")
      .default_str(sweep.folder);
  flags.duration("--patience", sweep.patience, "for a guest to boot, and between two rows",
                 "zero would wait for no guest");
  flags.flag("--profile", sweep.profile,
             "also count the instructions of each function; DIR/RELEASE.profile.csv");
  flags.parsed("--gate", "P%",
               "profile two kernels at once, and exit 1 when a cell of the second needs more "
               "instructions by more than this; keeps no rows without -o",
               "", [&options](const std::string& typed) {
                 options.gate_percent = parse_share(typed) * 100;
               });
  flags.text("--program", options.programs, "FILE",
             "another build of uring-bench for the guests of --gate: once for both, or for each");
  declare_quiet(flags, options.quiet);
}

extern const Command command_sweep;
const Command command_sweep{
    .name = "sweep",
    .summary = "Measures the same cells under each kernel, in virtual machines",
    .examples =
        "  uring-bench sweep --kernel /boot/vmlinuz-6.1.0 --kernel vmlinuz-6.12 --repeats 3\n"
        "  uring-bench sweep --kernel vmlinuz-6.12 --accel tcg -- socket cluster -b 4K -n 500\n"
        "  uring-bench sweep --kernel vmlinuz-6.12 --profile -- direct -b 1M -r yes -n 40\n"
        "  uring-bench sweep --kernel bzImage.parent --kernel bzImage --gate 1%\n",
    .declare = [](Flags& flags) { return make_action(flags, declare_sweep, run_sweep); },
    .passes_on = true};

}  // namespace urb
