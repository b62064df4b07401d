// Command lines.
#include "sweep/guest_plan.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <string_view>
#include <utility>

#include "mode/mode_looks.hpp"

namespace urb {
namespace {

using Arguments = std::vector<std::string>;

// Whether one of an option's spellings is there: "--body", "--body=1M", "-b", "-b1M".
bool has_option(const Arguments& arguments, std::string_view short_name,
                std::string_view long_name) {
  return std::any_of(arguments.begin(), arguments.end(), [&](const std::string& argument) {
    const std::string_view name = std::string_view{argument}.substr(0, argument.find('='));
    const bool is_short = !short_name.empty() && argument.starts_with(short_name);
    return name == long_name || (is_short && !argument.starts_with("--"));
  });
}

// Every row of one boot is another cell: what repeats is the boot.
Arguments complete(Arguments run, GuestCpu cpu, std::string_view count) {
  const auto add = [&run](std::initializer_list<std::string_view> words) {
    run.insert(run.end(), words.begin(), words.end());
  };
  const bool is_micro = !run.empty() && run.front() == "micro";
  if (cpu == GuestCpu::tcg) {
    // Enough for caches of the allocators and for TCP's windows; the rest repeats exactly.
    if (!has_option(run, "", "--warmup")) add({"--warmup", "20ms"});
    if (!has_option(run, "-n", "--requests")) add({"-n", count});
  }
  if (!is_micro) add({"--no-reference"});
  add({"--repeats", "1", "--budget", "0", "--accept-disturbed", "--csv", "-", "--quiet"});
  return run;
}

// A group of cells, and as many requests as make their cost stand out from that of what happens
// once, and no row warn of few_requests. Of the largest a request is 1,500,000 instructions.
struct SweptCells {
  enum class Modes : std::uint8_t { all, some };
  Modes modes;
  std::vector<std::string_view> options;
};

// Which cells there are follows from what a boot may cost: 2.5 minutes of a CPU. They took 1.3 to
// 1.7 of one that others used as well.
std::vector<SweptCells> swept_cells() {
  using Modes = SweptCells::Modes;
  return {{Modes::all, {"-b", "0", "-n", "500"}},
          {Modes::all, {"-b", "4K", "-n", "300"}},
          {Modes::all, {"-b", "64K", "-n", "200"}},
          {Modes::all, {"-b", "1M", "-n", "100"}},
          // How bytes reach memory shows where there are many.
          {Modes::some, {"-b", "1M", "-n", "100", "--buffers", "plain"}},
          {Modes::some, {"-b", "1M", "-n", "100", "--buffers", "provided"}},
          // What waits in a ring together; ten requests a connection.
          {Modes::all, {"-b", "0", "-n", "640", "-c", "64"}},
          {Modes::some, {"-b", "64K", "-n", "640", "-c", "64"}}};
}

constexpr const char* kTypedRequests = "200";
constexpr const char* kMicroOperations = "500";

// The modes that have a relay run once with each, the others all together. Some: the reference, the
// simplest hand-over, and the relay that receives into memory.
std::vector<Arguments> starts_of(SweptCells::Modes modes) {
  if (modes == SweptCells::Modes::some) {
    return {{"direct", "cluster"}, {"passthru", "--relay", "copy"}};
  }
  std::vector<Arguments> starts(1);
  for (const ModeLook& mode : mode_looks()) {
    const std::string name{mode.name};
    if (!mode.has_relay) {
      starts.front().push_back(name);
      continue;
    }
    for (const char* const relay : {"linked", "sync", "copy"}) {
      starts.push_back({name, "--relay", relay});
    }
  }
  return starts;
}

std::vector<Arguments> default_runs() {
  std::vector<Arguments> runs;
  for (const SweptCells& cells : swept_cells()) {
    for (Arguments run : starts_of(cells.modes)) {
      run.insert(run.end(), cells.options.begin(), cells.options.end());
      runs.push_back(std::move(run));
    }
  }
  runs.push_back({"micro"});
  return runs;
}

}  // namespace

std::string find_reserved_option(const std::vector<std::string>& typed) {
  struct Reserved {
    std::string_view short_name;
    std::string_view long_name;
  };
  constexpr std::array kReserved{Reserved{"", "--repeats"},      Reserved{"", "--precision"},
                                 Reserved{"", "--budget"},       Reserved{"", "--accept-disturbed"},
                                 Reserved{"", "--csv"},          Reserved{"", "--no-save"},
                                 Reserved{"", "--json"},         Reserved{"-q", "--quiet"},
                                 Reserved{"", "--no-reference"}, Reserved{"", "--no-ceiling"}};
  for (const Reserved& option : kReserved) {
    if (has_option(typed, option.short_name, option.long_name)) {
      return std::string{option.long_name};
    }
  }
  return {};
}

std::vector<std::vector<std::string>> plan_guest_runs(const std::vector<std::string>& typed,
                                                      GuestCpu cpu) {
  std::vector<Arguments> runs = typed.empty() ? default_runs() : std::vector<Arguments>{typed};
  for (Arguments& run : runs) {
    const bool is_micro = run.front() == "micro";
    run = complete(std::move(run), cpu, is_micro ? kMicroOperations : kTypedRequests);
  }
  return runs;
}

}  // namespace urb
