// What a measurement stands on: kernel, machine, CPU and the state they are in. It is read once,
// before the first trial. Features of io_uring are not here, since they are found by using them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "probe/host_settings.hpp"

namespace urb {

/// Whether the CPU that runs us is a real one.
enum class Accelerator : std::uint8_t { none, kvm, tcg, other };
[[nodiscard]] std::string_view name_of(Accelerator accelerator) noexcept;

struct Host {
  std::string kernel;   ///< release, as `uname -r` prints it
  std::string machine;  ///< 12 hex digits: the same for the same hardware, under any installation
  std::optional<Accelerator> accelerator;  ///< unknown outside x86
  std::string cpu_model;
  unsigned cpus = 0;        ///< that this process may run on
  std::string mitigations;  ///< see summarize_vulnerabilities(), or "none" when no CPU bug is known
  std::optional<std::uint64_t> lo_mtu;
  std::optional<double> load_average;  ///< of the last minute
  std::string governor;  ///< of the CPUs' frequency, empty where a hypervisor or firmware decides
  std::optional<bool> smt;  ///< whether two of the CPUs may share a core
  HostSettings settings;
};

[[nodiscard]] Host probe_host();

/// How this binary was compiled, as far as its figures suffer from it.
struct Build {
  bool optimised = true;
  bool sanitized = false;
  bool dirty = false;  ///< from sources in no commit: set by the caller, who knows
};
[[nodiscard]] Build this_build() noexcept;

// The parsers, apart from the files they read.

/// The value of the first line "key : value" of /proc/cpuinfo or /proc/meminfo, empty if absent.
[[nodiscard]] std::string find_field(std::string_view text, std::string_view key);
/// From names and states of /sys/devices/system/cpu/vulnerabilities makes the names of those that
/// affect this CPU, sorted, space-separated. "!" stands before those that are not mitigated.
[[nodiscard]] std::string summarize_vulnerabilities(
    std::vector<std::pair<std::string, std::string>> states);
/// The first figure of /proc/loadavg.
[[nodiscard]] std::optional<double> parse_load_average(std::string_view text);
/// From the signature of CPUID leaf 0x40000000. Empty when the hypervisor bit is off.
[[nodiscard]] Accelerator accelerator_of(std::string_view hypervisor_signature) noexcept;
/// An id of what a machine is made of: processor, number of CPUs, memory. It has no host name, no
/// serial number and nothing that an installation could change. Two machines of one kind share it.
[[nodiscard]] std::string machine_id(std::string_view cpuinfo, unsigned cpus_configured,
                                     std::string_view meminfo);

}  // namespace urb
