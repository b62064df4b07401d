// The parsers on texts as the kernel writes them, and one look at the real host.
#include "probe/host.hpp"

#include <doctest/doctest.h>

#include <string>

TEST_SUITE_BEGIN("unit");

namespace {

constexpr std::string_view kCpuinfo =
    "processor\t: 0\nvendor_id\t: AuthenticAMD\ncpu family\t: 25\nmodel\t\t: 17\n"
    "model name\t: AMD EPYC\nstepping\t: 1\ncpu MHz\t\t: 2596.124\n\nprocessor\t: 1\n"
    "model name\t: other\n";

}  // namespace

TEST_CASE("host: a field is the first line of its name, whole") {
  CHECK(urb::find_field(kCpuinfo, "model name") == "AMD EPYC");
  CHECK(urb::find_field(kCpuinfo, "model") == "17");
  CHECK(urb::find_field(kCpuinfo, "flags").empty());
  CHECK(urb::find_field("", "model").empty());
}

TEST_CASE("host: the machine id ignores what the kernel or the moment changes") {
  const std::string id = urb::machine_id(kCpuinfo, 2, "MemTotal:       24684084 kB\n");
  CHECK(id.size() == 12);
  // Another kernel keeps a little more memory for itself; the clock rate changes all the time.
  std::string later{kCpuinfo};
  later.replace(later.find("2596.124"), 8, "1500.000");
  CHECK(urb::machine_id(later, 2, "MemTotal:       24600000 kB\n") == id);
  CHECK(urb::machine_id(kCpuinfo, 4, "MemTotal:       24684084 kB\n") != id);
  CHECK(urb::machine_id(kCpuinfo, 2, "MemTotal:       16000000 kB\n") != id);
}

TEST_CASE("host: vulnerabilities shrink to names, with a mark where nothing mitigates") {
  CHECK(urb::summarize_vulnerabilities({{"spectre_v2", "Mitigation: Retpolines; STIBP: disabled\n"},
                                        {"meltdown", "Not affected\n"},
                                        {"mds", "Vulnerable: Clear CPU buffers attempted\n"}}) ==
        "!mds spectre_v2");
  CHECK(urb::summarize_vulnerabilities({{"meltdown", "Not affected\n"}}) == "none");
}

TEST_CASE("host: the load average is the first figure") {
  CHECK(*urb::parse_load_average("0.25 0.12 0.05 1/123 4711\n") == 0.25);
  CHECK_FALSE(urb::parse_load_average("").has_value());
}

TEST_CASE("host: the hypervisor's signature names the accelerator") {
  using namespace std::string_view_literals;
  CHECK(urb::accelerator_of("KVMKVMKVM\0\0\0"sv) == urb::Accelerator::kvm);
  CHECK(urb::accelerator_of("TCGTCGTCGTCG"sv) == urb::Accelerator::tcg);
  CHECK(urb::accelerator_of("Microsoft Hv"sv) == urb::Accelerator::other);
  CHECK(urb::accelerator_of({}) == urb::Accelerator::none);
}

TEST_CASE("host: this one has a kernel, a machine, a CPU and a loopback device") {
  const urb::Host host = urb::probe_host();
  CHECK_FALSE(host.kernel.empty());
  CHECK(host.machine.size() == 12);
  CHECK_FALSE(host.cpu_model.empty());
  CHECK(host.cpus > 0);
  CHECK(urb::probe_host().machine == host.machine);
}

TEST_SUITE_END();
