#include "experiment/figures.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <numeric>
#include <utility>

#include "base/assert.hpp"
#include "experiment/mechanism.hpp"
#include "stats/summary.hpp"

namespace urb {
namespace {

// What the server's processes used and counted within the window.
struct ServerUse {
  Row::Figure master_s = 0.0;  // CPU seconds; unknown as soon as one process' are
  Row::Figure workers_s = 0.0;
  Row::Figure iowq_s = 0.0;
  Row::Figure context_switches = 0.0;
  Counts counts;
  std::uint64_t kernel_placed = 0;      // not only within the window
  Row::Figure master_thread_s;          // without io-wq
  Row::Figure busiest_worker_thread_s;  // likewise
  std::vector<std::uint64_t> requests_by_worker;
};

void add_known(Row::Figure& sum, const Row::Figure& amount) {
  sum = sum && amount ? Row::Figure{*sum + *amount} : Row::Figure{};
}

void add_process(ServerUse& use, const ProcessSample& begin, const ProcessSample& end) {
  const ProcessUse own = use_of(begin, end);
  add_known(end.role == ProcessRole::master ? use.master_s : use.workers_s, own.total_s);
  add_known(use.iowq_s, own.iowq_s);
  if (own.total_s) {
    const double thread_s = *own.total_s - own.iowq_s.value_or(0);
    Row::Figure& most =
        end.role == ProcessRole::master ? use.master_thread_s : use.busiest_worker_thread_s;
    most = std::max(most.value_or(0), thread_s);
  }
  add_known(use.context_switches, own.context_switches);
  use.counts += own.counts;
  use.kernel_placed += end.counts.kernel_placed;
  if (end.role == ProcessRole::worker) use.requests_by_worker.push_back(own.counts.requests);
}

ServerUse use_between(const WindowSample& begin, const WindowSample& end) {
  URB_ASSERT(begin.processes.size() == end.processes.size());
  ServerUse use;
  for (std::size_t index = 0; index < end.processes.size(); ++index) {
    add_process(use, begin.processes[index], end.processes[index]);
  }
  return use;
}

// What the server's figures are held against.
struct ServerWindow {
  double requests = 0;
  double seconds = 0;
};

ServerWindow window_of(const ServerUse& use, const LoadResult& load, const WindowSample& begin,
                       const WindowSample& end) {
  ServerWindow window{static_cast<double>(load.requests), to_seconds(load.elapsed)};
  if (!load.busiest_share) return window;
  window.requests = static_cast<double>(std::accumulate(
      use.requests_by_worker.begin(), use.requests_by_worker.end(), std::uint64_t{0}));
  if (begin.books.time && end.books.time)
    window.seconds = to_seconds(end.books.time->at - begin.books.time->at);
  return window;
}

// Busiest worker's requests by the mean of all; unknown when no worker counted any.
Row::Figure imbalance_of(const std::vector<std::uint64_t>& requests_by_worker) {
  std::uint64_t sum = 0;
  std::uint64_t busiest = 0;
  for (const std::uint64_t requests : requests_by_worker) {
    sum += requests;
    busiest = std::max(busiest, requests);
  }
  if (sum == 0) return std::nullopt;
  const double mean = static_cast<double>(sum) / static_cast<double>(requests_by_worker.size());
  return static_cast<double>(busiest) / mean;
}

Row::Figure divide(const Row::Figure& amount, double by) {
  return amount && by > 0 ? Row::Figure{*amount / by} : std::nullopt;
}

void fill_latency(Row& row, const LoadResult& load) {
  const LatencySummary summary = summarize(load.latency);
  row.latency_us_p50 = summary.p50_us;
  row.latency_us_p90 = summary.p90_us;
  row.latency_us_p99 = summary.p99_us;
  row.latency_us_p999 = summary.p999_us;
  row.latency_us_max = summary.max_us;
  // In the closed loop a request is planned for the moment it is sent.
  const LatencySummary service = row.rate_requested ? summarize(load.service) : summary;
  row.service_us_p50 = service.p50_us;
  row.service_us_p99 = service.p99_us;
  row.service_us_max = service.max_us;
  if (load.small_latency.count() == 0) return;
  const LatencySummary small = summarize(load.small_latency);
  row.small_latency_us_p50 = small.p50_us;
  row.small_latency_us_p99 = small.p99_us;
  row.small_latency_us_p999 = small.p999_us;
}

}  // namespace

ProcessUse use_of(const ProcessSample& begin, const ProcessSample& end) {
  ProcessUse use;
  // A clock that goes back is another process', which has the same number.
  if (begin.cpu && end.cpu && begin.pid == end.pid && end.cpu->total >= begin.cpu->total) {
    use.total_s = to_seconds(end.cpu->total - begin.cpu->total);
    if (begin.cpu->other_threads && end.cpu->other_threads) {
      // The two parts are read one after the other: a difference may come out a hair below zero.
      use.iowq_s =
          to_seconds(std::max(Nanos{0}, *end.cpu->other_threads - *begin.cpu->other_threads));
    }
  }
  if (begin.context_switches && end.context_switches && begin.pid == end.pid) {
    // Fewer than before: threads have ended and taken theirs with them.
    use.context_switches = static_cast<double>(
        *end.context_switches - std::min(*begin.context_switches, *end.context_switches));
  }
  use.counts = end.counts;
  use.counts -= begin.counts;
  return use;
}

std::string_view find_bottleneck(const CpuShares& shares) noexcept {
  if (shares.host.value_or(0) >= kShareSaturated) return "cpu";
  if (shares.throttled >= kThrottledMostly) return "cpu";
  if (shares.client >= kShareSaturated) return "client";
  if (shares.master.value_or(0) >= kShareSaturated) return "master";
  if (shares.busiest_worker.value_or(0) >= kShareSaturated) return "workers";
  return "none";
}

void fill_truth(Row& row, const HostUse& host, double requests) {
  row.host_busy_share = host.share(host.busy_s);
  row.own_cpu_share = host.share(host.own_s);
  row.interrupt_share = host.share(host.interrupts_s);
  row.steal_share = host.share(host.steal_s);
  row.foreign_share = host.share(host.foreign_s);
  constexpr double kMicro = 1e6;
  row.host_cpu_us_per_request = divide(host.busy_s * kMicro, requests);
}

std::optional<HostUse> host_use(const WindowSample& begin, const WindowSample& end,
                                const HostScope& scope) {
  const ServerUse server = use_between(begin, end);
  if (!server.master_s || !server.workers_s) return std::nullopt;
  double own_s =
      to_seconds(end.client.total - begin.client.total) + *server.master_s + *server.workers_s;
  std::vector<pid_t> own{getpid()};
  for (const ProcessSample& process : end.processes) own.push_back(process.pid);
  URB_ASSERT(begin.companions.size() == end.companions.size());
  for (std::size_t index = 0; index < end.companions.size(); ++index) {
    const Row::Figure used_s = use_of(begin.companions[index], end.companions[index]).total_s;
    if (!used_s) return std::nullopt;
    own_s += *used_s;
    own.push_back(end.companions[index].pid);
  }
  std::optional<HostUse> use =
      use_between(begin.books, end.books, own, own_s, scope.cpus, scope.interrupts_apart);
  if (use && scope.skips_idle) use->busy_s = use->own_s + use->others_s;
  return use;
}

void fill_figures(Row& row, const LoadResult& load, const WindowSample& begin,
                  const WindowSample& end, const std::optional<HostUse>& host) {
  URB_ASSERT(load.requests > 0);
  const double seconds = to_seconds(load.elapsed);
  const auto requests = static_cast<double>(load.requests);
  const auto body_bytes = static_cast<double>(load.body_bytes);
  row.duration_s = seconds;
  row.requests = load.requests;
  row.errors = load.errors.total() + load.missing_closes;
  row.requests_per_s = divide(requests, seconds);
  row.bytes_per_s = divide(body_bytes, seconds);
  fill_latency(row, load);
  row.verified_bytes = load.verified_bytes;
  // ab says nothing of its handshakes.
  if (!row.tls.empty() && row.tls != "off" && row.client == "builtin") {
    row.handshakes_per_s = divide(static_cast<double>(load.handshakes), seconds);
  }
  if (!load.requests_by_worker.empty()) {
    row.routing_fidelity = static_cast<double>(load.routed_right) / requests;
  }

  constexpr double kMicro = 1e6;
  constexpr double kGiga = 1e9;  // of storage, 10^9 bytes, not 2^30
  const ServerUse use = use_between(begin, end);
  const ServerWindow server = window_of(use, load, begin, end);
  const double client_s = to_seconds(end.client.total - begin.client.total);
  Row::Figure server_s = use.master_s;
  add_known(server_s, use.workers_s);
  row.cpu_us_per_request_client = divide(client_s * kMicro, requests);
  row.cpu_us_per_request_master = divide(use.master_s, server.requests / kMicro);
  row.cpu_us_per_request_workers = divide(use.workers_s, server.requests / kMicro);
  row.cpu_us_per_request_iowq = divide(use.iowq_s, server.requests / kMicro);
  row.cpu_s_per_gb_client = divide(client_s, body_bytes / kGiga);
  row.cpu_s_per_gb_server = divide(server_s, body_bytes / kGiga * server.requests / requests);

  row.context_switches_per_request = divide(use.context_switches, server.requests);
  row.bottleneck =
      find_bottleneck({.client = load.busiest_share.value_or(client_s / seconds),
                       .master = divide(use.master_thread_s, server.seconds),
                       .busiest_worker = divide(use.busiest_worker_thread_s, server.seconds),
                       .host = host ? Row::Figure{host->share(host->busy_s)} : Row::Figure{},
                       .throttled = throttled_share(begin.cpu_periods, end.cpu_periods)});
  row.enters_per_request = divide(static_cast<double>(use.counts.ring_enters), server.requests);
  row.sqes_per_request = divide(static_cast<double>(use.counts.ring_sqes), server.requests);
  row.cq_overflows = use.counts.cq_overflowed;
  row.short_splices = use.counts.short_splices;
  row.worker_imbalance = imbalance_of(use.requests_by_worker);
  if (host) fill_truth(row, *host, server.requests);
  row.missing_closes = load.missing_closes;
  // None: the server says nothing of bodies, or there were none.
  if (load.verified_requests != 0) row.verified_requests = load.verified_requests;
  fill_mechanism(row, use.counts);
  fill_placement(row, use.kernel_placed);
}

std::optional<double> sockets_per_message(const WindowSample& begin, const WindowSample& end) {
  const Counts counts = use_between(begin, end).counts;
  if (counts.handover_messages == 0) return std::nullopt;
  return static_cast<double>(counts.handover_connections) /
         static_cast<double>(counts.handover_messages);
}

std::string describe_failure(const LoadResult& load) {
  const LoadErrors& errors = load.errors;
  if (errors.total() != 0) {
    std::string causes;
    const auto add = [&causes](std::string_view cause, std::uint64_t count) {
      if (count == 0) return;
      causes += fmt::format("{}{} {}", causes.empty() ? "" : ", ", cause, count);
    };
    add("connect", errors.connect);
    add("io", errors.io);
    add("status", errors.status);
    add("framing", errors.framing);
    add("content", errors.content);
    add("timeout", errors.timeout);
    std::string text = fmt::format("{} requests failed ({})", errors.total(), causes);
    if (!load.first_error.empty()) text += ", the first: " + load.first_error;
    return text;
  }
  if (load.unfinished != 0) {
    return fmt::format("{} requests had not ended 5 s after the load had", load.unfinished);
  }
  // First the cause: who waits for closes that do not come may not get to a request.
  if (std::string give_ups = describe_give_ups(load); !give_ups.empty()) return give_ups;
  if (load.requests == 0) return "no request ended in the measured time (use a longer --duration)";
  return {};
}

std::string describe_give_ups(const LoadResult& load) {
  const double most = kMissingClosesMax * static_cast<double>(load.total_requests);
  if (static_cast<double>(load.missing_closes) <= most) return {};
  return fmt::format("missing_closes {} for {} requests: {}", load.missing_closes,
                     load.total_requests, text_of(Warning::missing_closes));
}

ServerLedger read_ledger(std::span<const ServerProcess> processes) {
  ServerLedger ledger;
  for (const ServerProcess& process : processes) {
    ledger.requests += process.counters->requests.get();
    ledger.body_bytes += process.counters->request_body_bytes.get();
  }
  return ledger;
}

std::string compare_ledgers(const LoadResult& load, const ServerLedger& server,
                            std::uint64_t slack) {
  const auto differ = [](std::string_view what, std::uint64_t client, std::uint64_t workers) {
    return fmt::format(
        "the client counted {} {}, the workers {}: one of them counts wrong, report it", client,
        what, workers);
  };
  if (server.requests < load.total_requests || server.requests - load.total_requests > slack) {
    return differ("requests", load.total_requests, server.requests);
  }
  // With slack, some of the server's bytes are of requests that nobody finished.
  if (slack == 0 && load.total_body_bytes != server.body_bytes) {
    return differ("body bytes", load.total_body_bytes, server.body_bytes);
  }
  return {};
}

}  // namespace urb
