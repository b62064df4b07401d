// Links and namespaces of this host.
#include <doctest/doctest.h>
#include <sched.h>
#include <unistd.h>

#include <csignal>

#include "probe/link.hpp"
#include "probe/namespaces.hpp"

TEST_SUITE_BEGIN("unit");

namespace urb::test {

TEST_CASE("link: loopback says so, and an address of nobody has none") {
  const auto link = probe_link(Address::loopback(1));
  REQUIRE(link);
  CHECK(format_link(*link) == "lo");
  // TEST-NET-1 of RFC 5737 is no host's.
  const auto nobody = std::get<Address>(parse_address("192.0.2.1:80"));
  CHECK_FALSE(probe_link(nobody));
  CHECK(
      format_link({.driver = "veth", .mtu = 1500, .megabits = 10000, .offloads = {"sg", "gro"}}) ==
      "veth, mtu 1500, 10000 Mbit/s, offloads sg gro");
  CHECK(format_link({.driver = "ena", .card = "1d0f:ec20", .mtu = 9001}) ==
        "ena 1d0f:ec20, mtu 9001");
  CHECK(format_link({}) == "unknown device");
  const auto local = find_local_address(Address::loopback(0));
  REQUIRE(local);
  CHECK(local->is_loopback());
}

TEST_CASE("namespaces: this process finds itself, and nobody in a namespace that is not there") {
  const std::string pids = own_namespace("pid");
  if (pids.empty()) return;  // no /proc
  CHECK(find_process(pids, getpid()) == getpid());
  CHECK_FALSE(find_process("pid:[1]", getpid()));
  CHECK_FALSE(find_process("", getpid()));
  CHECK(parse_innermost_pid("Name:\tx\nNSpid:\t4711\t12\nx:\t3\n") == 12);
  CHECK(parse_innermost_pid("NSpid:\t4711\n") == 4711);
  CHECK_FALSE(parse_innermost_pid("Name:\tx\n"));
  CHECK_FALSE(own_host_name().empty());
}

}  // namespace urb::test

TEST_SUITE_END();
