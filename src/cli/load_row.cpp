// The figures of a trial, minus the server's.
#include "cli/load_row.hpp"

#include "cli/host_line.hpp"
#include "experiment/figures.hpp"
#include "experiment/trial.hpp"

namespace urb {

Row make_load_row(const LoadOptions& load, const LoadResult& result, Nanos client_cpu,
                  const Host& host, std::uint64_t order) {
  Row row;
  row.started_at = format_utc_now();
  fill_host(row, host);
  row.connections = load.connections;
  row.body_bytes = load.body.value;
  row.reuse = load.reuse;
  row.loop = load.rate ? "open" : "closed";
  if (load.rate) row.rate_requested = static_cast<double>(*load.rate);
  row.client = "builtin";
  row.repeat = 1;
  row.trial_order = order;
  if (result.requests == 0 || result.errors.total() != 0) {
    row.status = Status::failed;
    row.warnings = describe_failure(result);
    return row;
  }
  WindowSample begin;
  WindowSample end;
  end.client.total = client_cpu;
  fill_figures(row, result, begin, end);
  row.cpu_us_per_request_master.reset();
  row.cpu_us_per_request_workers.reset();
  row.cpu_us_per_request_iowq.reset();
  row.cpu_s_per_gb_server.reset();
  row.enters_per_request.reset();
  row.sqes_per_request.reset();
  row.context_switches_per_request.reset();
  row.cq_overflows.reset();
  row.short_splices.reset();
  // Of the server nothing is known: only that the client was full can be said.
  if (row.bottleneck != "client" && row.bottleneck != "cpu") row.bottleneck.clear();
  row.warnings = format_warnings(find_trial_warnings(row, result));
  return row;
}

}  // namespace urb
