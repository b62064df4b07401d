// Texts of several kernels, and this one's own.
#include "probe/host_settings.hpp"

#include <doctest/doctest.h>

TEST_SUITE_BEGIN("unit");

using urb::find_compiler;
using urb::find_option;
using urb::find_preemption;

namespace {

constexpr auto kConfig =
    "#\n# Linux/x86 6.12.57 Kernel Configuration\n#\nCONFIG_HZ_250=y\nCONFIG_HZ=250\n"
    "# CONFIG_PREEMPT_NONE is not set\nCONFIG_PREEMPT_VOLUNTARY=y\n"
    "CONFIG_IRQ_TIME_ACCOUNTING=y\n# CONFIG_UBSAN is not set\n";

}  // namespace

TEST_CASE("host settings: the compiler, of a distribution and of nobody's") {
  CHECK(find_compiler("Linux version 6.1.0-41-amd64 (debian-kernel@lists.debian.org) (gcc-12 "
                      "(Debian 12.2.0-14) 12.2.0, GNU ld (GNU Binutils for Debian) 2.40) #1 SMP") ==
        "gcc-12 (Debian 12.2.0-14) 12.2.0");
  CHECK(find_compiler("Linux version 6.18.44 (me@here) (gcc (GCC) 15.3.0, GNU ld (GNU Binutils) "
                      "2.46) #1") == "gcc (GCC) 15.3.0");
  CHECK(find_compiler("something else").empty());
}

TEST_CASE("host settings: options that are set, and a digest of all of them") {
  CHECK(find_option(kConfig, "HZ") == "250");
  CHECK(find_option(kConfig, "IRQ_TIME_ACCOUNTING") == "y");
  CHECK(find_option(kConfig, "UBSAN").empty());
  CHECK(find_option(kConfig, "H").empty());
  const std::string summary = urb::summarize_config(kConfig);
  CHECK(summary.ends_with(";IRQ_TIME_ACCOUNTING=y"));
  CHECK(summary.find("UBSAN") == std::string::npos);
  // A comment is no option; a value is.
  CHECK(urb::summarize_config(std::string{kConfig} + "# new\n") == summary);
  CHECK(urb::summarize_config(std::string{kConfig} + "CONFIG_X=y\n") != summary);
  CHECK(urb::summarize_config("").empty());
}

TEST_CASE("host settings: the preemption model, and whether it can be set at boot") {
  CHECK(find_preemption(kConfig, "#1 SMP") == "voluntary");
  CHECK(find_preemption(kConfig, "#1 SMP PREEMPT_DYNAMIC") == "dynamic:voluntary");
  CHECK(find_preemption("", "#1 SMP PREEMPT") == "full");
  CHECK(find_preemption("", "#1 SMP PREEMPT_DYNAMIC") == "dynamic:");
  CHECK(find_preemption("", "#1 SMP").empty());
}

TEST_CASE("host settings: flags of copies, the microcode, a choice in brackets") {
  CHECK(urb::summarize_cpu_flags("flags\t: fpu rep_good ermsx erms fsrm\nmicrocode\t: 0x21\n") ==
        "rep_good erms fsrm;microcode=0x21");
  CHECK(urb::summarize_cpu_flags("").empty());
  CHECK(urb::chosen_word("always [madvise] never\n") == "madvise");
  CHECK(urb::chosen_word("performance\n") == "performance");
  CHECK(urb::chosen_word("").empty());
}

TEST_CASE("host settings: this kernel's boot is known") {
  const urb::HostSettings settings = urb::probe_settings("");
  CHECK(settings.boot_id.size() == 36);
  CHECK_FALSE(settings.kernel_compiler.empty());
  CHECK_FALSE(settings.tcp_congestion.empty());
}

TEST_SUITE_END();
