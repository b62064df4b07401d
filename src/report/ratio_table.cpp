#include "report/ratio_table.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

#include "report/markdown.hpp"
#include "report/rounds.hpp"

namespace urb {
namespace {

constexpr std::array<std::string_view, 3> kShown{"requests_per_s", "cpu_us_per_request_total",
                                                 "cpu_us_per_request_server"};

// The reference's own load: why it bounds nobody.
std::string describe_references(const std::vector<Cell>& cells) {
  std::string name;
  double largest = 0;
  for (const Cell& cell : cells) {
    if (!is_reference(cell)) continue;
    const Row::Figure imbalance = cell.median(&Row::worker_imbalance);
    if (imbalance && *imbalance > largest) {
      largest = *imbalance;
      name = cell.name();
    }
  }
  if (name.empty()) return "";
  return fmt::format(
      " {} is a reference and no ceiling: its busiest worker answered up to {:.2f} times the mean.",
      name, largest);
}

}  // namespace

Report ratio_table(const std::vector<Cell>& cells) {
  MarkdownTable table{
      {"Test", "Body", "Reuse", "req/s", "total CPU/req", "server CPU/req", "rounds"}, 3};
  const Cell* reference = nullptr;
  std::size_t fewest = SIZE_MAX;
  for (const Cell* const cell : cells_in_order(cells)) {
    const Cell* const to = find_reference(cells, *cell);
    if (to == nullptr || to == cell) continue;
    const std::vector<RoundPair> pairs = pairs_of(*cell, *to);
    if (pairs.empty()) continue;
    reference = to;
    fewest = std::min(fewest, pairs.size());
    std::vector<std::string> fields = cell_names(*cell);
    for (const std::string_view column : kShown) {
      fields.push_back(format_ratio(compare_pairs(*cell, *to, pairs, *find_metric_of_column(column),
                                                  RoundComparison::Kind::ratio)
                                        .interval));
    }
    fields.push_back(fmt::format("{}", pairs.size()));
    table.add(std::move(fields));
  }
  if (table.is_empty()) return {};
  const double confidence = paired_difference_interval(std::vector<double>(fewest)).confidence;
  std::string note = fmt::format(
      "Times {}, with the {:.4g} % interval (Hodges–Lehmann, signed ranks over the rounds).{} No "
      "req/s where the client was the limit.\n",
      reference->name(), confidence * 100, describe_references(cells));
  return {{Block::Kind::heading, fmt::format("By {}, within rounds\n", reference->name())},
          {Block::Kind::table, table.render()},
          {Block::Kind::note, std::move(note) + disturbed_note(cells)}};
}

}  // namespace urb
