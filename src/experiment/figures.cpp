// Differences and divisions.
#include "experiment/figures.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/assert.hpp"
#include "stats/summary.hpp"

namespace urb {
namespace {

// What the server's processes used and counted within the window.
struct ServerUse {
  Row::Figure master_s = 0.0;  // CPU seconds; unknown as soon as one process' are
  Row::Figure workers_s = 0.0;
  Row::Figure iowq_s = 0.0;
  std::uint64_t ring_enters = 0;
  std::uint64_t ring_sqes = 0;
  std::uint64_t cq_overflows = 0;
  std::uint64_t short_splices = 0;
  std::vector<std::uint64_t> requests_by_worker;
};

void add_seconds(Row::Figure& sum, const Row::Figure& seconds) {
  if (sum && seconds) {
    *sum += *seconds;
  } else {
    sum.reset();
  }
}

void add_process(ServerUse& use, const ProcessSample& begin, const ProcessSample& end) {
  Row::Figure total_s;
  Row::Figure iowq_s;
  if (begin.cpu && end.cpu) {
    total_s = to_seconds(end.cpu->total - begin.cpu->total);
    if (begin.cpu->other_threads && end.cpu->other_threads) {
      // The two parts are read one after the other: a difference may come out a hair below zero.
      iowq_s = to_seconds(std::max(Nanos{0}, *end.cpu->other_threads - *begin.cpu->other_threads));
    }
  }
  add_seconds(end.role == ProcessRole::master ? use.master_s : use.workers_s, total_s);
  add_seconds(use.iowq_s, iowq_s);
  use.ring_enters += end.ring_enters - begin.ring_enters;
  use.ring_sqes += end.ring_sqes - begin.ring_sqes;
  use.cq_overflows += end.cq_overflows - begin.cq_overflows;
  use.short_splices += end.short_splices - begin.short_splices;
  if (end.role == ProcessRole::worker) {
    use.requests_by_worker.push_back(end.requests - begin.requests);
  }
}

ServerUse use_between(const WindowSample& begin, const WindowSample& end) {
  URB_ASSERT(begin.processes.size() == end.processes.size());
  ServerUse use;
  for (std::size_t index = 0; index < end.processes.size(); ++index) {
    add_process(use, begin.processes[index], end.processes[index]);
  }
  return use;
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
  if (!amount || by <= 0) return std::nullopt;
  return *amount / by;
}

void fill_latency(Row& row, const Histogram& latency) {
  const LatencySummary summary = summarize(latency);
  row.latency_us_p50 = summary.p50_us;
  row.latency_us_p90 = summary.p90_us;
  row.latency_us_p99 = summary.p99_us;
  row.latency_us_p999 = summary.p999_us;
  row.latency_us_max = summary.max_us;
  // In the closed loop a request is planned for the moment it is sent.
  row.service_us_p50 = summary.p50_us;
  row.service_us_p99 = summary.p99_us;
  row.service_us_max = summary.max_us;
}

}  // namespace

WindowSample sample_window(std::span<const ServerProcess> processes) {
  WindowSample sample;
  sample.processes.reserve(processes.size());
  for (const ServerProcess& process : processes) {
    const Counters& counters = *process.counters;
    sample.processes.push_back({.role = process.role,
                                .cpu = sample_cpu_time(process.pid),
                                .requests = counters.requests.get(),
                                .ring_enters = counters.ring_enters.get(),
                                .ring_sqes = counters.ring_sqes.get(),
                                .cq_overflows = counters.cq_overflows.get(),
                                .short_splices = counters.short_splices.get()});
  }
  sample.client = own_cpu_time();
  return sample;
}

void fill_figures(Row& row, const LoadResult& load, const WindowSample& begin,
                  const WindowSample& end) {
  URB_ASSERT(load.requests > 0);
  const double seconds = to_seconds(load.elapsed);
  const auto requests = static_cast<double>(load.requests);
  const auto body_bytes = static_cast<double>(load.body_bytes);
  row.duration_s = seconds;
  row.requests = load.requests;
  row.errors = load.errors.total();
  row.requests_per_s = divide(requests, seconds);
  row.bytes_per_s = divide(body_bytes, seconds);
  fill_latency(row, load.latency);

  constexpr double kMicro = 1e6;
  constexpr double kGiga = 1e9;  // of storage, 10^9 bytes, not 2^30
  const ServerUse use = use_between(begin, end);
  const double client_s = to_seconds(end.client.total - begin.client.total);
  Row::Figure server_s = use.master_s;
  add_seconds(server_s, use.workers_s);
  row.cpu_us_per_request_client = divide(client_s * kMicro, requests);
  row.cpu_us_per_request_master = divide(use.master_s, requests / kMicro);
  row.cpu_us_per_request_workers = divide(use.workers_s, requests / kMicro);
  row.cpu_us_per_request_iowq = divide(use.iowq_s, requests / kMicro);
  row.cpu_s_per_gb_client = divide(client_s, body_bytes / kGiga);
  row.cpu_s_per_gb_server = divide(server_s, body_bytes / kGiga);

  row.enters_per_request = static_cast<double>(use.ring_enters) / requests;
  row.sqes_per_request = static_cast<double>(use.ring_sqes) / requests;
  row.cq_overflows = use.cq_overflows;
  row.short_splices = use.short_splices;
  row.worker_imbalance = imbalance_of(use.requests_by_worker);
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
  if (load.requests == 0) return "no request ended in the measured time (use a longer --duration)";
  return {};
}

Warnings find_trial_warnings(const Row& row, const LoadResult& load) {
  Warnings warnings;
  const double client_share =
      row.cpu_us_per_request_client.value_or(0) * row.requests_per_s.value_or(0) / 1e6;
  if (client_share >= kClientShareBusy) warnings.insert(Warning::client_busy);
  if (load.requests < kRequestsFew || load.requests < kRequestsPerConnectionFew * row.connections)
    warnings.insert(Warning::few_requests);
  if (load.latency.clipped_count() != 0) warnings.insert(Warning::latency_clipped);
  if (row.cq_overflows.value_or(0) != 0) warnings.insert(Warning::cq_overflowed);
  return warnings;
}

}  // namespace urb
