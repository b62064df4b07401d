#include "probe/host.hpp"

#include <fmt/format.h>
#include <sched.h>
#include <sys/utsname.h>
#include <unistd.h>
#if defined(__x86_64__) || defined(__i386__)
#include <cpuid.h>
#endif

#include <algorithm>
#include <array>
#include <charconv>
#include <cstring>
#include <filesystem>

#include "base/fnv.hpp"
#include "base/small_files.hpp"

namespace urb {
namespace {

namespace fs = std::filesystem;

std::optional<Accelerator> probe_accelerator() {
#if defined(__x86_64__) || defined(__i386__)
  unsigned a = 0;
  unsigned b = 0;
  unsigned c = 0;
  unsigned d = 0;
  constexpr unsigned kHypervisorBit = 1U << 31;  // of leaf 1, ECX: reserved for hypervisors
  if (__get_cpuid(1, &a, &b, &c, &d) == 0 || (c & kHypervisorBit) == 0) return Accelerator::none;
  __cpuid(0x40000000, a, b, c, d);
  std::array<char, 12> signature{};
  std::memcpy(&signature[0], &b, 4);
  std::memcpy(&signature[4], &c, 4);
  std::memcpy(&signature[8], &d, 4);
  return accelerator_of({signature.data(), signature.size()});
#else
  return std::nullopt;
#endif
}

std::string probe_mitigations() {
  std::vector<std::pair<std::string, std::string>> states;
  std::error_code error;
  for (const auto& entry :
       fs::directory_iterator("/sys/devices/system/cpu/vulnerabilities", error)) {
    states.emplace_back(entry.path().filename().string(), read_small_file(entry.path()));
  }
  if (error) return {};  // unknown
  return summarize_vulnerabilities(std::move(states));
}

unsigned count_usable_cpus() {
  cpu_set_t set;
  if (sched_getaffinity(0, sizeof set, &set) == 0) return static_cast<unsigned>(CPU_COUNT(&set));
  // More CPUs than cpu_set_t has bits for.
  return static_cast<unsigned>(std::max(1L, sysconf(_SC_NPROCESSORS_ONLN)));
}

}  // namespace

std::string_view name_of(Accelerator accelerator) noexcept {
  switch (accelerator) {
    case Accelerator::none: return "none";
    case Accelerator::kvm: return "kvm";
    case Accelerator::tcg: return "tcg";
    case Accelerator::other: break;
  }
  return "other";
}

Host probe_host() {
  utsname system{};
  uname(&system);  // fails only for a bad address
  const std::string cpuinfo = read_small_file("/proc/cpuinfo");
  const long configured = sysconf(_SC_NPROCESSORS_CONF);
  Host host;
  host.kernel = system.release;
  host.machine = machine_id(cpuinfo, static_cast<unsigned>(std::max(1L, configured)),
                            read_small_file("/proc/meminfo"));
  host.accelerator = probe_accelerator();
  host.cpu_model = find_field(cpuinfo, "model name");
  if (host.cpu_model.empty()) host.cpu_model = system.machine;  // arm64 has no such line
  host.cpus = count_usable_cpus();
  host.mitigations = probe_mitigations();
  host.lo_mtu = parse_count(read_small_file("/sys/class/net/lo/mtu"));
  host.governor = trimmed(read_small_file("/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor"));
  if (const auto smt = parse_count(read_small_file("/sys/devices/system/cpu/smt/active"))) {
    host.smt = *smt != 0;
  }
  host.settings = probe_settings(host.kernel);
  host.load_average = parse_load_average(read_small_file("/proc/loadavg"));
  return host;
}

Build this_build() noexcept {
  Build build;
#ifndef __OPTIMIZE__
  build.optimised = false;
#endif
#ifdef __SANITIZE_ADDRESS__
  build.sanitized = true;
#endif
#ifdef __has_feature
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
  build.sanitized = true;
#endif
#endif
  return build;
}

std::string find_field(std::string_view text, std::string_view key) {
  while (!text.empty()) {
    const std::string_view line = text.substr(0, text.find('\n'));
    const std::size_t colon = line.find(':');
    if (colon != std::string_view::npos && trimmed(line.substr(0, colon)) == key) {
      return std::string{trimmed(line.substr(colon + 1))};
    }
    text.remove_prefix(std::min(line.size() + 1, text.size()));
  }
  return {};
}

std::string summarize_vulnerabilities(std::vector<std::pair<std::string, std::string>> states) {
  std::sort(states.begin(), states.end());
  std::string summary;
  for (const auto& [name, state] : states) {
    const std::string_view text = trimmed(state);
    if (text.starts_with("Not affected") || text.empty()) continue;
    if (!summary.empty()) summary += ' ';
    if (!text.starts_with("Mitigation")) summary += '!';
    summary += name;
  }
  return summary.empty() ? "none" : summary;
}

std::optional<double> parse_load_average(std::string_view text) {
  double load = 0;
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), load);
  if (parsed.ec != std::errc{}) return std::nullopt;
  return load;
}

Accelerator accelerator_of(std::string_view hypervisor_signature) noexcept {
  // KVM's is padded with zero bytes.
  if (hypervisor_signature.empty()) return Accelerator::none;
  if (hypervisor_signature.starts_with("KVMKVMKVM")) return Accelerator::kvm;
  if (hypervisor_signature.starts_with("TCGTCGTCGTCG")) return Accelerator::tcg;
  return Accelerator::other;
}

std::string machine_id(std::string_view cpuinfo, unsigned cpus_configured,
                       std::string_view meminfo) {
  // What the kernel keeps of the memory for itself differs between kernels. So these are whole GiB,
  // rounded up.
  constexpr std::uint64_t kGib = 1ULL << 20;  // in the kB of meminfo
  const std::uint64_t memory = parse_count(find_field(meminfo, "MemTotal")).value_or(0);
  std::string parts = fmt::format("{}|{}", cpus_configured, (memory + kGib - 1) / kGib);
  for (const std::string_view key : {"vendor_id", "cpu family", "model", "model name", "stepping",
                                     "CPU implementer", "CPU part", "CPU variant"}) {
    parts += '|';
    parts += find_field(cpuinfo, key);
  }
  return fmt::format("{:012x}", http::fnv1a(http::kFnvOffset, parts) >> 16);
}

}  // namespace urb
