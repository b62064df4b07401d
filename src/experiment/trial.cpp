// Starts, samples, stops; the arithmetic is in figures.cpp.
#include "experiment/trial.hpp"

#include <fmt/format.h>
#include <poll.h>

#include <chrono>
#include <optional>
#include <stdexcept>
#include <utility>

#include "base/clock.hpp"
#include "base/error.hpp"
#include "base/window_mark.hpp"
#include "experiment/ab_client.hpp"
#include "experiment/figures.hpp"
#include "experiment/machine_watch.hpp"
#include "experiment/mechanism.hpp"
#include "experiment/routing.hpp"
#include "experiment/shortage_watch.hpp"
#include "mode/mode.hpp"
#include "server/ending.hpp"
#include "server/server.hpp"

namespace urb {
namespace {

bool is_readable(int fd) noexcept {
  pollfd waiting{fd, POLLIN, 0};
  return poll(&waiting, 1, 0) > 0;
}

TrialOutcome without_figures(Row row, Status status, std::string reason) {
  TrialOutcome outcome;
  outcome.row = std::move(row);
  outcome.row.status = status;
  outcome.row.warnings = std::move(reason);
  return outcome;
}

// What the hooks saw of the server while the load ran.
struct Watch {
  std::optional<WindowSample> begin;
  std::optional<WindowSample> end;
  bool server_ended = false;
  std::string lost_worker;     // what became of it, and its replacement's figures are not its own
  std::optional<AbLoad> ab;    // where that is the client
  std::optional<FarLoad> far;  // likewise; without its result
  MemorySample memory;
};

void note_loss(Server& server, Watch& watch) {
  for (std::string& sentence : server.take_news()) {
    if (watch.lost_worker.empty()) watch.lost_worker = std::move(sentence);
  }
}

LoadResult load_and_watch(const LoadOptions& options, const TrialSetup& setup, Server& server,
                          Watch& watch, const TrialProgress& on_progress,
                          const std::atomic<bool>& stop) {
  const std::vector<pid_t> companions =
      setup.far != nullptr ? setup.far->pids_here() : std::vector<pid_t>{};
  LoadHooks hooks;
  hooks.on_window_begin = [&] {
    watch.begin = sample_window_begin(server.processes(), setup.scope, companions);
    urb_mark_window_begin();
  };
  hooks.on_window_end = [&] {
    urb_mark_window_end();
    watch.end = sample_window_end(server.processes(), setup.scope, companions);
    watch.memory = sample_memory(server.processes());
  };
  hooks.on_progress = [&](Nanos elapsed, std::uint64_t requests) {
    if (on_progress) on_progress(elapsed, requests);
    watch.server_ended = watch.server_ended || is_readable(server.ended_fd());
    note_loss(server, watch);
    return !watch.server_ended && watch.lost_worker.empty();
  };
  LoadResult result;
  if (setup.far != nullptr) {
    watch.far = setup.far->run(options, hooks, stop);
    result = std::move(watch.far->result);
  } else if (setup.client == ClientKind::ab) {
    watch.ab = run_ab_load(options, hooks, stop);
    result = watch.ab->result;
    if (watch.begin && watch.end)
      watch.end->client.total = watch.begin->client.total + watch.ab->cpu.total;
  } else {
    result = run_load(options, hooks, stop);
  }
  note_loss(server, watch);
  return result;
}

// The client is gone, so the server has nothing left to finish: the grace is for mishaps only.
// Not left to the server's destructor: a killed master cannot reap its workers.
std::string stop_server(Server& server, Nanos grace) {
  constexpr Nanos kReaping = std::chrono::seconds{5};  // beyond what a master gives its workers
  server.begin_stop();
  const int exit_status = server.wait(monotonic_now() + grace + kReaping);
  if (exit_status == 0) return {};
  if (exit_status < 0) return "the server did not end when asked to";
  if (exit_status == 1) return "the server or one of its workers failed (exit status 1)";
  return fmt::format("the server's master {}", describe_ending(exit_status));
}

// By the client and by the server's processes.
Features used_features(const LoadResult& load, std::span<const ServerProcess> processes) {
  Features used = load.used;
  for (const ServerProcess& process : processes) {
    used.add(Features::of_bits(process.counters->features.get()));
  }
  return used;
}

// What client and server counted apart: do the sums agree, and was the mechanism the row's?
std::string compare_counts(const Server& server, const TrialSetup& setup,
                           const LoadOptions& options, const Row& row, const LoadResult& load) {
  // ab leaves in flight what it does not count any more. So it does with -n: a connect that is
  // under way when the last request begins becomes one more request.
  const std::uint64_t uncounted = setup.client == ClientKind::ab ? options.connections : 0;
  std::string problem = compare_ledgers(load, read_ledger(server.processes()), uncounted);
  if (!problem.empty()) return problem;
  return find_broken_claim(read_claim(row, setup.server), read_deeds(server.processes()),
                           {.connections = load.connections,
                            .requests = load.total_requests,
                            .body_bytes = load.total_body_bytes,
                            .unused_connections = options.connections,
                            .uncounted = uncounted,
                            .has_mix = !options.mix.empty()});
}

// What is known of the clients' hosts.
void add_far(Row& row, const FarLoad& far, Warnings& warnings, std::string& disturber) {
  row.link = far.link;
  if (far.has_full_host) row.bottleneck = "client";
  if (far.throttled > 0) warnings.insert(Warning::cpu_throttled);
  if (far.is_blind) warnings.insert(Warning::machine_unknown);
  if (far.disturbed.empty()) return;
  if (row.disturbed.empty()) disturber = far.disturber;
  row.disturbed += row.disturbed.empty() ? far.disturbed : ";" + far.disturbed;
}

TrialOutcome run_against(Server& server, const TrialSetup& setup, const LoadOptions& load_options,
                         Row row, const TrialProgress& on_progress, const std::atomic<bool>& stop) {
  Watch watch;
  const ShortageWatch shortage_watch{server};
  MachineWatch machine{setup.yardsticks};
  machine.settle(stop);
  LoadResult load = load_and_watch(load_options, setup, server, watch, on_progress, stop);
  machine.look();
  const Shortages shortages = shortage_watch.look();
  row.features = format_features(used_features(load, server.processes()));
  const bool server_ended = watch.server_ended || is_readable(server.ended_fd());
  std::string problem = stop_server(server, setup.server.grace);
  if (stop.load()) {
    TrialOutcome outcome;
    outcome.interrupted = true;
    return outcome;
  }
  // A dead server fails requests before the next look at it: name the cause, not its effect.
  if (server_ended) {
    problem = problem.empty() ? "the server ended during the trial" : problem + " during the trial";
  } else if (!watch.lost_worker.empty()) {
    problem = watch.lost_worker + " during the trial";
  } else if (watch.ab && !watch.ab->problem.empty()) {
    problem = watch.ab->problem;
  } else if (watch.far && !watch.far->problem.empty()) {
    problem = watch.far->problem;
  } else if (const std::string failure = describe_failure(load); !failure.empty()) {
    problem = failure;
  } else if (problem.empty() && (!watch.begin || !watch.end)) {
    problem = "the measured time did not begin";
  } else if (problem.empty()) {
    problem = compare_counts(server, setup, load_options, row, load);
  }
  if (!problem.empty()) {
    // What ran short may be why.
    return without_figures(std::move(row), Status::failed, problem + shortages.remedies());
  }

  const std::optional<HostUse> host = host_use(*watch.begin, *watch.end, setup.scope);
  // Only now: until here this process' own time was meant, which waited for the clients.
  if (watch.far) watch.end->client.total = watch.begin->client.total + watch.far->cpu;
  fill_figures(row, load, *watch.begin, *watch.end, host);
  row.memory_kb_master = watch.memory.master;
  row.memory_kb_workers = watch.memory.workers;
  row.socket_memory_kb = watch.memory.sockets;
  machine.fill(row, *watch.begin, *watch.end, host, load_options.warmup);
  if (watch.ab) fill_ab_latency(row, watch.ab->latency);
  Warnings warnings = find_trial_warnings(row, load, *watch.begin, *watch.end);
  warnings.merge(shortages.kinds());
  if (machine.is_blind(host.has_value())) warnings.insert(Warning::machine_unknown);
  std::string disturber = host ? host->busiest : std::string{};
  if (watch.far) add_far(row, *watch.far, warnings, disturber);
  return {
      .row = std::move(row),
      .latency = std::move(load.latency),
      .open_loop = {std::move(load.service), std::move(load.lateness), load.missed, load.unsent},
      .warnings = std::move(warnings),
      .sockets_per_message = sockets_per_message(*watch.begin, *watch.end),
      .disturber = std::move(disturber),
      .interrupted = false};
}

}  // namespace

void set_rate(LoadOptions& load, Row& row, std::uint64_t rate) {
  load.rate = rate;
  row.rate_requested = static_cast<double>(rate);
  row.loop = loop_name(load.arrivals);
}

std::string_view name_of(ClientKind client) noexcept {
  return client == ClientKind::ab ? "ab" : "builtin";
}

TrialOutcome run_trial(const TrialSetup& setup, const TrialSpec& spec,
                       const TrialProgress& on_progress, const std::atomic<bool>& stop) {
  ServerConfig config = setup.server;
  if (config.mode.empty()) config.mode = spec.cell.mode;
  if (spec.cell.policy) config.policy = spec.cell.policy;
  if (spec.cell.tls) config.tls.kind = *spec.cell.tls;

  Row row = setup.row;
  row.started_at = format_utc_now();
  row.mode = spec.cell.mode;
  if (spec.cell.tls) row.tls = describe(config.tls);
  if (spec.cell.relay) {
    config.relay = *spec.cell.relay;
    row.relay = name_of(config.relay);
  }
  const Mode* const mode = find_mode(row.mode);
  // Other modes have no relay, whatever the option says.
  if (mode == nullptr || !mode->has_relay) row.relay.clear();
  if (mode != nullptr) row.policy = name_of(policy_of(*mode, config.policy));
  row.body_bytes = spec.cell.body.value;
  row.body_mix = format_body_mix(spec.cell.mix);
  row.reuse = spec.cell.reuse;
  row.repeat = spec.repeat;
  row.trial_order = spec.order;

  try {
    if (setup.far != nullptr) setup.far->make_ready();
    Server server{config};
    LoadOptions load = setup.load;
    load.target = server.address();
    load.host = format_address(server.address());
    load.body = spec.cell.body;
    load.mix = spec.cell.mix;
    load.seed = config.seed + spec.repeat;  // the same for all cells of a round
    load.reuse = spec.cell.reuse;
    if (spec.rate) set_rate(load, row, *spec.rate);
    load.requires_proof = true;
    load.tls = config.tls.kind != tls::Kind::off;
    load.tls_resumes = config.tls.resumes;
    load.tls_name = "localhost";
    if (config.policy == Policy::key) load.routes = make_routes(config.workers);
    if (load.verify == Verify::none) load.verify = Verify::first;
    load.expected_text =
        expected_text_for(load.body, config.response_bytes, load.verify == Verify::all);
    for (const BodyShare& share : load.mix) {
      load.mix_texts.push_back(
          expected_text_for(share.body, config.response_bytes, load.verify == Verify::all));
    }
    if (config.response_bytes.value != 0)
      load.expected_response_bytes = config.response_bytes.value;
    return run_against(server, setup, load, row, on_progress, stop);
  } catch (const Unsupported& error) {
    return without_figures(std::move(row), Status::unsupported, error.what());
  } catch (const UsageError&) {
    throw;  // the same for every trial
  } catch (const std::runtime_error& error) {
    return without_figures(std::move(row), Status::failed, error.what());
  }
}

std::string expected_text_for(Bytes body, Bytes response, bool with_checksum) {
  // A response of a given size is filler, which says nothing of the request.
  if (response.value != 0) return {};
  // With what follows the number, so that 10 does not pass for 1 or 100.
  return fmt::format("\"bytes\":{}{}", body.value, with_checksum ? ",\"crc32c\"" : "}");
}

std::string format_utc_now() {
  timespec now{};
  clock_gettime(CLOCK_REALTIME, &now);
  tm parts{};
  gmtime_r(&now.tv_sec, &parts);
  char text[sizeof "2026-01-31T23:59:59"];
  // Not fmt/chrono.h, whose locales a static program does not have.
  strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S", &parts);
  return fmt::format("{}.{:03}Z", text, now.tv_nsec / 1'000'000);
}

}  // namespace urb
