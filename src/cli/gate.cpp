#include "cli/gate.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <filesystem>
#include <utility>

#include "base/error.hpp"
#include "base/exit_code.hpp"
#include "cli/messages.hpp"
#include "compare/gate_text.hpp"
#include "compare/profile_comparison.hpp"
#include "process/child.hpp"
#include "process/command.hpp"
#include "profile/profile_row.hpp"
#include "sweep/profiler.hpp"

namespace urb {
namespace {

namespace fs = std::filesystem;

constexpr std::array<const char*, 2> kSides{"base", "new"};

// The modes that other modes are made of, with small bodies and both kinds of connections. With
// several workers it depends on the boot how a kernel spreads connections over them: sums of four
// boots were up to 4.5 % apart, with one worker and 1,000 requests 0.1 to 0.5 % (Linux 6.12.117).
const std::vector<std::string>& default_cells() {
  static const std::vector<std::string> cells{"direct", "socket", "passthru", "--relay",
                                              "linked", "-b",     "4K",       "--workers",
                                              "1",      "-n",     "1000"};
  return cells;
}

// A folder of its own, which goes with it.
class GateFolder {
 public:
  explicit GateFolder(const std::optional<std::string>& kept) {
    if (kept) {
      path_ = *kept;
      return;
    }
    std::string name = (fs::temp_directory_path() / "uring-bench-gate-XXXXXX").string();
    if (mkdtemp(name.data()) == nullptr) throw SysError("mkdtemp " + name, errno, "see TMPDIR");
    path_ = name;
    is_ours_ = true;
  }
  GateFolder(const GateFolder&) = delete;
  GateFolder& operator=(const GateFolder&) = delete;
  ~GateFolder() {
    std::error_code ignored;
    if (is_ours_) fs::remove_all(path_, ignored);
  }
  [[nodiscard]] std::string below(const char* name) const { return path_ + "/" + name; }

 private:
  std::string path_;
  bool is_ours_ = false;
};

// One of the two, as a sweep of its kernel alone.
struct GateSide {
  std::string folder;
  std::string release;
  std::vector<std::string> command;
};

GateSide plan_side(const SweepCommandOptions& options, std::size_t place,
                   const GateFolder& folder) {
  const SweepOptions& sweep = options.sweep;
  GateSide side;
  side.folder = folder.below(kSides.at(place));
  side.release = read_kernel(sweep.kernels[place]).release;
  // The program that sweeps is the one that its guests run.
  const std::string program = value_for_kernel("--program", options.programs, place, kSides.size());
  side.command = {program.empty() ? fs::read_symlink("/proc/self/exe").string()
                                  : fs::absolute(program).string(),
                  "sweep",
                  "--kernel",
                  sweep.kernels[place],
                  "--accel",
                  "tcg",
                  "--profile",
                  "--cpu-model",
                  sweep.cpu_model,
                  "--repeats",
                  fmt::format("{}", sweep.repeats),
                  "--patience",
                  format_duration(sweep.patience),
                  "--output",
                  side.folder,
                  "--quiet"};
  const std::string append = value_for_kernel("--append", sweep.append, place, kSides.size());
  if (!append.empty()) side.command.push_back("--append=" + append);
  side.command.emplace_back("--");
  const std::vector<std::string>& cells = sweep.guest.empty() ? default_cells() : sweep.guest;
  side.command.insert(side.command.end(), cells.begin(), cells.end());
  if (!program.empty() && access(program.c_str(), X_OK) != 0) {
    throw UsageError(fmt::format("--program {}: no program that can be run", program));
  }
  return side;
}

Child start_side(const GateSide& side) {
  return Child{"gate", SIGTERM, [&side] {
                 const int nowhere = open("/dev/null", O_WRONLY | O_CLOEXEC);
                 return exec_program(side.command, nowhere, STDERR_FILENO);
               }};
}

struct SideFailure {
  std::size_t place;
  int code;  ///< of its process
};

// Waits for both. The first that fails, or the signal that sets `stop`, ends the other too.
std::optional<SideFailure> wait_for(std::array<Child, 2>& children, const std::atomic<bool>& stop) {
  constexpr int kTurnMs = 100;
  std::array<bool, 2> has_ended{};
  std::optional<SideFailure> failure;
  while (!has_ended[0] || !has_ended[1]) {
    (void)poll(nullptr, 0, kTurnMs);
    const bool was_ending = failure || stop.load();
    for (std::size_t place = 0; place < children.size(); ++place) {
      const std::optional<int> code = children.at(place).wait(Nanos{0});
      has_ended.at(place) = code.has_value();
      if (code && *code != kExitOk && !failure) failure = {place, *code};
    }
    if (was_ending || !failure) continue;
    for (const Child& child : children) child.signal(SIGTERM);
  }
  return failure;
}

ProfileSide read_gate_side(const GateSide& side, std::size_t place) {
  return {kSides.at(place), read_profile(profile_path(side.folder, side.release))};
}

}  // namespace

int run_gate(const SweepCommandOptions& options, const std::atomic<bool>& stop) {
  if (options.sweep.kernels.size() != kSides.size()) {
    throw UsageError("--gate compares two kernels: the base first, then the new one");
  }
  if (options.sweep.accel == AccelChoice::kvm) {
    throw UsageError("--gate counts instructions, which KVM does not: leave out --accel kvm");
  }
  const GateFolder folder{options.folder};
  const std::array sides{plan_side(options, 0, folder), plan_side(options, 1, folder)};
  if (options.programs.empty()) (void)find_profile_plugin(find_qemu());
  if (!options.quiet) {
    print_error(fmt::format("profiling {} and {} side by side, {} boots of each", kSides[0],
                            kSides[1], options.sweep.repeats));
  }
  std::array<Child, 2> children{start_side(sides[0]), start_side(sides[1])};
  const std::optional<SideFailure> failure = wait_for(children, stop);
  if (stop.load()) {
    print_error("interrupted: there is no verdict");
    return kExitFailed;
  }
  if (failure) {
    print_error(
        fmt::format("{} could not be profiled: there is no verdict", kSides.at(failure->place)));
    return failure->code == kExitUnsupported ? kExitUnsupported : kExitFailed;
  }
  const ProfileComparison comparison = compare_profiles(
      read_gate_side(sides[0], 0), read_gate_side(sides[1], 1), *options.gate_percent);
  const bool color = wants_color(ColorChoice::automatic, stdout);
  write_text(stdout, format_report(make_gate_report(comparison), color));
  flush_text(stdout);
  return passes_gate(comparison) ? kExitOk : kExitFailed;
}

}  // namespace urb
