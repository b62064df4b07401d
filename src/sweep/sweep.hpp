// The same cells under each kernel: one boot after the other, and a file of rows for each kernel.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "report/console.hpp"
#include "row/row_file.hpp"
#include "sweep/boot.hpp"
#include "sweep/findings.hpp"
#include "sweep/guest_rows.hpp"
#include "sweep/profiler.hpp"

namespace urb {

/// Who runs a sweep's guests: KVM, TCG, or KVM where it works.
enum class AccelChoice : std::uint8_t { automatic, kvm, tcg };
/// "auto", "kvm", "tcg".
[[nodiscard]] std::string_view name_of(AccelChoice accel) noexcept;

/// What was asked for.
struct SweepOptions {
  std::vector<std::string> kernels;  ///< "VMLINUZ[,MODULE_DIR]", as typed
  /// Words for the kernels' command lines: none, one text for all kernels, or one for each.
  std::vector<std::string> append;
  AccelChoice accel = AccelChoice::automatic;
  std::string cpu_model{kCountedModel};  ///< of guests that count
  unsigned repeats = 3;                  ///< boots of each kernel
  bool profile = false;                  ///< also count instructions by function
  std::string folder = "results";
  Nanos patience = std::chrono::minutes{2};
  std::vector<std::string> guest;  ///< what followed `--`: of each guest's run
};

/// What is going to be done.
struct SweepPlan {
  std::vector<KernelImage> kernels;  ///< each of another release
  std::vector<std::string> append;   ///< words for the command line of each
  std::string program;               ///< a hash of it, as the rows name it
  unsigned repeats = 1;
  std::string folder;
  BootSetup setup;
  std::vector<std::vector<std::string>> runs;
  std::vector<std::string> environment;  ///< "NAME=VALUE", of the runs
  std::string run_id;
  std::string profile_plugin;  ///< path, empty for none
};

/// The outside of a sweep, so that tests need neither QEMU nor a kernel.
struct SweepHooks {
  std::function<BootResult(const KernelImage&, const GuestTask&, const BootSetup&,
                           const BootHooks&)>
      boot;
  std::function<void(const Progress&)> show_progress;
  std::function<void(const std::string&)> tell;  ///< a line for people
};

/// The value for the kernel of that place: of none, of one for all, or of one for each. Throws
/// UsageError for another number of them. `option` is its name.
[[nodiscard]] std::string value_for_kernel(std::string_view option,
                                           const std::vector<std::string>& values,
                                           std::size_t kernel, std::size_t kernels);

/// Eight hex digits of a program: whether two guests ran the same one.
[[nodiscard]] std::string hash_program(const std::string& bytes);

/// Reads the kernels, finds QEMU and, where it matters, tries KVM. `tell` says what was chosen.
/// Throws UsageError for what is no kernel, for two of one release, whose rows would mix, and for a
/// profile under KVM; Unsupported where no guest can run, or no profile can be had.
[[nodiscard]] SweepPlan plan_sweep(const SweepOptions& options, const SweepHooks& hooks,
                                   const std::atomic<bool>& stop);

class Sweep {
 public:
  /// Opens the files of rows, so that what nobody could keep is refused before an hour of boots.
  /// `hooks` outlive it. Throws as RowFile does.
  Sweep(SweepPlan plan, const SweepHooks& hooks);

  /// Kernel by kernel within each repeat: a drift of the machine meets all of them. Ends early
  /// when `stop` is set. Throws as RowFile does, and runtime_error for a guest that prints no rows.
  void run(const std::atomic<bool>& stop);

  [[nodiscard]] const Findings& findings() const noexcept { return findings_; }
  /// Medians, as Findings and Profiler say.
  [[nodiscard]] std::string format_tables() const;
  /// "18 rows appended to PATH", a line for each file.
  [[nodiscard]] std::string list_files() const;
  [[nodiscard]] std::size_t boots_done() const noexcept { return progress_.done; }
  [[nodiscard]] std::size_t boots_planned() const noexcept { return progress_.total; }

 private:
  void boot_once(std::size_t index, unsigned repeat);
  void keep(std::size_t index, const Row& row);
  /// What the column `guest` says of the machine of a kernel.
  [[nodiscard]] std::string describe_guest(std::size_t index) const;
  [[nodiscard]] bool counts() const noexcept { return plan_.setup.cpu == GuestCpu::tcg; }
  [[nodiscard]] std::string keep_console(const BootResult& result, const KernelImage& kernel) const;

  SweepPlan plan_;
  const SweepHooks& hooks_;
  std::vector<RowFile> files_;  ///< by kernel
  Findings findings_;
  std::optional<Profiler> profiler_;
  Progress progress_;
};

}  // namespace urb
