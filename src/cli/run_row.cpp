#include "cli/run_row.hpp"

#include "cli/far_clients.hpp"
#include "cli/host_line.hpp"
#include "cli/run_id.hpp"

namespace urb {

void fill_row(Row& row, const TrialSetup& setup, const Host& host,
              const std::optional<Pinning>& pinning) {
  row.run_id = make_run_id();
  fill_host(row, host);
  row.relay = name_of(setup.server.relay);
  row.buffers = name_of(setup.server.buffers);
  row.workers = setup.server.workers;
  row.response_bytes = setup.server.response_bytes.value;
  row.seed = setup.server.seed;
  row.connections = setup.load.connections;
  row.loop = setup.load.rate ? loop_name(setup.load.arrivals) : "closed";
  if (setup.load.rate) row.rate_requested = static_cast<double>(*setup.load.rate);
  row.client = name_of(setup.client);
  row.pinning = format_pinning(pinning);
  row.link = link_here(setup.server.listen);
  row.tls = describe(setup.server.tls);
}

}  // namespace urb
