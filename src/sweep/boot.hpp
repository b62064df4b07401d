// One boot of one kernel, from start to the end of its guest, and what came out.
#pragma once

#include <atomic>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "sweep/initramfs.hpp"
#include "sweep/kernel_image.hpp"
#include "sweep/qemu.hpp"

namespace urb {

struct BootSetup {
  Qemu qemu;
  GuestCpu cpu = GuestCpu::tcg;
  std::string model{kCountedModel};  ///< as Machine has it
  unsigned cpus = 1;
  std::string more_parameters;
  std::optional<MachineProfile> profile;
  std::optional<ForwardedPort> forward;  ///< as Machine has it; needs kernel.network_modules
  /// For the guest to say something: that it has booted, or the next row.
  Nanos patience = std::chrono::seconds{120};
};

enum class BootEnd : std::uint8_t {
  finished,     ///< all runs have ended, well or not
  panic,        ///< the kernel, or the guest's first process, gave up
  timeout,      ///< nothing came for too long
  failed,       ///< QEMU could not run the machine, or ended it
  refused,      ///< all runs have ended, and none can run on this kernel
  interrupted,  ///< by `stop`
};

struct BootResult {
  BootEnd end = BootEnd::failed;
  std::vector<int> exit_codes;  ///< of the runs that ended
  std::string reason;           ///< one line, unless finished
  std::string console;          ///< the log of the guest's kernel, and what its runs had to say
};

/// Called between lines: for the progress. At least every 100 ms.
struct BootHooks {
  std::function<void(const std::string&)> on_line;  ///< of the runs' standard output; may throw
  std::function<void()> on_turn;
};

/// Leaves nothing behind: no process, and no file, since it makes none (memfd_create(2)). Throws
/// Unsupported and UsageError like make_initramfs(), and what on_line throws.
[[nodiscard]] BootResult boot(const KernelImage& kernel, const GuestTask& task,
                              const BootSetup& setup, const BootHooks& hooks,
                              const std::atomic<bool>& stop);

/// Whether guests run under KVM here: a short boot that must end well. An open /dev/kvm says
/// nothing. The reason why not; empty when they do.
[[nodiscard]] std::string probe_kvm(const KernelImage& kernel, const BootSetup& setup,
                                    const std::atomic<bool>& stop);

/// The last line that is not empty.
[[nodiscard]] std::string last_line(std::string_view text);

/// Why a boot ended without its guest's last line, from what there is.
[[nodiscard]] std::string find_panic(const std::string& console);

}  // namespace urb
