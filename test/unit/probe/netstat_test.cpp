// The kernel's counters: the form of the file, and a queue that really overflows.
#include "probe/netstat.hpp"

#include <doctest/doctest.h>
#include <sys/socket.h>

#include <vector>

#include "base/address.hpp"
#include "base/fd.hpp"
#include "support/deadline.hpp"

namespace urb {
namespace {

TEST_SUITE_BEGIN("unit");

TEST_CASE("netstat: values belong to the names of the line before, group by group") {
  const char* const text =
      "TcpExtra: ListenOverflows\nTcpExtra: 9\n"
      "TcpExt: SyncookiesSent ListenOverflows ListenDrops\nTcpExt: 1 22 333\n"
      "IpExt: InNoRoutes ListenOverflows\nIpExt: 4 5\n";
  CHECK(find_netstat(text, "TcpExt", "ListenOverflows") == 22);
  CHECK(find_netstat(text, "TcpExt", "ListenDrops") == 333);
  CHECK(find_netstat(text, "IpExt", "ListenOverflows") == 5);
  CHECK_FALSE(find_netstat(text, "TcpExt", "Listen").has_value());
  CHECK_FALSE(find_netstat(text, "None", "ListenDrops").has_value());
  CHECK_FALSE(find_netstat("TcpExt: A B\nTcpExt: 1\n", "TcpExt", "B").has_value());
  CHECK_FALSE(find_netstat("", "TcpExt", "A").has_value());
}

TEST_CASE("netstat: a connection that finds a full listen queue is counted") {
  const auto before = count_listen_overflows();
  REQUIRE(before.has_value());
  const Fd listener{Adopt{}, socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)};
  const Address any = Address::loopback(0);
  REQUIRE(bind(listener.get(), any.raw(), any.raw_bytes()) == 0);
  REQUIRE(listen(listener.get(), 1) == 0);  // holds two
  const Address address = Address::of_socket(listener.get());
  std::vector<Fd> clients;
  for (int count = 0; count < 6; ++count) {
    clients.emplace_back(Adopt{}, socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    [[maybe_unused]] const int pending =
        connect(clients.back().get(), address.raw(), address.raw_bytes());
  }
  CHECK(test::wait_until([&] { return count_listen_overflows().value_or(0) > *before; }));
}

}  // namespace
}  // namespace urb
