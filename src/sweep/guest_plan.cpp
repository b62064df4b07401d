// Command lines.
#include "sweep/guest_plan.hpp"

#include <algorithm>
#include <array>
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

// Sizes, and as many requests as make their cost stand out from that of what happens once. Of the
// largest a request is 1,500,000 instructions.
struct SweptBody {
  const char* size;
  const char* requests;
};
constexpr std::array kBodies{SweptBody{"0", "500"}, SweptBody{"4K", "500"}, SweptBody{"64K", "200"},
                             SweptBody{"1M", "40"}};
constexpr const char* kTypedRequests = "200";
constexpr const char* kMicroOperations = "500";

std::vector<Arguments> default_runs() {
  // The modes that have a relay run once with each, the others all together.
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
  std::vector<Arguments> runs;
  for (const SweptBody& body : kBodies) {
    for (Arguments run : starts) {
      run.insert(run.end(), {"-b", body.size, "-n", body.requests});
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
