// The metrics of `compare`: one line each.
#include <algorithm>
#include <array>

#include "compare/comparison.hpp"

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

constexpr std::array kMetrics{
    Metric{"req/s", "req/s", true, "requests per second", column<&Row::requests_per_s>},
    Metric{"bytes/s", "B/s", true, "request body bytes per second", column<&Row::bytes_per_s>},
    Metric{"cpu/req", "µs", false, "server CPU per request, master and workers", server_cpu},
    Metric{"cpu/gb", "s", false, "server CPU per 10^9 bytes of bodies",
           column<&Row::cpu_s_per_gb_server>},
    Metric{"master-cpu/req", "µs", false, "the master's CPU per request",
           column<&Row::cpu_us_per_request_master>},
    Metric{"worker-cpu/req", "µs", false, "the workers' CPU per request",
           column<&Row::cpu_us_per_request_workers>},
    Metric{"client-cpu/req", "µs", false, "the client's CPU per request",
           column<&Row::cpu_us_per_request_client>},
    Metric{"cpu/client-cpu", "", false,
           "server CPU by the client's, which a slow machine slows too", server_in_client_cpu},
    Metric{"worker-cpu/client-cpu", "", false, "the workers' CPU by the client's",
           workers_in_client_cpu},
    Metric{"p50", "µs", false, "median latency", column<&Row::latency_us_p50>},
    Metric{"p90", "µs", false, "latency", column<&Row::latency_us_p90>},
    Metric{"p99", "µs", false, "latency", column<&Row::latency_us_p99>},
    Metric{"p99.9", "µs", false, "latency", column<&Row::latency_us_p999>},
    Metric{"max", "µs", false, "largest latency", column<&Row::latency_us_max>},
    Metric{"service-p50", "µs", false, "latency from the actual send",
           column<&Row::service_us_p50>},
    Metric{"service-p99", "µs", false, "latency from the actual send",
           column<&Row::service_us_p99>},
    Metric{"service-max", "µs", false, "latency from the actual send",
           column<&Row::service_us_max>},
    Metric{"instructions/req", "", false, "instructions per request, where they are counted",
           column<&Row::instructions_per_request>},
    Metric{"switches/req", "", false, "context switches of the server per request",
           column<&Row::context_switches_per_request>},
    Metric{"enters/req", "", false, "io_uring_enter calls per request",
           column<&Row::enters_per_request>},
    Metric{"sqes/req", "", false, "submissions per request", column<&Row::sqes_per_request>},
    Metric{"imbalance", "", false, "busiest worker's requests by the mean",
           column<&Row::worker_imbalance>},
};

}  // namespace

std::span<const Metric> all_metrics() noexcept { return kMetrics; }

const Metric* find_metric(std::string_view name) noexcept {
  const auto found = std::find_if(kMetrics.begin(), kMetrics.end(),
                                  [name](const Metric& metric) { return metric.name == name; });
  return found == kMetrics.end() ? nullptr : &*found;
}

}  // namespace urb
