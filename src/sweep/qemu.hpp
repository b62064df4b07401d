// Which QEMU there is, and the machine to ask it for.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace urb {

struct Qemu {
  std::string path;
  std::string version;  ///< "7.2.22"
};

/// Looks along PATH. Throws Unsupported, with the remedy, when there is none that answers.
[[nodiscard]] Qemu find_qemu();
/// From the first line of `qemu-system-x86_64 --version`; empty when it is not one.
[[nodiscard]] std::string parse_qemu_version(std::string_view text);

/// Whether it was built with plugins for TCG (configure --enable-plugins).
[[nodiscard]] bool has_plugins(const Qemu& qemu);

/// Who runs the guest's instructions: QEMU itself, counting them, or the CPU.
enum class GuestCpu : std::uint8_t { tcg, kvm };

/// The processor of a guest that counts, unless another is asked for. Versioned, so that it is the
/// same in every QEMU; without ERMS, with which the kernel copies by the byte, and TCG counts each
/// as an instruction.
inline constexpr std::string_view kCountedModel = "Nehalem-v1";

/// For the plugin that counts instructions by function (profile/plugin/count_blocks.c). TCG only.
struct MachineProfile {
  std::string plugin;               ///< path
  std::uint64_t begin_address = 0;  ///< of urb_mark_window_begin() in a guest
  std::uint64_t end_address = 0;    ///< of urb_mark_window_end()
  std::string windows;              ///< path, appended to
  std::string symbols;              ///< path of what the guest sends to kSymbolPort
};

/// A port of this host's loopback that leads to one of the guest. Nothing else leads in or out.
struct ForwardedPort {
  std::uint16_t host = 0;
  std::uint16_t guest = 0;
};
/// What the guest is called there, by QEMU's user network.
inline constexpr const char* kGuestAddress = "10.0.2.15";

struct Machine {
  GuestCpu cpu = GuestCpu::tcg;
  std::string model{kCountedModel};  ///< as -cpu of qemu(1) takes it; tcg only
  unsigned cpus = 1;                 ///< kvm only: TCG counts on one
  std::string kernel;                ///< path
  std::string initramfs;             ///< path
  std::string console;               ///< path of the log of its kernel
  std::string more_parameters;       ///< for the kernel's command line
  std::optional<MachineProfile> profile;
  /// A machine with a network card. While it waits, its time is that of the host.
  std::optional<ForwardedPort> forward;
};

/// The command line; what the guest sends comes out of QEMU's standard output.
[[nodiscard]] std::vector<std::string> qemu_command(const Qemu& qemu, const Machine& machine);

/// What the rows say of the machine: "qemu=7.2.22;machine=microvm;cpu=Nehalem-v1".
[[nodiscard]] std::string describe_machine(const Qemu& qemu, GuestCpu cpu, std::string_view model);

}  // namespace urb
