// Lists of CPUs: parsing, sharing out, applying.
#include "experiment/pinning.hpp"

#include <fmt/format.h>
#include <sched.h>

#include <algorithm>
#include <charconv>
#include <utility>

#include "base/error.hpp"

namespace urb {
namespace {

constexpr unsigned kCpuMax = CPU_SETSIZE - 1;
constexpr std::size_t kBeforeWorkers = 2;  // client and master

std::optional<unsigned> parse_cpu(std::string_view text) {
  unsigned cpu = 0;
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), cpu);
  if (parsed.ec != std::errc{} || parsed.ptr != text.data() + text.size() || cpu > kCpuMax) {
    return std::nullopt;
  }
  return cpu;
}

// "3" or "2-5", appended to `cpus`; false when it is neither.
bool append_range(std::string_view text, std::vector<unsigned>& cpus) {
  const std::size_t dash = text.find('-');
  const auto first = parse_cpu(text.substr(0, dash));
  const auto last = dash == std::string_view::npos ? first : parse_cpu(text.substr(dash + 1));
  if (!first || !last || *first > *last) return false;
  for (unsigned cpu = *first; cpu <= *last; ++cpu) cpus.push_back(cpu);
  return true;
}

std::string join(const std::vector<unsigned>& cpus) {
  std::string text;
  for (const unsigned cpu : cpus) text += fmt::format("{}{}", text.empty() ? "" : " ", cpu);
  return text;
}

Pinning share_out(unsigned client, unsigned master, const std::vector<unsigned>& for_workers,
                  unsigned workers) {
  Pinning pinning{client, {master}};
  for (unsigned index = 0; index < workers; ++index) {
    pinning.server.push_back(for_workers[index % for_workers.size()]);
  }
  return pinning;
}

}  // namespace

std::variant<PinRequest, ParseError> parse_pin(std::string_view text) {
  if (text == "none") return PinRequest{};
  if (text == "auto") return PinRequest{PinRequest::Kind::automatic, {}};
  PinRequest request{PinRequest::Kind::list, {}};
  std::size_t position = 0;
  while (true) {
    const std::string_view item = text.substr(position, text.find(',', position) - position);
    if (!append_range(item, request.cpus)) {
      return ParseError{position, "not none, auto or a list of CPUs such as 0,1,2-3"};
    }
    position += item.size();
    if (position == text.size()) break;
    ++position;
  }
  if (request.cpus.size() <= kBeforeWorkers) {
    return ParseError{0,
                      "a list names at least three CPUs: client, master, workers (0,0,1 will do)"};
  }
  return request;
}

std::optional<Pinning> plan_pinning(const PinRequest& request, unsigned workers,
                                    const std::vector<unsigned>& allowed) {
  switch (request.kind) {
    case PinRequest::Kind::none: return std::nullopt;
    case PinRequest::Kind::automatic: {
      const std::size_t last = allowed.size() - 1;
      const std::size_t workers_begin = std::min(kBeforeWorkers, last);
      return share_out(
          allowed[0], allowed[std::min<std::size_t>(1, last)],
          {allowed.begin() + static_cast<std::ptrdiff_t>(workers_begin), allowed.end()}, workers);
    }
    case PinRequest::Kind::list: break;
  }
  for (const unsigned cpu : request.cpus) {
    if (std::find(allowed.begin(), allowed.end(), cpu) != allowed.end()) continue;
    throw UsageError(fmt::format("--pin names CPU {}, this process may use {} (see taskset -p)",
                                 cpu, join(allowed)));
  }
  return share_out(request.cpus[0], request.cpus[1],
                   {request.cpus.begin() + kBeforeWorkers, request.cpus.end()}, workers);
}

std::string format_pinning(const std::optional<Pinning>& pinning) {
  if (!pinning) return "none";
  return fmt::format("{} {}", pinning->client, join(pinning->server));
}

std::vector<unsigned> allowed_cpus() {
  cpu_set_t set;
  check(sched_getaffinity(0, sizeof set, &set), "sched_getaffinity");
  std::vector<unsigned> cpus;
  for (unsigned cpu = 0; cpu <= kCpuMax; ++cpu) {
    if (CPU_ISSET(cpu, &set)) cpus.push_back(cpu);
  }
  return cpus;
}

void pin_this_process(unsigned cpu) {
  cpu_set_t set;
  CPU_ZERO(&set);
  CPU_SET(cpu, &set);
  check(sched_setaffinity(0, sizeof set, &set), "sched_setaffinity");
}

}  // namespace urb
