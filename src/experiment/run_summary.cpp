#include "experiment/run_summary.hpp"

#include <fmt/format.h>

#include "report/tables.hpp"
#include "row/warnings.hpp"

namespace urb {
namespace {

// "precise to ±3.1 % after 9 rounds", "±7.2 % (socket, req/s) after 60 s: …".
std::string describe(const GroupPrecision& group, const RunResult& result,
                     const RoundRules& rules) {
  using State = GroupPrecision::State;
  if (group.state == State::unjudged)
    return "no figure to judge: the client was the limit, or no trial has any";
  const std::string rounds = fmt::format("{} round{}", group.rounds, group.rounds == 1 ? "" : "s");
  if (!group.deviation) {
    return fmt::format("no interval after {}: use --repeats {}{}", rounds, kRepeatsEnough,
                       rules.has_budget() ? " or a longer --budget" : "");
  }
  const double percent = *group.deviation * 100;
  if (group.state == State::reached)
    return fmt::format("precise to ±{:.1f} % after {}", percent, rounds);
  std::string text = fmt::format("±{:.1f} % ({}) after {}", percent, group.widest, rounds);
  const bool was_cut =
      result.interrupted || !result.save_failure.empty() || result.failed_count != 0;
  if (rules.has_budget() && !was_cut) {
    text += fmt::format(", {:.0f} s beyond --repeats: --budget or --duration was not enough",
                        to_seconds(result.beyond_repeats));
  }
  return text;
}

}  // namespace

std::string describe_precision(const RunResult& result, const RoundRules& rules) {
  std::string text;
  for (const GroupPrecision& group : result.precision) {
    text += fmt::format("{}: {}\n", group.name, describe(group, result, rules));
  }
  return text;
}

JsonRounds rounds_json(const RunResult& result, const RoundRules& rules) {
  JsonRounds rounds{.precision = rules.precision,
                    .budget_s = to_seconds(rules.budget),
                    .beyond_repeats_s = to_seconds(result.beyond_repeats),
                    .disturbed = result.disturbed_count,
                    .groups = {}};
  for (const GroupPrecision& group : result.precision) {
    rounds.groups.push_back({.name = group.name,
                             .body_bytes = group.body.value,
                             .reuse = group.reuse,
                             .rounds = group.rounds,
                             .deviation = group.deviation,
                             .reached = group.state == GroupPrecision::State::reached});
  }
  return rounds;
}

std::string first_failure(const RunResult& result) {
  for (const Cell& cell : result.cells) {
    if (cell.failed_count == 0) continue;
    return fmt::format("{} {} {}: {}", cell.name(), format_body(cell.body),
                       cell.reuse ? "reuse" : "no reuse", cell.failed_reason);
  }
  return {};
}

std::string describe_disturbed(const RunResult& result) {
  if (result.disturbed_count == 0) return {};
  std::string text =
      fmt::format("{} of {} trials were disturbed", result.disturbed_count, result.done_count());
  if (!result.disturber.empty())
    text += fmt::format(", and the busiest of the others was {}", result.disturber);
  std::string names;
  for (const Cell& cell : result.cells) {
    if (cell.disturbed_count == 0 || cell.has_figures()) continue;
    names += fmt::format("{}{} {} {}", names.empty() ? "" : ", ", cell.name(),
                         format_body(cell.body), cell.reuse ? "reuse" : "no reuse");
  }
  if (names.empty()) return text;
  return text + fmt::format(
                    ", so there are no figures of {}: end other programs, or use "
                    "--accept-disturbed",
                    names);
}

}  // namespace urb
