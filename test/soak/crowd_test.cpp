// Ten thousand connections that say nothing and a thousand that say a byte a second: what they
// cost, and what the others notice of them.
#include <fmt/format.h>
#include <sys/resource.h>

#include <algorithm>
#include <atomic>
#include <fstream>
#include <thread>

#include "base/error.hpp"
#include "conformance/conformance.hpp"
#include "load/generator.hpp"
#include "stats/summary.hpp"
#include "stats/usage.hpp"

TEST_SUITE_BEGIN("crowd");

namespace urb::test {
namespace {

constexpr std::size_t kIdle = 10'000;
constexpr std::size_t kSlow = 1'000;
// What one connection without a request costs the server's processes: documented in
// ARCHITECTURE.md.
constexpr std::size_t kBytesPerIdleConnection = 2048;

/// Room for the crowd, in this process and those that it forks. False where the limit is lower.
bool raise_descriptor_limit() {
  rlimit limit{};
  check(getrlimit(RLIMIT_NOFILE, &limit), "getrlimit");
  limit.rlim_cur = limit.rlim_max;
  check(setrlimit(RLIMIT_NOFILE, &limit), "setrlimit");
  return limit.rlim_cur >= kIdle + kSlow + 500;
}

std::size_t resident_bytes(const Server& server) {
  std::size_t sum = 0;
  for (const ServerProcess& process : server.processes()) {
    std::ifstream file{"/proc/" + std::to_string(process.pid) + "/status"};
    for (std::string line; std::getline(file, line);) {
      if (line.rfind("VmRSS:", 0) == 0) sum += std::stoull(line.substr(6)) * 1024;
    }
  }
  return sum;
}

Nanos cpu_time(const Server& server) {
  Nanos sum{0};
  for (const ServerProcess& process : server.processes()) {
    if (const auto cpu = sample_cpu_time(process.pid)) sum += cpu->total;
  }
  return sum;
}

std::uint64_t count_opened(const Server& server) {
  // In every mode, the workers' connections or the master's.
  std::uint64_t workers = 0;
  for (const ServerProcess& process : server.processes().subspan(1)) {
    workers += process.counters->connections_opened.get();
  }
  return std::max(workers, server.processes()[0].counters->connections_opened.get());
}

/// Median of p50 and p99 of some short runs, in microseconds.
struct Latency {
  double p50_us;
  double p99_us;
};

Latency measure_load(const Server& server) {
  std::vector<double> p50;
  std::vector<double> p99;
  for (int run = 0; run < 5; ++run) {
    LoadOptions options;
    options.target = server.address();
    options.host = "test";
    options.connections = 4;
    options.body = Bytes{1000};
    options.warmup = std::chrono::milliseconds{50};
    options.requests = 2000;
    const std::atomic<bool> stop{false};
    const LoadResult result = run_load(options, {}, stop);
    CHECK(result.requests == 2000);
    CHECK(result.errors.total() == 0);
    p50.push_back(summarize(result.latency).p50_us);
    p99.push_back(summarize(result.latency).p99_us);
  }
  return {median_of(p50), median_of(p99)};
}

std::string format_latency(const Latency& latency) {
  return fmt::format("p50 {:.0f} us, p99 {:.0f} us", latency.p50_us, latency.p99_us);
}

TEST_CASE("crowd: idle and slow connections cost little memory, no CPU, and the others no answer") {
  if (!raise_descriptor_limit()) {
    MESSAGE("skipped: the hard limit of descriptors (ulimit -Hn) is below what the crowd needs");
    return;
  }
  ServerConfig config = configured_server();
  config.limits = {std::chrono::minutes{2}, std::chrono::minutes{2}, std::chrono::minutes{2}, {}};
  const auto server = start_server(config);
  const Latency alone = measure_load(*server);

  const std::size_t memory_before = resident_bytes(*server);
  const std::uint64_t opened_before = count_opened(*server);
  std::vector<TcpClient> idle;
  idle.reserve(kIdle);
  while (idle.size() < kIdle) idle.emplace_back(server->address());
  REQUIRE(wait_until([&] { return count_opened(*server) >= opened_before + kIdle; }));
  const std::size_t memory_each = (resident_bytes(*server) - memory_before) / kIdle;
  const Nanos cpu_before = cpu_time(*server);
  std::this_thread::sleep_for(std::chrono::seconds{1});
  const Nanos cpu_idle = cpu_time(*server) - cpu_before;
  const Latency with_idle = measure_load(*server);

  std::atomic<bool> stop{false};
  std::vector<TcpClient> slow;
  slow.reserve(kSlow);
  while (slow.size() < kSlow) slow.emplace_back(server->address());
  std::thread dripping{[&] {
    const std::string request = make_post("abc");
    for (std::size_t byte = 0; byte < request.size() && !stop; ++byte) {
      // A byte to each, spread over a second.
      for (std::size_t index = 0; index < kSlow && !stop; ++index) {
        slow[index].send({&request[byte], 1});
        if (index % 10 == 9) std::this_thread::sleep_for(std::chrono::milliseconds{10});
      }
    }
  }};
  const Latency with_slow = measure_load(*server);
  stop = true;
  dripping.join();

  MESSAGE(
      fmt::format("{}: alone {}; with {} idle {}; with {} slow ones too {}; {} bytes for each "
                  "idle one, {} us of CPU in a second for all of them",
                  config.mode, format_latency(alone), kIdle, format_latency(with_idle), kSlow,
                  format_latency(with_slow), memory_each, cpu_idle.count() / 1000));
  CHECK(memory_each <= kBytesPerIdleConnection);
  CHECK(cpu_idle < std::chrono::milliseconds{10});  // of a second: nothing polls
  // They have been there all the time: each still gets its answer.
  for (const std::size_t index : {std::size_t{0}, kIdle / 2, kIdle - 1}) {
    idle[index].send(make_post("abc"));
    check_receipt(*server, idle[index].read_response(), 3);
  }
  idle.clear();
  slow.clear();
  check_no_sockets_left(*server);
  server->begin_stop();
  CHECK(server->wait(monotonic_now() + kPatience) == 0);
}

}  // namespace
}  // namespace urb::test

TEST_SUITE_END();
