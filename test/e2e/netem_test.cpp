// Two network namespaces with the delay and the losses of a wide network between them. For guests:
// netem (tc-netem(8)) is a module that the host's kernel may lack, and time there is counted by
// instructions, so that no load of the host is in a latency.
#include <doctest/doctest.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <sched.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "base/fd.hpp"
#include "e2e/program.hpp"
#include "row/row_reader.hpp"
#include "support/guest_tests.hpp"

namespace urb::test {
namespace {

constexpr double kRoundTripUs = 10'000;  // 5 ms each way

void must_do(const std::vector<std::string>& command) {
  const Outcome outcome = run_program(command);
  REQUIRE_MESSAGE(outcome.status == 0, command[0], " ", command[1], ": ", outcome.err);
}

// The guest's own files end with it.
class Network {
 public:
  static constexpr const char* kServer = "urb-server";
  static constexpr const char* kClient = "urb-client";

  Network() {
    std::filesystem::create_directories("/run");
    std::filesystem::create_directories("/var");
    if (!std::filesystem::exists("/var/run")) std::filesystem::create_symlink("/run", "/var/run");
    for (const char* const name : {kServer, kClient}) {
      must_do({"ip", "netns", "add", name});
      must_do({"ip", "-n", name, "link", "set", "lo", "up"});
    }
    must_do({"ip", "-n", kServer, "link", "add", "near", "type", "veth", "peer", "name", "far",
             "netns", kClient});
    // Packets of one segment, so that each can be lost for itself.
    for (const auto& [name, device, address] :
         {std::tuple{kServer, "near", "10.77.1.1/24"}, {kClient, "far", "10.77.1.2/24"}}) {
      must_do({"ip", "-n", name, "address", "add", address, "dev", device});
      must_do({"ip", "-n", name, "link", "set", device, "gso_max_segs", "1", "up"});
    }
  }
  Network(const Network&) = delete;
  Network& operator=(const Network&) = delete;
  ~Network() {
    for (const char* const name : {kServer, kClient})
      static_cast<void>(run_program({"ip", "netns", "delete", name}));
  }

  void slow_down() const {
    for (const auto& [name, device] : {std::pair{kServer, "near"}, {kClient, "far"}}) {
      must_do({"tc", "-n", name, "qdisc", "add", "dev", device, "root", "netem", "limit", "10000",
               "delay", "5ms", "loss", "0.1%"});
    }
  }
  // What netem says of itself: "Sent … (dropped 7, …".
  [[nodiscard]] std::string statistics() const {
    return run_program({"tc", "-n", kClient, "-s", "qdisc", "show", "dev", "far"}).out;
  }
};

// RetransSegs of /proc/net/snmp in a namespace, which is that of whoever reads it.
std::uint64_t retransmits_in(const std::string& name) {
  const Fd own{Adopt{}, open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC)};
  const Fd there{Adopt{}, open(("/run/netns/" + name).c_str(), O_RDONLY | O_CLOEXEC)};
  REQUIRE(setns(there.get(), CLONE_NEWNET) == 0);
  std::ifstream file{"/proc/self/net/snmp"};
  std::vector<std::string> heads;
  std::uint64_t count = 0;
  for (std::string line; std::getline(file, line);) {
    if (!line.starts_with("Tcp:")) continue;
    std::istringstream fields{line};
    std::vector<std::string> words;
    for (std::string word; fields >> word;) words.push_back(word);
    for (std::size_t at = 0; at < heads.size() && at < words.size(); ++at) {
      if (heads[at] == "RetransSegs") count = std::stoull(words[at]);
    }
    heads = std::move(words);
  }
  REQUIRE(setns(own.get(), CLONE_NEWNET) == 0);
  return count;
}

std::vector<Row> measure(const std::string& modes, const std::string& bodies,
                         const std::string& duration) {
  const TempFolder folder;
  const std::string csv = folder.file("rows.csv");
  const std::string via = std::string{"ip netns exec "} + Network::kClient;
  const Outcome outcome = run_program({"ip",           "netns",  "exec",     Network::kServer,
                                       binary(),       modes,    "-l",       "10.77.1.1:0",
                                       "--client-via", via,      "-b",       bodies,
                                       "-c",           "4",      "-w",       "2",
                                       "-d",           duration, "--warmup", "100ms",
                                       "--repeats",    "1",      "--budget", "0",
                                       "-q",           "--csv",  csv});
  REQUIRE_MESSAGE(outcome.status == 0, outcome.out, outcome.err);
  return read_rows(csv);
}

bool ends_with_name(const std::string& host, const char* name) {
  return host.ends_with(std::string{"/"} + name);
}

// Both ends name themselves, and agree on each request and byte, or the row would have failed.
void check_row(const Row& row) {
  CAPTURE(row.mode);
  CAPTURE(row.relay);
  CAPTURE(row.reuse);
  CAPTURE(row.body_bytes);
  REQUIRE(row.status == Status::ok);
  CHECK(ends_with_name(row.server_host, Network::kServer));
  CHECK(ends_with_name(row.client_host, Network::kClient));
  CHECK(row.link.starts_with("veth, mtu 1500"));
  CHECK(*row.requests > 0);
  CHECK(row.verified_requests == row.requests);
  // A FIN that was lost is awaited until the kernel sends it again.
  CHECK(*row.errors == 0);
  // A round trip to connect and one for the request.
  const double least = (row.reuse ? 1 : 2) * kRoundTripUs;
  CHECK(*row.latency_us_p50 >= least);
  // A small one takes no other, unless it meets a loss.
  if (row.body_bytes == 1024U) CHECK(*row.latency_us_p50 < least + kRoundTripUs / 2);
}

}  // namespace

TEST_SUITE_BEGIN("netem");

TEST_CASE("netem: all modes through a delay and losses, client and server apart") {
  REQUIRE_MESSAGE(is_in_guest(), "for guests only: it would leave files in /run and /var");
  const Network network;
  // Without them latencies are others, so it is the delay that is seen.
  for (const Row& row : measure("direct", "1K", "200ms")) CHECK(*row.latency_us_p50 < 5000);
  const std::uint64_t before = retransmits_in(Network::kServer) + retransmits_in(Network::kClient);
  network.slow_down();
  const std::vector<Row> rows = measure("all", "1K,64K", "300ms");
  std::set<std::string> modes;
  for (const Row& row : rows) {
    check_row(row);
    modes.insert(row.mode);
    MESSAGE(fmt::format("{} {}, {} B, {}: {} requests, p50 {:.1f} ms, p99 {:.1f} ms, max {:.1f} ms",
                        row.mode, row.relay, row.body_bytes, row.reuse ? "reuse" : "no reuse",
                        *row.requests, *row.latency_us_p50 / 1e3, *row.latency_us_p99 / 1e3,
                        *row.latency_us_max / 1e3));
  }
  CHECK(modes.size() >= 5);
  CHECK(rows.size() >= 4 * modes.size());
  const std::uint64_t client = retransmits_in(Network::kClient);
  const std::uint64_t server = retransmits_in(Network::kServer);
  MESSAGE("segments sent again: client ", client, ", server ", server, "; ", network.statistics());
  CHECK(client + server > before);
}

TEST_SUITE_END();

}  // namespace urb::test
