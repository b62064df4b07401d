// Lists of CPUs: parsing, sharing out, applying.
#include "experiment/pinning.hpp"

#include <fmt/format.h>
#include <sched.h>

#include <algorithm>
#include <charconv>
#include <map>
#include <set>
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

std::string join(const std::vector<CpuPlace>& places) {
  std::vector<unsigned> cpus;
  for (const CpuPlace& place : places) cpus.push_back(place.cpu);
  return join(cpus);
}

Pinning share_out(unsigned client, unsigned master, const std::vector<unsigned>& for_workers,
                  unsigned workers) {
  Pinning pinning{client, {master}, {}};
  for (unsigned index = 0; index < workers; ++index) {
    pinning.server.push_back(for_workers[index % for_workers.size()]);
  }
  return pinning;
}

using Core = std::vector<unsigned>;  // its CPUs, the first at least

// Cores in their order, those of the cache with the most cores first.
std::vector<Core> order_cores(const std::vector<CpuPlace>& places) {
  std::map<unsigned, std::map<unsigned, Core>> by_cache;
  for (const CpuPlace& place : places) by_cache[place.cache][place.core].push_back(place.cpu);
  std::vector<std::map<unsigned, Core>> caches;
  for (auto& [cache, cores] : by_cache) caches.push_back(std::move(cores));
  std::stable_sort(caches.begin(), caches.end(),
                   [](const auto& one, const auto& other) { return one.size() > other.size(); });
  std::vector<Core> ordered;
  for (auto& cores : caches) {
    for (auto& [core, cpus] : cores) ordered.push_back(std::move(cpus));
  }
  return ordered;
}

// The first CPU of each core, then the second of each, and so on.
std::vector<unsigned> cores_first(const std::vector<Core>& cores) {
  std::vector<unsigned> cpus;
  for (std::size_t sibling = 0;; ++sibling) {
    const std::size_t before = cpus.size();
    for (const Core& core : cores) {
      if (sibling < core.size()) cpus.push_back(core[sibling]);
    }
    if (cpus.size() == before) return cpus;
  }
}

Pinning plan_automatic(const std::vector<CpuPlace>& allowed, unsigned workers) {
  const std::vector<Core> cores = order_cores(allowed);
  const unsigned client = cores[0][0];
  if (cores.size() <= kBeforeWorkers) {
    // What the client's core, or the second one, has beside the first CPU.
    const Core& shared = cores.back();
    const std::size_t master = cores.size() == 1 && shared.size() > 1 ? 1 : 0;
    const bool has_more = shared.size() > master + 1;
    const auto begin = shared.begin() + static_cast<std::ptrdiff_t>(master + (has_more ? 1 : 0));
    return share_out(client, shared[master], {begin, shared.end()}, workers);
  }
  const Core& master = cores[1];
  Pinning pinning = share_out(client, master[0],
                              cores_first({cores.begin() + kBeforeWorkers, cores.end()}), workers);
  if (master.size() > 1) pinning.master_iowq = master[1];
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
                                    const std::vector<CpuPlace>& allowed) {
  switch (request.kind) {
    case PinRequest::Kind::none: return std::nullopt;
    case PinRequest::Kind::automatic: return plan_automatic(allowed, workers);
    case PinRequest::Kind::list: break;
  }
  for (const unsigned cpu : request.cpus) {
    const auto is_cpu = [cpu](const CpuPlace& place) { return place.cpu == cpu; };
    if (std::any_of(allowed.begin(), allowed.end(), is_cpu)) continue;
    throw UsageError(fmt::format("--pin names CPU {}, this process may use {} (see taskset -p)",
                                 cpu, join(allowed)));
  }
  return share_out(request.cpus[0], request.cpus[1],
                   {request.cpus.begin() + kBeforeWorkers, request.cpus.end()}, workers);
}

std::string format_pinning(const std::optional<Pinning>& pinning) {
  if (!pinning) return "none";
  const std::string iowq = pinning->master_iowq ? fmt::format("/{}", *pinning->master_iowq) : "";
  const std::vector<unsigned> workers(pinning->server.begin() + 1, pinning->server.end());
  return fmt::format("{} {}{} {}", pinning->client, pinning->server[0], iowq, join(workers));
}

std::string describe_pinning(const Pinning& pinning, const std::vector<CpuPlace>& allowed) {
  std::set<unsigned> cores;
  std::set<unsigned> caches;
  for (const CpuPlace& place : allowed) {
    cores.insert(place.core);
    caches.insert(place.cache);
  }
  const auto plural = [](std::size_t count, std::string_view what) {
    return fmt::format("{} {}{}", count, what, count == 1 ? "" : "s");
  };
  const std::vector<unsigned> workers(pinning.server.begin() + 1, pinning.server.end());
  return fmt::format(
      "client on CPU {}, master on {}{}, workers on {}; of {}, {}, {}", pinning.client,
      pinning.server[0],
      pinning.master_iowq ? fmt::format(" (io-wq on {})", *pinning.master_iowq) : std::string{},
      join(workers), plural(allowed.size(), "CPU"), plural(cores.size(), "core"),
      plural(caches.size(), "last-level cache"));
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
