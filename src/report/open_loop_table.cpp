#include "report/open_loop_table.hpp"

#include <fmt/format.h>

#include <utility>

#include "report/markdown.hpp"

namespace urb {

Report open_loop_table(const std::vector<Cell>& cells) {
  MarkdownTable table{{"Test", "Body", "Reuse", "requested req/s", "achieved req/s", "missed",
                       "unsent", "planned p50 µs", "planned p99 µs", "planned max µs",
                       "sent p50 µs", "sent p99 µs", "sent max µs", "late p99 µs"},
                      3};
  for (const Cell* const cell : cells_in_order(cells)) {
    const Row::Figure requested = cell->median(&Row::rate_requested);
    if (!requested || !cell->latency || !cell->open_loop) continue;
    std::vector<std::string> fields = cell_names(*cell);
    fields.push_back(format_short(requested));
    fields.push_back(format_short(cell->median(&Row::requests_per_s)));
    fields.push_back(fmt::format("{}", cell->open_loop->missed));
    fields.push_back(fmt::format("{}", cell->open_loop->unsent));
    for (const Histogram* const histogram : {&*cell->latency, &cell->open_loop->service}) {
      const LatencySummary summary = summarize(*histogram);
      for (const double us : {summary.p50_us, summary.p99_us, summary.max_us}) {
        fields.push_back(format_short(us));
      }
    }
    fields.push_back(format_short(summarize(cell->open_loop->lateness).p99_us));
    table.add(std::move(fields));
  }
  if (table.is_empty()) return {};
  Report report{
      {Block::Kind::heading, "Open loop\n"},
      {Block::Kind::table, table.render()},
      {Block::Kind::note,
       "planned: latency from the time a request was planned for; all other tables have this "
       "one. sent: the same requests from their send, which hides how long the server kept "
       "them from being sent. missed: planned in the measured time, not answered at its end "
       "(some are always in flight); unsent: those of them that no connection was free for; "
       "both of all repeats. late: how late the client itself sent what a connection waited "
       "for; it "
       "is part of planned.\n"}};
  add_disturbed_note(report, cells);
  return report;
}

}  // namespace urb
