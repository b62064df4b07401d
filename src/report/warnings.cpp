// The texts.
#include "report/warnings.hpp"

namespace urb {

std::string_view name_of(Warning warning) noexcept {
  switch (warning) {
    case Warning::debug_build: return "debug_build";
    case Warning::sanitized_build: return "sanitized_build";
    case Warning::load_high: return "load_high";
    case Warning::few_repeats: return "few_repeats";
    case Warning::trials_failed: return "trials_failed";
    case Warning::client_busy: return "client_busy";
    case Warning::few_requests: return "few_requests";
    case Warning::latency_clipped: return "latency_clipped";
    case Warning::cq_overflowed: break;
  }
  return "cq_overflowed";
}

std::string_view text_of(Warning warning) noexcept {
  switch (warning) {
    case Warning::debug_build:
      return "this binary was compiled without optimisation: build with `meson setup "
             "--buildtype=release`";
    case Warning::sanitized_build:
      return "this binary carries a sanitizer: its times say nothing, build without b_sanitize";
    case Warning::load_high:
      return "the CPUs were busy before the run: end other programs, or wait for the load average "
             "to fall";
    case Warning::few_repeats:
      return "fewer than 5 repeats: the intervals mean little, use --repeats 5 or more";
    case Warning::trials_failed:
      return "some trials failed and are not in the figures: see their reasons above and mend "
             "them before comparing";
    case Warning::client_busy:
      return "the client used a whole CPU: it may be what limits the figures; compare CPU per "
             "request instead, or use larger bodies";
    case Warning::few_requests:
      return "fewer than 100 requests, or 10 per connection, in a trial: those at its edges weigh "
             "too "
             "much and p99 is a single request, use a longer --duration";
    case Warning::latency_clipped:
      return "a latency above 60 s was counted as 60 s: use fewer --connections or smaller bodies";
    case Warning::cq_overflowed: break;
  }
  return "a completion queue overflowed, which costs order and time: use fewer --connections";
}

std::string format_warnings(const Warnings& warnings) {
  std::string text;
  for (const Warning warning : warnings) {
    if (!text.empty()) text += ';';
    text += name_of(warning);
  }
  return text;
}

}  // namespace urb
