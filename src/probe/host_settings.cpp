#include "probe/host_settings.hpp"

#include <fmt/format.h>
#ifdef URB_HAS_ZLIB
#include <zlib.h>
#endif

#include <algorithm>
#include <array>
#include <charconv>
#include <memory>
#include <sstream>
#include <utility>

#include "base/fnv.hpp"
#include "base/small_files.hpp"
#include "probe/host.hpp"

namespace urb {
namespace {

// Options whose value moves an instruction count or a time of a request.
constexpr std::array<std::string_view, 9> kCostly{
    "PREEMPT_DYNAMIC", "PREEMPT_LAZY", "IRQ_TIME_ACCOUNTING", "VIRT_CPU_ACCOUNTING_GEN", "UBSAN",
    "KASAN",           "MEMCG",        "CPU_MITIGATIONS",     "HARDENED_USERCOPY"};

// Of a file that may be compressed; gzread(3) takes plain ones as they are.
std::string read_config(const std::string& kernel_release) {
#ifdef URB_HAS_ZLIB
  constexpr std::size_t kSizeMax = 4 << 20;
  const std::unique_ptr<gzFile_s, int (*)(gzFile)> file{gzopen("/proc/config.gz", "rb"), gzclose};
  if (file) {
    std::string text(kSizeMax, '\0');
    const int size = gzread(file.get(), text.data(), static_cast<unsigned>(text.size()));
    text.resize(static_cast<std::size_t>(std::max(size, 0)));
    return text;
  }
#endif
  return read_small_file("/boot/config-" + kernel_release);
}

std::string squeeze(std::string_view text) {
  std::istringstream words{std::string{text}};
  std::string line;
  for (std::string word; words >> word;) line += (line.empty() ? "" : " ") + word;
  return line;
}

void add_setting(std::string& line, std::string_view name, std::string_view value) {
  if (!value.empty()) line += fmt::format("{}{}={}", line.empty() ? "" : ";", name, value);
}

std::string probe_cpu(std::string_view cpuinfo) {
  std::string line = summarize_cpu_flags(cpuinfo);
  const std::string cpu = "/sys/devices/system/cpu/";
  add_setting(line, "governor", trimmed(read_small_file(cpu + "cpu0/cpufreq/scaling_governor")));
  add_setting(line, "idle", trimmed(read_small_file(cpu + "cpuidle/current_driver")));
  return line;
}

std::string probe_tcp() {
  const std::string ipv4 = "/proc/sys/net/ipv4/";
  std::string line = squeeze(read_small_file(ipv4 + "tcp_congestion_control"));
  add_setting(line, "rmem", squeeze(read_small_file(ipv4 + "tcp_rmem")));
  add_setting(line, "wmem", squeeze(read_small_file(ipv4 + "tcp_wmem")));
  return line;
}

}  // namespace

HostSettings probe_settings(const std::string& kernel_release) {
  const std::string version = read_small_file("/proc/version");
  const std::string config = read_config(kernel_release);
  HostSettings settings;
  settings.boot_id = trimmed(read_small_file("/proc/sys/kernel/random/boot_id"));
  settings.kernel_compiler = find_compiler(version);
  ConfigSettings built = parse_config(config, version);
  settings.kernel_config = std::move(built.summary);
  add_setting(settings.kernel_config, "thp",
              chosen_word(read_small_file("/sys/kernel/mm/transparent_hugepage/enabled")));
  settings.cpu_flags = probe_cpu(read_small_file("/proc/cpuinfo"));
  settings.hz = built.hz;
  settings.preemption = std::move(built.preemption);
  settings.irq_accounting = std::move(built.irq_accounting);
  settings.tcp_congestion = probe_tcp();
  return settings;
}

ConfigSettings parse_config(std::string_view config, std::string_view version) {
  ConfigSettings settings;
  settings.summary = summarize_config(config);
  settings.hz = parse_count(find_option(config, "HZ"));
  settings.preemption = find_preemption(config, version);
  if (!config.empty()) {
    settings.irq_accounting = find_option(config, "IRQ_TIME_ACCOUNTING") == "y" ? "yes" : "no";
  }
  return settings;
}

std::string find_compiler(std::string_view version) {
  // "Linux version R (builder) (compiler (distribution's version) version, GNU ld …) #1 …"
  const std::size_t begin = version.find(") (");
  if (begin == std::string_view::npos) return {};
  version.remove_prefix(begin + 3);
  return std::string{trimmed(version.substr(0, version.find(", GNU ld")))};
}

std::string find_option(std::string_view config, std::string_view option) {
  const std::string start = fmt::format("\nCONFIG_{}=", option);
  const std::size_t at = config.find(start);
  if (at == std::string_view::npos) return {};
  config.remove_prefix(at + start.size());
  return std::string{config.substr(0, config.find('\n'))};
}

std::string summarize_config(std::string_view config) {
  if (config.empty()) return {};
  // Comments hold the version and what is not set, which the options that are set imply.
  std::uint64_t hash = http::kFnvOffset;
  std::istringstream lines{std::string{config}};
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with("CONFIG_")) hash = http::fnv1a(hash, line + "\n");
  }
  std::string summary = fmt::format("{:016x}", hash);
  for (const std::string_view option : kCostly) {
    add_setting(summary, option, find_option(config, option));
  }
  return summary;
}

std::string find_preemption(std::string_view config, std::string_view version) {
  const bool is_dynamic = version.find("PREEMPT_DYNAMIC") != std::string_view::npos;
  std::string model;
  for (const auto& [option, name] :
       {std::pair{"PREEMPT_NONE", "none"}, std::pair{"PREEMPT_VOLUNTARY", "voluntary"},
        std::pair{"PREEMPT_LAZY", "lazy"}, std::pair{"PREEMPT_RT", "rt"},
        std::pair{"PREEMPT", "full"}}) {
    if (model.empty() && find_option(config, option) == "y") model = name;
  }
  if (model.empty() && !is_dynamic && version.find("PREEMPT") != std::string_view::npos) {
    model = "full";
  }
  return is_dynamic ? "dynamic:" + model : model;
}

std::string summarize_cpu_flags(std::string_view cpuinfo) {
  constexpr std::array<std::string_view, 4> kOfCopies{"rep_good", "erms", "fsrm", "fzrm"};
  const std::string flags = " " + find_field(cpuinfo, "flags") + " ";
  std::string line;
  for (const std::string_view flag : kOfCopies) {
    if (flags.find(fmt::format(" {} ", flag)) == std::string::npos) continue;
    line += fmt::format("{}{}", line.empty() ? "" : " ", flag);
  }
  add_setting(line, "microcode", find_field(cpuinfo, "microcode"));
  return line;
}

std::string chosen_word(std::string_view setting) {
  const std::size_t open = setting.find('[');
  const std::size_t close = setting.find(']');
  if (open == std::string_view::npos || close == std::string_view::npos || close < open) {
    return std::string{trimmed(setting)};
  }
  return std::string{setting.substr(open + 1, close - open - 1)};
}

}  // namespace urb
