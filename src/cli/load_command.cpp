// `load`: the client alone, one line of results for each body and reuse.
#include <fmt/format.h>

#include <utility>
#include <variant>

#include "base/error.hpp"
#include "cli/commands.hpp"
#include "cli/host_line.hpp"
#include "cli/json_output.hpp"
#include "cli/load_row.hpp"
#include "cli/run_id.hpp"
#include "cli/signals.hpp"
#include "cli/url.hpp"
#include "cli/version.hpp"
#include "load/generator.hpp"
#include "report/console.hpp"
#include "report/markdown.hpp"
#include "report/warnings.hpp"
#include "stats/summary.hpp"
#include "stats/usage.hpp"

namespace urb {
namespace {

struct Measured {
  LoadResult result;
  Nanos client_cpu{0};  ///< within the measured time
};

Measured measure(const LoadOptions& load, const std::string& label, bool quiet,
                 const std::atomic<bool>& stop) {
  CpuTime begin;
  CpuTime end;
  ProgressLine line{!quiet};
  LoadHooks hooks;
  hooks.on_window_begin = [&] { begin = own_cpu_time(); };
  hooks.on_window_end = [&] { end = own_cpu_time(); };
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
  LoadResult result = run_load(load, hooks, stop);
  return {std::move(result), end.total - begin.total};
}

void add_line(MarkdownTable& table, const LoadOptions& load, const Measured& measured) {
  const LoadResult& result = measured.result;
  const double seconds = to_seconds(result.elapsed);
  const auto requests = static_cast<double>(result.requests);
  const auto body_bytes = static_cast<double>(result.body_bytes);
  const LatencySummary latency = summarize(result.latency);
  const auto by = [](double amount, double divisor) {
    return format_short(divisor > 0 ? Row::Figure{amount / divisor} : Row::Figure{});
  };
  const auto latency_field = [&](double us) {
    return format_short(result.requests > 0 ? Row::Figure{us} : Row::Figure{});
  };
  const double cpu_s = to_seconds(measured.client_cpu);
  table.add({format_body(load.body), load.reuse ? "yes" : "no", fmt::format("{}", result.requests),
             fmt::format("{}", result.errors.total()), by(requests, seconds),
             body_bytes > 0 ? by(body_bytes / 1e9, seconds) : "–", latency_field(latency.p50_us),
             latency_field(latency.p99_us), latency_field(latency.p999_us),
             latency_field(latency.max_us), by(cpu_s * 1e6, requests),
             by(cpu_s, body_bytes / 1e9)});
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
    throw UsageError(fmt::format("{}: {}", options.url, error->message));
  }
  return std::get<Url>(std::move(parsed));
}

}  // namespace

int run_load_only(const Options& options) {
  LoadOptions load = make_load_options(options, url_of(options));
  const std::atomic<bool>& stop = stop_on_signal();
  MarkdownTable table{{"Body", "Reuse", "requests", "errors", "req/s", "GB/s", "p50 µs", "p99 µs",
                       "p99.9 µs", "max µs", "client µs/req", "client s/GB"},
                      2};
  MarkdownTable open_table{
      {"Body", "Reuse", "requested req/s", "achieved req/s", "missed", "unsent", "sent p50 µs",
       "sent p99 µs", "sent p99.9 µs", "sent max µs", "late p99 µs"},
      2};
  bool is_rate_missed = false;
  const Host host = probe_host();
  const std::string run_id = make_run_id();
  JsonOutput json{options,
                  {.command = "load",
                   .run_id = run_id,
                   .tool = kVersion,
                   .arguments = options.arguments,
                   .host = host,
                   .build = running_build()}};
  std::uint64_t trial_count = 0;
  std::uint64_t error_count = 0;
  std::uint64_t unfinished_count = 0;
  std::string first_error;
  for (const Bytes body : options.bodies) {
    for (const bool reuse : options.reuses) {
      if (stop.load()) break;
      load.body = body;
      load.reuse = reuse;
      const std::string label =
          fmt::format("{} {}", format_body(body), reuse ? "reuse" : "no reuse");
      const Measured measured = measure(load, label, options.quiet, stop);
      add_line(table, load, measured);
      if (load.rate) {
        add_open_line(open_table, load, measured.result);
        is_rate_missed =
            is_rate_missed || misses_rate(measured.result.requests, static_cast<double>(*load.rate),
                                          to_seconds(measured.result.elapsed));
      }
      Row row = make_load_row(load, measured.result, measured.client_cpu, host, ++trial_count);
      row.run_id = run_id;
      json.keep(row, measured.result.latency, measured.result.service);
      error_count += measured.result.errors.total();
      if (!measured.result.interrupted) unfinished_count += measured.result.unfinished;
      if (first_error.empty()) first_error = measured.result.first_error;
    }
  }
  std::FILE* const stream = options.json == "-" ? stderr : stdout;
  fmt::print(stream, "{}", table.render());
  if (!open_table.is_empty()) {
    fmt::print(stream,
               "\nThe latencies above are from the planned time, these from the send; late is the "
               "client's own part of the former:\n\n{}",
               open_table.render());
  }
  std::fflush(stream);
  json.write(options.bodies.size() * options.reuses.size(), stop.load());
  if (is_rate_missed) print_error(fmt::format("warning: {}", text_of(Warning::rate_not_reached)));
  if (error_count != 0)
    print_error(fmt::format("{} requests failed: {}", error_count, first_error));
  if (unfinished_count != 0)
    print_error(fmt::format("{} requests had not ended 5 s after the load had", unfinished_count));
  if (stop.load()) print_error("interrupted");
  return error_count == 0 && unfinished_count == 0 && !stop.load() ? kExitOk : kExitFailed;
}

}  // namespace urb
