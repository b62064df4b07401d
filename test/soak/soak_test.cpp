// A server under good and bad clients at once, first in calm, then with faults. At the end nothing
// is left, and every request is accounted for.
//
// URB_SOAK_SECONDS: how long, each time (2); URB_SOAK_SEED: what happens (1).
#include <fmt/format.h>

#include <atomic>
#include <cstdlib>
#include <filesystem>
#include <thread>

#include "conformance/conformance.hpp"
#include "soak/clients.hpp"
#include "soak/faults.hpp"

TEST_SUITE_BEGIN("soak");

namespace urb::test {
namespace {

#if defined(__SANITIZE_ADDRESS__)
constexpr bool is_sanitized = true;
#else
constexpr bool is_sanitized = false;
#endif

std::uint64_t environment_number(const char* name, std::uint64_t otherwise) {
  const char* const value = std::getenv(name);
  return value == nullptr ? otherwise : std::strtoull(value, nullptr, 10);
}

Nanos soak_time() { return std::chrono::seconds{environment_number("URB_SOAK_SECONDS", 2)}; }
std::uint64_t soak_seed() { return environment_number("URB_SOAK_SEED", 1); }

ServerConfig soak_config() {
  ServerConfig config = configured_server();
  config.limits = {kSoakTimeout, kSoakTimeout, kSoakTimeout, kSoakBodyMax};
  return config;
}

struct ClientMix {
  unsigned polite = 5;
  unsigned rude = 3;
  unsigned slow = 4;
};

/// Plays clients in threads for `duration`, and calls `disturb` again and again meanwhile.
template <class F>
Ledger play_clients(const Address& server, const ClientMix& mix, bool is_calm, Nanos duration,
                    F&& disturb) {
  std::vector<Manners> parts;
  parts.insert(parts.end(), mix.polite, Manners::polite);
  parts.insert(parts.end(), mix.rude, Manners::rude);
  parts.insert(parts.end(), mix.slow, Manners::slow);
  std::vector<Ledger> ledgers(parts.size());
  std::vector<std::thread> threads;
  const Nanos deadline = monotonic_now() + duration;
  for (std::size_t index = 0; index < parts.size(); ++index) {
    threads.emplace_back([&, index] {
      std::mt19937_64 random{soak_seed() * 1000 + index};
      while (monotonic_now() < deadline) {
        play(parts[index], server, random, is_calm, ledgers[index]);
      }
    });
  }
  while (monotonic_now() < deadline) disturb();
  for (std::thread& thread : threads) thread.join();
  Ledger sum;
  for (const Ledger& ledger : ledgers) sum.add(ledger);
  return sum;
}

struct Served {
  std::uint64_t requests = 0;
  std::uint64_t errors = 0;
};

Served count_served(const Server& server) {
  Served served;
  for (const ServerProcess& process : server.processes()) {
    served.requests += process.counters->requests.get();
    served.errors += process.counters->request_errors.get();
  }
  return served;
}

std::size_t count_pipes(pid_t pid) {
  std::size_t pipes = 0;
  for (const auto& entry :
       std::filesystem::directory_iterator{"/proc/" + std::to_string(pid) + "/fd"}) {
    std::error_code gone;
    if (std::filesystem::read_symlink(entry, gone).string().rfind("pipe:", 0) == 0) ++pipes;
  }
  return pipes;
}

void check_books(const Ledger& ledger, std::string_view when) {
  const ServerConfig config = soak_config();
  MESSAGE(fmt::format("{}{}, {}: {}", config.mode,
                      config.mode == "passthru" ? fmt::format(" {}", name_of(config.relay)) : "",
                      when, format_ledger(ledger)));
  CHECK(ledger.open() == 0);
  for (std::size_t index = 0; index < std::min<std::size_t>(ledger.wrong.size(), 20); ++index) {
    FAIL_CHECK(ledger.wrong[index]);
  }
}

/// After all clients have gone: no socket, no slot, no pipe beyond the pool, all workers there.
void check_nothing_left(Server& server) {
  check_no_sockets_left(server);
  const auto& processes = server.processes();
  const Counters& master = *processes[0].counters;
  const bool is_proxied = master.upstream_opened.get() != 0;
  REQUIRE(wait_until([&] {
    static_cast<void>(server.take_news());
    return process_tree(processes[0].pid).size() == processes.size();
  }));
  for (const ServerProcess& process : processes) {
    const Counters& counters = *process.counters;
    CAPTURE(process.index);
    // In a proxied mode, workers hold the other ends of the upstreams that the master keeps.
    const bool keeps = is_proxied && process.role == ProcessRole::worker;
    if (keeps) continue;
    CHECK(wait_until(
        [&] { return counters.connections_opened.get() == counters.connections_closed.get(); }));
  }
  constexpr std::size_t kPipeEnds = 2 * 32;  // of the relay's pool, kept
  CHECK(wait_until([&] { return count_pipes(processes[0].pid) <= kPipeEnds + 1; }));
  constexpr std::size_t kOtherFds = 40;  // ring, channels, clocks, and the kept upstreams
  CHECK(wait_until([&] { return open_fds(processes[0].pid) <= kPipeEnds + 1 + kOtherFds; }));
  server.begin_stop();
  CHECK(server.wait(monotonic_now() + kPatience) == 0);
}

TEST_CASE("soak: in calm, every polite request is answered and every wrong one refused") {
  const auto server = start_server(soak_config());
  const Ledger ledger = play_clients(server->address(), {}, /*is_calm=*/true, soak_time() / 4, [] {
    std::this_thread::sleep_for(std::chrono::milliseconds{20});
  });
  check_books(ledger, "calm");
  CHECK(ledger.answered > 0);
  CHECK(ledger.refused > 0);
  check_no_sockets_left(*server);
  // The server's books: what it served beyond that was for clients that had left.
  const Served served = count_served(*server);
  CHECK(served.requests >= ledger.answered);
  CHECK(served.requests <= ledger.answered + ledger.abandoned);
  CHECK(served.errors >= ledger.refused);
  CHECK(served.errors <= ledger.refused + ledger.abandoned);
  check_nothing_left(*server);
}

TEST_CASE("soak: with faults, every request has an outcome and nothing is left behind") {
  const auto server = start_server(soak_config());
  const pid_t master = server->processes()[0].pid;
  std::mt19937_64 random{soak_seed()};
  FaultCounts faults;
  const Ledger ledger =
      play_clients(server->address(), {}, /*is_calm=*/false, soak_time() * 3 / 4, [&] {
        inject_fault(master, random, faults);
        static_cast<void>(server->take_news());
        poll(nullptr, 0, static_cast<int>(random() % 100));
      });
  MESSAGE(format_faults(faults));
  check_books(ledger, "faults");
  CHECK(ledger.answered > 0);
  const Served served = count_served(*server);
  CHECK(served.requests >= ledger.answered);
  CHECK(served.requests <= ledger.answered + ledger.failed + ledger.gone + ledger.abandoned);
  const Counters& counters = *server->processes()[0].counters;
  CHECK(wait_until([&] { return counters.workers_lost.get() == faults.killed_workers; }));
  check_nothing_left(*server);
}

TEST_CASE("soak: a worker killed every 200 ms costs nobody else a second") {
  const auto server = start_server(soak_config());
  const pid_t master = server->processes()[0].pid;
  const std::size_t fds_before = open_fds(master);
  std::mt19937_64 random{soak_seed()};
  unsigned killed = 0;
  const Ledger ledger = play_clients(server->address(), {.polite = 8, .rude = 0, .slow = 0},
                                     /*is_calm=*/false, soak_time(), [&] {
                                       poll(nullptr, 0, 200);
                                       killed += kill_worker(master, random);
                                       static_cast<void>(server->take_news());
                                     });
  MESSAGE(killed << " workers killed; descriptors of the master: " << fds_before << " before, "
                 << open_fds(master) << " after");
  check_books(ledger, "kills");
  CHECK(ledger.answered > 0);
  const Counters& counters = *server->processes()[0].counters;
  CHECK(wait_until([&] { return counters.workers_lost.get() == killed; }));
  // Measured: 30 ms. Sanitizers and busy machines get more time than what is promised.
  CHECK(ledger.longest < std::chrono::seconds{is_sanitized ? 10 : 1});
  check_nothing_left(*server);
}

}  // namespace
}  // namespace urb::test

TEST_SUITE_END();
