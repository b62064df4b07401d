// Starting ab, waiting for it, reading what it says. Its files are memory: nothing is left behind.
#include "experiment/ab_client.hpp"

#include <fmt/format.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <sstream>
#include <utility>
#include <vector>

#include "base/error.hpp"
#include "experiment/figures.hpp"
#include "process/child.hpp"
#include "process/command.hpp"
#include "stats/stall_watch.hpp"

namespace urb {
namespace {

// With -t, ab takes -n as a bound, and memory for as many results: 400 MB of addresses.
constexpr std::uint64_t kRequestsMax = 10'000'000;

constexpr Nanos kTick = std::chrono::milliseconds{100};
// Beyond its time, a guess: more than the last answer of a healthy server takes.
constexpr Nanos kLate = std::chrono::milliseconds{500};

std::chrono::seconds whole_seconds(Nanos duration) {
  return std::max(std::chrono::seconds{1}, std::chrono::ceil<std::chrono::seconds>(duration));
}

std::string_view trim(std::string_view text) {
  const std::size_t begin = text.find_first_not_of(" \t");
  return begin == std::string_view::npos ? std::string_view{} : text.substr(begin);
}

template <class Number>
std::optional<Number> number_after(std::string_view text, std::string_view label) {
  const std::size_t at = text.find(label);
  if (at == std::string_view::npos) return std::nullopt;
  text = trim(text.substr(at + label.size()));
  Number value{};
  if (std::from_chars(text.data(), text.data() + text.size(), value).ec != std::errc{}) {
    return std::nullopt;
  }
  return value;
}

void write_body(const MemoryFile& file, Bytes body) {
  const std::string piece(std::min<std::uint64_t>(body.value, 1 << 20), 'x');
  for (std::uint64_t left = body.value; left != 0;) {
    const std::size_t size = std::min<std::uint64_t>(left, piece.size());
    file.write(std::string_view{piece}.substr(0, size));
    left -= size;
  }
}

std::vector<std::string> make_command(const LoadOptions& options, const MemoryFile& body,
                                      const MemoryFile& percentiles) {
  std::vector<std::string> command{
      "ab", "-q", "-c", std::to_string(options.connections), "-e", percentiles.path()};
  if (options.requests) {
    command.insert(command.end(), {"-n", std::to_string(*options.requests)});
  } else {
    command.insert(command.end(), {"-t", std::to_string(whole_seconds(options.duration).count()),
                                   "-n", std::to_string(kRequestsMax)});
  }
  if (options.reuse) command.emplace_back("-k");
  if (options.body.value != 0) {
    command.insert(command.end(), {"-p", body.path(), "-T", "application/octet-stream"});
  }
  command.push_back((options.tls ? "https://" : "http://") + format_address(options.target) +
                    options.path);
  return command;
}

Nanos children_cpu_time() {
  rusage usage{};
  getrusage(RUSAGE_CHILDREN, &usage);
  const auto nanos = [](const timeval& time) {
    return std::chrono::seconds{time.tv_sec} + std::chrono::microseconds{time.tv_usec};
  };
  return nanos(usage.ru_utime) + nanos(usage.ru_stime);
}

// SIGSTOP, Ctrl-Z or a debugger; the notice stays for the next look.
bool is_stopped(pid_t pid) noexcept {
  siginfo_t info{};
  return waitid(P_PID, static_cast<id_t>(pid), &info, WSTOPPED | WNOHANG | WNOWAIT) == 0 &&
         info.si_pid == pid;
}

}  // namespace

std::string find_ab_reason(std::string_view text) {
  std::string last;
  std::string of_library;
  std::istringstream lines{std::string{text}};
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with("ab: ")) return line;  // its usage follows
    if (line.starts_with("apr_")) of_library = line;
    if (line.find_first_not_of(" \t\r") != std::string::npos) last = line;
  }
  return of_library.empty() ? last : of_library;
}

std::variant<AbReport, ParseError> parse_ab_report(std::string_view text) {
  AbReport report;
  const auto requests = number_after<std::uint64_t>(text, "Complete requests:");
  const auto failed = number_after<std::uint64_t>(text, "Failed requests:");
  const auto seconds = number_after<double>(text, "Time taken for tests:");
  if (!requests) return ParseError{0, "ab's report has no \"Complete requests\""};
  if (!failed) return ParseError{0, "ab's report has no \"Failed requests\""};
  if (!seconds) return ParseError{0, "ab's report has no \"Time taken for tests\""};
  // It takes an answer of another length than the first for a failure; worker and pid may differ.
  const std::uint64_t by_length = number_after<std::uint64_t>(text, ", Length:").value_or(0);
  report.requests = *requests;
  report.failed = *failed - std::min(by_length, *failed);
  report.not_2xx = number_after<std::uint64_t>(text, "Non-2xx responses:").value_or(0);
  report.elapsed = std::chrono::duration_cast<Nanos>(std::chrono::duration<double>{*seconds});
  return report;
}

AbLatency parse_ab_percentiles(std::string_view csv) {
  AbLatency latency;
  constexpr double kMicrosPerMilli = 1000;
  while (!csv.empty()) {
    const std::string_view line = csv.substr(0, csv.find('\n'));
    csv.remove_prefix(std::min(csv.size(), line.size() + 1));
    unsigned percent = 0;
    double ms = 0;
    const auto [comma, error] = std::from_chars(line.data(), line.data() + line.size(), percent);
    if (error != std::errc{} || comma == line.data() + line.size() || *comma != ',') continue;
    if (std::from_chars(comma + 1, line.data() + line.size(), ms).ec != std::errc{}) continue;
    if (percent == 50) latency.p50_us = ms * kMicrosPerMilli;
    if (percent == 90) latency.p90_us = ms * kMicrosPerMilli;
    if (percent == 99) latency.p99_us = ms * kMicrosPerMilli;
    if (percent == 100) latency.max_us = ms * kMicrosPerMilli;
  }
  // For 50 requests or fewer, ab 2.3 reads p99 from behind the end of its results.
  if (latency.p99_us && latency.max_us && *latency.p99_us > *latency.max_us) latency.p99_us.reset();
  return latency;
}

AbResult run_ab(const LoadOptions& options, const std::function<bool()>& on_tick) {
  const MemoryFile body{"body"};
  const MemoryFile percentiles{"percentiles"};
  const MemoryFile output{"output"};
  write_body(body, options.body);
  const std::vector<std::string> command = make_command(options, body, percentiles);

  AbResult result;
  const Nanos cpu_before = children_cpu_time();
  Child ab{"ab", SIGKILL, [&] { return exec_program(command, output.fd(), output.fd()); }};
  std::optional<int> status;
  StallWatch stall_watch;
  stall_watch.begin();
  Nanos stopped{0};
  while (true) {
    // What stops this process mostly stops ab as well: both are one job, or in one container.
    const Nanos due = monotonic_now() + kTick;
    status = ab.wait(due);
    stall_watch.note(due, monotonic_now());
    if (status) break;
    if (is_stopped(ab.pid())) stopped += kTick;
    if (on_tick()) continue;
    ab.signal(SIGKILL);
    result.interrupted = true;
  }
  result.cpu.total = children_cpu_time() - cpu_before;
  result.stalled = stall_watch.total() + stopped;
  if (*status == kNotFound) {
    throw Unsupported(
        "ab is not installed: install apache2-utils (httpd-tools), or leave out --client ab");
  }
  const std::string text = output.read();
  if (*status != 0) {
    result.problem = fmt::format("ab ended with status {}: {}", *status, find_ab_reason(text));
    return result;
  }
  const auto parsed = parse_ab_report(text);
  if (const auto* const error = std::get_if<ParseError>(&parsed)) {
    result.problem = error->message;
    return result;
  }
  result.report = std::get<AbReport>(parsed);
  result.latency = parse_ab_percentiles(percentiles.read());
  // Its timer ends it at the latest with the next answer.
  if (!options.requests && result.report.elapsed - whole_seconds(options.duration) > kLate) {
    result.stalled =
        std::max(result.stalled, result.report.elapsed - whole_seconds(options.duration));
  }
  return result;
}

AbLoad run_ab_load(const LoadOptions& options, const LoadHooks& hooks,
                   const std::atomic<bool>& stop) {
  AbLoad load;
  if (options.warmup != Nanos{0}) {
    LoadOptions warmup = options;
    warmup.duration = std::exchange(warmup.warmup, Nanos{0});
    warmup.requests.reset();
    load.result = run_load(
        warmup, {.on_window_begin = {}, .on_window_end = {}, .on_progress = hooks.on_progress},
        stop);
    if (load.result.interrupted) return load;
    // ab itself would wait for those closes, and after 30 s only say that it has given up.
    load.problem = describe_give_ups(load.result);
    if (!load.problem.empty()) return load;
  }
  if (hooks.on_window_begin) hooks.on_window_begin();
  const Nanos begin = monotonic_now();
  const AbResult ab = run_ab(options, [&] {
    const bool goes_on = !hooks.on_progress || hooks.on_progress(monotonic_now() - begin, 0);
    return goes_on && !stop.load();
  });
  if (hooks.on_window_end) hooks.on_window_end();
  LoadResult& result = load.result;
  result.interrupted = ab.interrupted;
  result.latency.reset();
  result.requests = ab.report.requests;
  result.body_bytes = ab.report.requests * options.body.value;
  result.elapsed = ab.report.elapsed;
  result.stalled = ab.stalled;
  result.errors.io += ab.report.failed;
  result.errors.status += ab.report.not_2xx;
  // It opens one for each request without -k, and else one for each of -c.
  result.connections += options.reuse ? options.connections : result.requests;
  result.total_requests += result.requests;
  result.total_body_bytes += result.body_bytes;
  load.latency = ab.latency;
  load.cpu = ab.cpu;
  load.problem = ab.problem;
  return load;
}

void fill_ab_latency(Row& row, const AbLatency& latency) {
  row.clear(RowSection::latency);
  row.latency_us_p50 = latency.p50_us;
  row.latency_us_p90 = latency.p90_us;
  row.latency_us_p99 = latency.p99_us;
  row.latency_us_max = latency.max_us;
}

}  // namespace urb
