// The metrics: one line each.
#include "report/metrics.hpp"

#include <algorithm>
#include <array>

namespace urb {
namespace {

template <Row::Figure Row::*kColumn>
Row::Figure column(const Row& row) {
  return row.*kColumn;
}

// What a request costs the server, wherever in it.
Row::Figure server_cpu(const Row& row) {
  if (!row.cpu_us_per_request_master || !row.cpu_us_per_request_workers) return std::nullopt;
  return *row.cpu_us_per_request_master + *row.cpu_us_per_request_workers;
}

Row::Figure total_cpu(const Row& row) {
  const Row::Figure server = server_cpu(row);
  if (!server || !row.cpu_us_per_request_client) return std::nullopt;
  return *server + *row.cpu_us_per_request_client;
}

// The client does the same for a request on both sides and in the same moment: what slows the whole
// machine is in both and cancels out, above all where all processes share one CPU (docs/method.md).
Row::Figure in_client_cpu(Row::Figure cpu_us, const Row& row) {
  if (!cpu_us || row.cpu_us_per_request_client.value_or(0) <= 0) return std::nullopt;
  return *cpu_us / *row.cpu_us_per_request_client;
}

Row::Figure server_in_client_cpu(const Row& row) { return in_client_cpu(server_cpu(row), row); }

Row::Figure workers_in_client_cpu(const Row& row) {
  return in_client_cpu(row.cpu_us_per_request_workers, row);
}

Row::Figure short_splices(const Row& row) {
  if (!row.short_splices || row.requests.value_or(0) == 0) return std::nullopt;
  return static_cast<double>(*row.short_splices) / static_cast<double>(*row.requests);
}

constexpr bool kMore = true;
constexpr bool kLess = false;
constexpr bool kTime = false;
constexpr bool kCount = true;

#define URB_METRIC(field, name, unit, better, kind, meaning) \
  Metric { #field, name, unit, better, kind, meaning, column < &Row::field> }

constexpr std::array kMetrics{
    URB_METRIC(requests_per_s, "req/s", "req/s", kMore, kTime, "requests per second"),
    URB_METRIC(bytes_per_s, "bytes/s", "B/s", kMore, kTime, "request body bytes per second"),
    Metric{"cpu_us_per_request_server", "cpu/req", "µs", kLess, kTime,
           "server CPU per request, master and workers", server_cpu},
    Metric{"cpu_us_per_request_total", "total-cpu/req", "µs", kLess, kTime,
           "CPU per request, client and server", total_cpu},
    URB_METRIC(host_cpu_us_per_request, "host-cpu/req", "µs", kLess, kTime,
               "CPU per request of all that the host was busy with"),
    URB_METRIC(cpu_s_per_gb_server, "cpu/gb", "s", kLess, kTime,
               "server CPU per 10^9 bytes of bodies"),
    URB_METRIC(cpu_s_per_gb_client, "client-cpu/gb", "s", kLess, kTime,
               "client CPU per 10^9 bytes of bodies"),
    URB_METRIC(cpu_us_per_request_master, "master-cpu/req", "µs", kLess, kTime,
               "the master's CPU per request"),
    URB_METRIC(cpu_us_per_request_workers, "worker-cpu/req", "µs", kLess, kTime,
               "the workers' CPU per request"),
    URB_METRIC(cpu_us_per_request_client, "client-cpu/req", "µs", kLess, kTime,
               "the client's CPU per request"),
    URB_METRIC(cpu_us_per_request_iowq, "iowq-cpu/req", "µs", kLess, kTime,
               "CPU of io-wq threads per request"),
    Metric{"cpu_server_by_client", "cpu/client-cpu", "", kLess, kTime,
           "server CPU by the client's, which a slow machine slows too", server_in_client_cpu},
    Metric{"cpu_workers_by_client", "worker-cpu/client-cpu", "", kLess, kTime,
           "the workers' CPU by the client's", workers_in_client_cpu},
    URB_METRIC(latency_us_p50, "p50", "µs", kLess, kTime, "median latency"),
    URB_METRIC(latency_us_p90, "p90", "µs", kLess, kTime, "90th percentile of latency"),
    URB_METRIC(latency_us_p99, "p99", "µs", kLess, kTime, "99th percentile of latency"),
    URB_METRIC(latency_us_p999, "p99.9", "µs", kLess, kTime, "99.9th percentile of latency"),
    URB_METRIC(latency_us_max, "max", "µs", kLess, kTime, "largest latency"),
    URB_METRIC(small_latency_us_p50, "small-p50", "µs", kLess, kTime,
               "median latency of a mix's smallest bodies"),
    URB_METRIC(small_latency_us_p99, "small-p99", "µs", kLess, kTime,
               "99th percentile of latency of a mix's smallest bodies"),
    URB_METRIC(small_latency_us_p999, "small-p99.9", "µs", kLess, kTime,
               "99.9th percentile of latency of a mix's smallest bodies"),
    URB_METRIC(service_us_p50, "service-p50", "µs", kLess, kTime,
               "median latency from the actual send"),
    URB_METRIC(service_us_p99, "service-p99", "µs", kLess, kTime,
               "99th percentile of latency from the actual send"),
    URB_METRIC(service_us_max, "service-max", "µs", kLess, kTime,
               "largest latency from the actual send"),
    URB_METRIC(instructions_per_request, "instructions/req", "", kLess, kCount,
               "instructions per request, where they are counted"),
    URB_METRIC(context_switches_per_request, "switches/req", "", kLess, kCount,
               "context switches of the server per request"),
    URB_METRIC(enters_per_request, "enters/req", "", kLess, kCount,
               "io_uring_enter calls per request"),
    URB_METRIC(sqes_per_request, "sqes/req", "", kLess, kCount, "submissions per request"),
    Metric{"short_splices_per_request", "short-splices/req", "", kLess, kCount,
           "splices per request that moved less than asked", short_splices},
    URB_METRIC(worker_imbalance, "imbalance", "", kLess, kCount,
               "busiest worker's requests by the mean"),
    URB_METRIC(routing_fidelity, "routing", "", kMore, kCount,
               "share of requests that the worker of their key served"),
};

#undef URB_METRIC

}  // namespace

std::span<const Metric> all_metrics() noexcept { return kMetrics; }

const Metric* find_metric(std::string_view name) noexcept {
  const auto found = std::find_if(kMetrics.begin(), kMetrics.end(),
                                  [name](const Metric& metric) { return metric.name == name; });
  return found == kMetrics.end() ? nullptr : &*found;
}

const Metric* find_metric_of_column(std::string_view column) noexcept {
  const auto found = std::find_if(kMetrics.begin(), kMetrics.end(), [column](const Metric& metric) {
    return metric.column == column;
  });
  return found == kMetrics.end() ? nullptr : &*found;
}

}  // namespace urb
