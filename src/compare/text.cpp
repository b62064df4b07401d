// Fields, alignment and sentences.
#include "compare/text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>
#include <utility>
#include <vector>

#include "base/text.hpp"
#include "report/markdown.hpp"
#include "stats/summary.hpp"

namespace urb {
namespace {

// Two spaces between columns.
std::string align(const TableLines& lines, std::size_t left_count) {
  std::vector<std::size_t> widths(lines.front().size(), 0);
  for (const auto& fields : lines) {
    for (std::size_t column = 0; column < fields.size(); ++column) {
      widths[column] = std::max(widths[column], shown_width(fields[column]));
    }
  }
  std::string text;
  for (const auto& fields : lines) {
    std::string line;
    for (std::size_t column = 0; column < fields.size(); ++column) {
      const std::string padding(widths[column] - shown_width(fields[column]), ' ');
      if (column != 0) line += "  ";
      line += column < left_count ? fields[column] + padding : padding + fields[column];
    }
    line.erase(line.find_last_not_of(' ') + 1);
    text += line + '\n';
  }
  return text;
}

std::string format_p(double p) {
  return p < 0.001 ? std::string{"<0.001"} : fmt::format("{:.3f}", p);
}

TableLines make_lines(const MetricComparison& comparison) {
  const std::string unit =
      comparison.metric->unit.empty() ? "" : fmt::format(" {}", comparison.metric->unit);
  TableLines lines{
      {"cell", "base" + unit, "new" + unit, "change", "95% interval", "p", "repeats", ""}};
  for (const Change& change : comparison.changes) {
    lines.push_back({change.cell, format_median(median_interval(change.base)),
                     format_median(median_interval(change.next)),
                     change.verdict == Verdict::noise ? "~" : format_change(change.interval.ratio),
                     fmt::format("{} to {}", format_change(change.interval.low),
                                 format_change(change.interval.high)),
                     format_p(change.p_corrected),
                     change.pair_count != 0
                         ? fmt::format("{} pairs", change.pair_count)
                         : fmt::format("{}+{}", change.base.size(), change.next.size()),
                     change.verdict == Verdict::noise ? "" : std::string{name_of(change.verdict)}});
  }
  const auto bound_text = [](double median, bool is_limited) {
    return (is_limited ? "≥ " : "") + format_short(median);
  };
  for (const Bound& bound : comparison.limited) {
    lines.push_back({bound.cell, bound_text(bound.base_median, bound.is_base_limited),
                     bound_text(bound.next_median, bound.is_next_limited), "–", "–", "–", "", ""});
  }
  if (comparison.changes.size() > 1) {
    const bool is_noise =
        std::all_of(comparison.changes.begin(), comparison.changes.end(),
                    [](const Change& change) { return change.verdict == Verdict::noise; });
    lines.push_back({"geometric mean", "", "",
                     is_noise ? "~" : format_change(comparison.mean_ratio), "", "", "", ""});
  }
  return lines;
}

std::string list_of(const std::vector<std::string>& names) {
  std::string text;
  for (const std::string& name : names) text += (text.empty() ? "" : ", ") + name;
  return text;
}

std::string describe(std::string_view role, const Source& source) {
  std::string text =
      fmt::format("{}: {}, {} rows of {} run{}", role, clean_text(source.name), source.row_count,
                  source.runs.size(), source.runs.size() == 1 ? "" : "s");
  if (source.disturbed != 0) text += fmt::format(", {} disturbed left out", source.disturbed);
  if (source.left_out != 0) text += fmt::format(", {} without figures", source.left_out);
  return text + "\n";
}

void add_metric(Report& report, const MetricComparison& comparison, TableStyle style) {
  const Metric& metric = *comparison.metric;
  report.push_back(
      {Block::Kind::heading, fmt::format("{}: {} ({} is better)\n", metric.name, metric.meaning,
                                         metric.more_is_better ? "more" : "less")});
  report.push_back({Block::Kind::table, render_lines(make_lines(comparison), 1, style)});
  if (!comparison.limited.empty()) {
    report.push_back({Block::Kind::note,
                      "≥: the client was the limit in most trials of that side. So there is no "
                      "ratio and no verdict.\n"});
  }
  if (!comparison.unknown.empty()) {
    report.push_back(
        {Block::Kind::note, fmt::format("Without a figure above zero in every row: {}\n",
                                        list_of(comparison.unknown))});
  }
}

void add_warnings(Report& report, const Comparison& comparison) {
  for (const MetricComparison& metric : comparison.metrics) {
    for (const Change& change : metric.changes) {
      if (!change.beyond_threshold) continue;
      report.push_back(
          {Block::Kind::warning,
           fmt::format("regression: {} {} {}, more than {:g}%\n", change.cell, metric.metric->name,
                       format_change(change.interval.ratio), comparison.threshold_percent)});
    }
  }
  if (comparison.repeats_needed == 0) return;
  report.push_back(
      {Block::Kind::warning,
       fmt::format(
           "warning: among {} changes and with so few {} none, however large, can be told from "
           "noise (measure {} of each, or compare fewer cells or metrics)\n",
           comparison.family_size, comparison.is_paired ? "pairs" : "repeats",
           comparison.repeats_needed)});
}

}  // namespace

std::string render_lines(const TableLines& lines, std::size_t left_count, TableStyle style) {
  if (style == TableStyle::aligned) return align(lines, left_count);
  MarkdownTable table{lines.front(), left_count};
  for (std::size_t line = 1; line < lines.size(); ++line) table.add(lines[line]);
  return table.render();
}

Report make_comparison_report(const Comparison& comparison, TableStyle style) {
  Report report;
  std::string sources = describe("base", comparison.base);
  // In Markdown, lines that are not apart flow into one.
  if (style == TableStyle::markdown) sources += '\n';
  sources += describe("new", comparison.next);
  report.push_back({Block::Kind::note, std::move(sources)});
  for (const MetricComparison& metric : comparison.metrics) add_metric(report, metric, style);
  report.push_back(
      {Block::Kind::note,
       comparison.test_reason +
           "\nchange: Hodges and Lehmann's median ratio, and its interval by that test; p: "
           "two-sided, Holm-corrected for everything shown here; ~: p ≥ 0.05, or the interval "
           "includes no change; (low–high) as in the tables of a run.\n"});
  const auto add_note = [&report](std::string text) {
    report.push_back({Block::Kind::note, std::move(text) + "\n"});
  };
  if (!comparison.base_only.empty()) {
    add_note(fmt::format("Only in {}: {}", clean_text(comparison.base.name),
                         list_of(comparison.base_only)));
  }
  if (!comparison.next_only.empty()) {
    add_note(fmt::format("Only in {}: {}", clean_text(comparison.next.name),
                         list_of(comparison.next_only)));
  }
  for (const std::string& note : comparison.notes) {
    report.push_back({Block::Kind::warning, fmt::format("note: {}\n", clean_text(note))});
  }
  add_warnings(report, comparison);
  return report;
}

std::string format_change(double ratio) { return fmt::format("{:+.1f}%", (ratio - 1) * 100); }

}  // namespace urb
