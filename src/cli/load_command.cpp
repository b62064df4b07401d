// `load`: the client alone, one line of results for each body and reuse.
#include <fmt/format.h>

#include <array>
#include <utility>
#include <variant>
#include <vector>

#include "base/error.hpp"
#include "cli/commands.hpp"
#include "cli/foreign_server.hpp"
#include "cli/host_line.hpp"
#include "cli/json_output.hpp"
#include "cli/load_row.hpp"
#include "cli/redaction.hpp"
#include "cli/run_id.hpp"
#include "cli/signals.hpp"
#include "cli/url.hpp"
#include "cli/version.hpp"
#include "experiment/ab_client.hpp"
#include "experiment/figures.hpp"
#include "load/generator.hpp"
#include "probe/loopback.hpp"
#include "report/console.hpp"
#include "report/markdown.hpp"
#include "row/warnings.hpp"
#include "stats/summary.hpp"
#include "stats/usage.hpp"

namespace urb {
namespace {

LoadMeasurement measure(const LoadOptions& load, const Options& options, ForeignServer& server,
                        const std::string& label, const std::atomic<bool>& stop) {
  LoadMeasurement measured;
  ProgressLine line{!options.quiet};
  LoadHooks hooks;
  hooks.on_window_begin = [&] { measured.begin = server.begin_window(); };
  hooks.on_window_end = [&] {
    measured.end = server.end_window();
    measured.warnings = server.warnings();
  };
  hooks.on_progress = [&](Nanos elapsed, std::uint64_t requests) {
    Progress progress;
    progress.total = 1;
    progress.label = label;
    progress.requests_per_s = static_cast<double>(requests) / to_seconds(elapsed);
    if (!load.requests)
      progress.remaining = std::max(Nanos{0}, load.warmup + load.duration - elapsed);
    line.show(progress);
    return true;
  };
  if (options.client != ClientKind::ab) {
    measured.result = run_load(load, hooks, stop);
    return measured;
  }
  AbLoad ab = run_ab_load(load, hooks, stop);
  measured.result = std::move(ab.result);
  measured.ab = ab.latency;
  measured.problem = std::move(ab.problem);
  measured.end.client.total = measured.begin.client.total + ab.cpu.total;
  return measured;
}

// ab has percentiles of its own, and no p99.9.
std::array<Row::Figure, 4> latencies_of(const LoadMeasurement& measured) {
  if (measured.ab) {
    return {measured.ab->p50_us, measured.ab->p99_us, std::nullopt, measured.ab->max_us};
  }
  if (measured.result.requests == 0) return {};
  const LatencySummary latency = summarize(measured.result.latency);
  return {latency.p50_us, latency.p99_us, latency.p999_us, latency.max_us};
}

void add_line(MarkdownTable& table, const LoadOptions& load, const LoadMeasurement& measured,
              const Row& row) {
  const LoadResult& result = measured.result;
  const double seconds = to_seconds(result.elapsed);
  const auto requests = static_cast<double>(result.requests);
  const auto body_bytes = static_cast<double>(result.body_bytes);
  const auto by = [](double amount, double divisor) {
    return format_short(divisor > 0 ? Row::Figure{amount / divisor} : Row::Figure{});
  };
  const double cpu_s = to_seconds(measured.client_cpu());
  std::vector<std::string> fields{format_body(load.body),
                                  load.reuse ? "yes" : "no",
                                  fmt::format("{}", result.requests),
                                  fmt::format("{}", result.errors.total() + result.missing_closes),
                                  by(requests, seconds),
                                  body_bytes > 0 ? by(body_bytes / 1e9, seconds) : "–"};
  for (const Row::Figure& latency : latencies_of(measured)) fields.push_back(format_short(latency));
  fields.push_back(by(cpu_s * 1e6, requests));
  fields.push_back(by(cpu_s, body_bytes / 1e9));
  if (!measured.begin.processes.empty()) {
    Row::Figure server_us = row.cpu_us_per_request_master;
    if (server_us && row.cpu_us_per_request_workers) *server_us += *row.cpu_us_per_request_workers;
    fields.push_back(format_short(server_us));
    fields.push_back(format_short(row.cpu_s_per_gb_server));
  }
  table.add(fields);
}

// The same latencies from the send, and what of the plan was not kept.
void add_open_line(MarkdownTable& table, const LoadOptions& load, const LoadResult& result) {
  const LatencySummary service = summarize(result.service);
  const double seconds = to_seconds(result.elapsed);
  const auto requests = static_cast<double>(result.requests);
  const auto latency_field = [&](double us) {
    return format_short(result.requests > 0 ? Row::Figure{us} : Row::Figure{});
  };
  table.add({format_body(load.body), load.reuse ? "yes" : "no", fmt::format("{}", *load.rate),
             format_short(seconds > 0 ? Row::Figure{requests / seconds} : Row::Figure{}),
             fmt::format("{}", result.missed), fmt::format("{}", result.unsent),
             latency_field(service.p50_us), latency_field(service.p99_us),
             latency_field(service.p999_us), latency_field(service.max_us),
             latency_field(summarize(result.lateness).p99_us)});
}

LoadOptions make_load_options(const Options& options, const Url& url) {
  LoadOptions load;
  load.target = url.address;
  load.host = url.host;
  load.path = url.path;
  load.headers = options.headers;
  load.connections = options.connection_count();
  load.warmup = options.warmup;
  load.duration = options.duration;
  load.requests = options.requests;
  load.rate = options.rate;
  load.verify = options.verify ? Verify::all : Verify::none;
  return load;
}

Url url_of(const Options& options) {
  auto parsed = parse_url(options.url);
  if (const auto* const error = std::get_if<ParseError>(&parsed)) {
    throw UsageError(fmt::format("{}: {}", hide_user(options.url), error->message));
  }
  Url url = std::get<Url>(std::move(parsed));
  if (options.client == ClientKind::ab && url.address.is_unix()) {
    throw UsageError("--client ab knows no Unix sockets; leave it out");
  }
  if (const std::string down = url.address.is_loopback() ? find_loopback_down() : "";
      !down.empty()) {
    throw Unsupported(down);
  }
  const Address found = find_server_address(url);
  if (found.family() != url.address.family()) {
    print_error(fmt::format("localhost is {} here: nothing listens on {}", format_address(found),
                            format_address(url.address)));
    url.address = found;
  }
  return url;
}

}  // namespace

int run_load_only(const Options& options) {
  require_client(options);
  LoadOptions load = make_load_options(options, url_of(options));
  ForeignServer server{options.server_pids};  // refused before anything is sent
  const std::atomic<bool>& stop = stop_on_signal();
  std::vector<std::string> titles{"Body",     "Reuse",  "requests",      "errors",
                                  "req/s",    "GB/s",   "p50 µs",        "p99 µs",
                                  "p99.9 µs", "max µs", "client µs/req", "client s/GB"};
  if (!options.server_pids.empty()) titles.insert(titles.end(), {"server µs/req", "server s/GB"});
  MarkdownTable table{titles, 2};
  MarkdownTable open_table{
      {"Body", "Reuse", "requested req/s", "achieved req/s", "missed", "unsent", "sent p50 µs",
       "sent p99 µs", "sent p99.9 µs", "sent max µs", "late p99 µs"},
      2};
  Warnings warnings;
  const Host host = probe_host();
  const std::string run_id = make_run_id();
  JsonOutput json{options,
                  {.command = "load",
                   .run_id = run_id,
                   .tool = kVersion,
                   .arguments = redact(options.arguments, options.headers),
                   .host = host,
                   .build = running_build()}};
  std::uint64_t trial_count = 0;
  std::uint64_t failed_count = 0;
  std::uint64_t unfinished_count = 0;
  std::string first_failure;
  for (const Bytes body : options.bodies) {
    for (const bool reuse : options.reuses) {
      if (stop.load()) break;
      load.body = body;
      load.reuse = reuse;
      const std::string label =
          fmt::format("{} {}", format_body(body), reuse ? "reuse" : "no reuse");
      const LoadMeasurement measured = measure(load, options, server, label, stop);
      LoadRow made = make_load_row(load, measured, host, ++trial_count);
      Row& row = made.row;
      warnings.merge(made.warnings);
      add_line(table, load, measured, row);
      if (load.rate) add_open_line(open_table, load, measured.result);
      row.run_id = run_id;
      json.keep(row, measured.result.latency, measured.result.service);
      if (row.status == Status::ok) {
        unfinished_count += measured.result.unfinished;
      } else if (failed_count++ == 0) {
        first_failure = fmt::format("{}: {}", label, row.warnings);
      }
    }
  }
  std::FILE* const stream = options.json == "-" ? stderr : stdout;
  write_text(stream, table.render());
  if (!open_table.is_empty()) {
    write_text(
        stream,
        fmt::format(
            "\nThe latencies above are from the planned time, these from the send; late is the "
            "client's own part of the former:\n\n{}",
            open_table.render()));
  }
  flush_text(stream);
  json.write(options.bodies.size() * options.reuses.size(), stop.load());
  for (const Warning warning : warnings) {
    print_error(fmt::format("warning: {}", text_of(warning)));
  }
  if (stop.load()) {
    print_error("interrupted");
  } else if (failed_count != 0) {
    print_error(fmt::format("{} of {} measurements have no figures, {}", failed_count, trial_count,
                            first_failure));
  } else if (unfinished_count != 0) {
    print_error(fmt::format("{} requests had not ended 5 s after the load had", unfinished_count));
  }
  return failed_count == 0 && unfinished_count == 0 && !stop.load() ? kExitOk : kExitFailed;
}

}  // namespace urb
