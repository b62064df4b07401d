// What else the kernel was built with and set to, as far as it moves figures: two hosts that differ
// here are not compared without a word.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace urb {

/// Texts are empty where the kernel does not tell.
struct HostSettings {
  std::string boot_id;          ///< the same until the next boot
  std::string kernel_compiler;  ///< "gcc (Debian 12.2.0-14) 12.2.0"
  std::string kernel_config;    ///< digest of all options, then those that cost time, then THP
  std::string cpu_flags;        ///< see summarize_cpu_flags()
  std::optional<std::uint64_t> hz;
  std::string preemption;      ///< none, voluntary, full, lazy; "dynamic:" before it if settable
  std::string irq_accounting;  ///< yes or no: whether interrupts are booked apart from processes
  std::string tcp_congestion;  ///< "bbr rmem=… wmem=…", least, first and largest size in bytes
};

/// What a kernel's configuration says of it. For an empty text there is at most the preemption.
struct ConfigSettings {
  std::string summary;  ///< as summarize_config() says
  std::optional<std::uint64_t> hz;
  std::string preemption;      ///< as HostSettings has it
  std::string irq_accounting;  ///< as HostSettings has it
};

/// `version` is /proc/version, or as much of it as `uname -v` prints.
[[nodiscard]] ConfigSettings parse_config(std::string_view config, std::string_view version);

/// Reads /proc, /sys and the kernel's configuration (/proc/config.gz where zlib is linked, else
/// /boot/config-RELEASE).
[[nodiscard]] HostSettings probe_settings(const std::string& kernel_release);

// The parsers, apart from the files they read.

/// From /proc/version: what stands in the second pair of brackets, up to the linker.
[[nodiscard]] std::string find_compiler(std::string_view version);
/// An option's value in the text of a configuration: "y", "250", "" for one that is not set.
[[nodiscard]] std::string find_option(std::string_view config, std::string_view option);
/// Digest and chosen options of a configuration's text. Empty for an empty text.
[[nodiscard]] std::string summarize_config(std::string_view config);
/// By the configuration, or else by the words of /proc/version.
[[nodiscard]] std::string find_preemption(std::string_view config, std::string_view version);
/// Those flags of /proc/cpuinfo that decide how the kernel copies, then the microcode.
[[nodiscard]] std::string summarize_cpu_flags(std::string_view cpuinfo);
/// The word in brackets of a setting such as "always [madvise] never"; else all of it.
[[nodiscard]] std::string chosen_word(std::string_view setting);

}  // namespace urb
