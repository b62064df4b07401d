// `load`: the client alone, one line of results for each body and reuse.
#include "cli/load_command.hpp"

#include <fmt/format.h>

#include <utility>
#include <variant>

#include "base/error.hpp"
#include "cli/command.hpp"
#include "cli/flag_groups.hpp"
#include "cli/foreign_server.hpp"
#include "cli/host_line.hpp"
#include "cli/json_output.hpp"
#include "cli/load_row.hpp"
#include "cli/messages.hpp"
#include "cli/redaction.hpp"
#include "cli/run_id.hpp"
#include "cli/signals.hpp"
#include "cli/url.hpp"
#include "cli/version.hpp"
#include "experiment/ab_client.hpp"
#include "experiment/figures.hpp"
#include "load/generator.hpp"
#include "probe/loopback.hpp"
#include "report/markdown.hpp"
#include "stats/summary.hpp"
#include "stats/usage.hpp"

namespace urb {
namespace {

LoadMeasurement measure(const LoadOptions& load, const LoadCommandOptions& options,
                        ForeignServer& server, const std::string& label,
                        const std::atomic<bool>& stop) {
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

Row::Figure sum(const Row::Figure& left, const Row::Figure& right) {
  return left && right ? Row::Figure{*left + *right} : left;
}

void add_line(MarkdownTable& table, const LoadResult& result, const Row& row, bool has_server) {
  const auto gb_per_s = row.bytes_per_s.value_or(0) / 1e9;
  std::vector<std::string> fields{format_body({row.body_bytes}),
                                  row.reuse ? "yes" : "no",
                                  fmt::format("{}", result.requests),
                                  fmt::format("{}", result.errors.total() + result.missing_closes),
                                  format_short(row.requests_per_s),
                                  gb_per_s > 0 ? format_short(gb_per_s) : "–"};
  for (const Row::Figure& figure :
       {row.latency_us_p50, row.latency_us_p99, row.latency_us_p999, row.latency_us_max,
        row.cpu_us_per_request_client, row.cpu_s_per_gb_client}) {
    fields.push_back(format_short(figure));
  }
  if (has_server) {
    fields.push_back(
        format_short(sum(row.cpu_us_per_request_master, row.cpu_us_per_request_workers)));
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

Url url_of(const LoadCommandOptions& options) {
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

// The tables of the results so far.
class LoadTables {
 public:
  explicit LoadTables(bool has_server) : has_server_{has_server}, table_{titles(has_server), 2} {}

  void add(const LoadOptions& load, const LoadResult& result, const Row& row) {
    add_line(table_, result, row, has_server_);
    if (load.rate) add_open_line(open_table_, load, result);
  }
  [[nodiscard]] std::string render() const {
    if (open_table_.is_empty()) return table_.render();
    return fmt::format(
        "{}\nThe latencies above are from the planned time, these from the send; late is the "
        "client's own part of the former:\n\n{}",
        table_.render(), open_table_.render());
  }

 private:
  static std::vector<std::string> titles(bool has_server) {
    std::vector<std::string> titles{"Body",     "Reuse",  "requests",      "errors",
                                    "req/s",    "GB/s",   "p50 µs",        "p99 µs",
                                    "p99.9 µs", "max µs", "client µs/req", "client s/GB"};
    if (has_server) titles.insert(titles.end(), {"server µs/req", "server s/GB"});
    return titles;
  }

  bool has_server_;
  MarkdownTable table_;
  MarkdownTable open_table_{
      {"Body", "Reuse", "requested req/s", "achieved req/s", "missed", "unsent", "sent p50 µs",
       "sent p99 µs", "sent p99.9 µs", "sent max µs", "late p99 µs"},
      2};
};

// What has become of the measurements so far.
struct LoadOutcome {
  std::uint64_t count = 0;
  std::uint64_t failed = 0;
  std::uint64_t unfinished = 0;  // requests of those that have figures
  std::string first_failure;

  void add(const std::string& label, const Row& row, const LoadResult& result) {
    if (row.status == Status::ok) {
      unfinished += result.unfinished;
    } else if (failed++ == 0) {
      first_failure = fmt::format("{}: {}", label, row.warnings);
    }
  }
  [[nodiscard]] int report(bool interrupted) const {
    if (interrupted) {
      print_error("interrupted");
    } else if (failed != 0) {
      print_error(
          fmt::format("{} of {} measurements have no figures, {}", failed, count, first_failure));
    } else if (unfinished != 0) {
      print_error(fmt::format("{} requests had not ended 5 s after the load had", unfinished));
    }
    return failed == 0 && unfinished == 0 && !interrupted ? kExitOk : kExitFailed;
  }
};

int run_load_command(const LoadCommandOptions& typed) {
  LoadCommandOptions options = typed;
  settle_outputs(nullptr, options.json);
  require_client(options.client, options.load);
  LoadOptions& load = options.load;
  Url url = url_of(options);
  load.target = url.address;
  load.host = std::move(url.host);
  load.path = std::move(url.path);
  ForeignServer server{options.server_pids};  // refused before anything is sent
  const std::atomic<bool>& stop = stop_on_signal();
  const Host host = probe_host();
  const std::string run_id = make_run_id();
  JsonOutput json{options.json,
                  {.command = "load",
                   .run_id = run_id,
                   .tool = kVersion,
                   .arguments = redact(options.arguments, load.headers),
                   .host = host,
                   .build = running_build()}};
  LoadTables tables{!options.server_pids.empty()};
  LoadOutcome outcome;
  Warnings warnings;
  const std::vector<CellSpec> cells = make_cells(options.grid);
  for (const CellSpec& cell : cells) {
    if (stop.load()) break;
    load.body = cell.body;
    load.reuse = cell.reuse;
    const std::string label =
        fmt::format("{} {}", format_body(cell.body), cell.reuse ? "reuse" : "no reuse");
    const LoadMeasurement measured = measure(load, options, server, label, stop);
    LoadRow made = make_load_row(load, measured, host, ++outcome.count);
    made.row.run_id = run_id;
    warnings.merge(made.warnings);
    tables.add(load, measured.result, made.row);
    json.keep(made.row, measured.result.latency, measured.result.service);
    outcome.add(label, made.row, measured.result);
  }
  std::FILE* const stream = options.json == "-" ? stderr : stdout;
  write_text(stream, tables.render());
  flush_text(stream);
  json.write(cells.size(), stop.load(), {});
  print_warnings(warnings);
  return outcome.report(stop.load());
}

}  // namespace

void declare_load_command(Flags& flags, LoadCommandOptions& options) {
  // The kernel's PID_MAX_LIMIT. The clock of a much larger one is another process's: the number is
  // shifted into a clockid_t without a check (clock_getcpuclockid, glibc 2.36).
  constexpr int kPidMax = 1 << 22;
  options.arguments = flags.arguments();
  options.grid.subjects = {{"load"}};
  flags
      .operand("URL", options.url,
               "http://HOST:PORT/PATH, HOST is numeric or localhost; or unix:PATH")
      .required();
  declare_load(flags, options.load, options.grid, options.client,
               std::to_string(options.load.connections),
               "checksum every request; only uring-bench's own server knows how");
  flags.text("-H,--header", options.load.headers, "LINE",
             "a further header, 'Name: value'; repeatable");
  flags.group("The server");
  flags
      .number("--server-pid", options.server_pids, std::pair{1, kPidMax},
              "the server's processes, whose CPU time is then measured too: these as its master, "
              "those that they started as its workers")
      .comma_list()
      .type_name("PID,…");
  flags.group("The output");
  declare_json(flags, options.json, "file for rows, histograms and context; - is stdout");
  declare_quiet(flags, options.quiet);
}

extern const Command command_load;
const Command command_load{
    .name = "load",
    .summary = "Runs only the client, against any HTTP/1.1 server",
    .examples =
        "  uring-bench load http://127.0.0.1:8080/ --body 0 --reuse yes -d 5s\n"
        "  uring-bench load http://127.0.0.1:8080/ -b 4K -c 64 --rate 20000 --json -\n"
        "  uring-bench load http://127.0.0.1/ --server-pid \"$(pgrep -o nginx)\"\n",
    .declare = [](Flags& flags) {
      return make_action(flags, declare_load_command, run_load_command);
    }};

}  // namespace urb
