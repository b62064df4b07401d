#include "report/json.hpp"

#include <fmt/format.h>

#include <cctype>
#include <nlohmann/json.hpp>
#include <set>
#include <utility>

#include "base/text.hpp"
#include "report/context.hpp"
#include "report/json_figure.hpp"
#include "report/json_rows.hpp"
#include "report/profiles_json.hpp"
#include "report/releases.hpp"
#include "report/remarks.hpp"
#include "report/reproduction.hpp"
#include "row/warnings.hpp"

namespace urb {
namespace {

using Json = nlohmann::ordered_json;

// No two of them are the same, whatever they are of.
std::string id_of(const Section& section) { return fmt::format("s{}", section.id); }
std::string id_of(const Setting& setting) { return fmt::format("t{}", setting.id); }
std::string id_of(const Cell& cell) { return fmt::format("c{}", cell.id); }

Json to_json(const MedianInterval& interval) {
  const bool has_interval = interval.sample_count > 1;
  const auto known = [has_interval](double figure) {
    return has_interval ? Json(rounded(figure)) : Json(nullptr);
  };
  return {{"n", interval.sample_count},
          {"median", rounded(interval.median)},
          {"low", known(interval.low)},
          {"high", known(interval.high)},
          {"confidence", known(interval.confidence)}};
}

Json to_json(const RoundComparison& comparison) {
  Json json{{"of", id_of(*comparison.of)},
            {"to", id_of(*comparison.to)},
            {"metric", comparison.metric->column},
            {"kind", comparison.kind == RoundComparison::Kind::ratio ? "ratio" : "difference"}};
  json.update(to_json(comparison.interval));
  return json;
}

Json ratio_json(const Finding& finding) {
  const bool is_known = finding.ratio && finding.ratio->interval.sample_count != 0;
  return is_known ? to_json(*finding.ratio) : Json(nullptr);
}

Json reference_json(const Finding& finding) {
  return {{"cell", id_of(*finding.to)},
          {"ratio", ratio_json(finding)},
          {"certainty", name_of(finding.certainty)},
          {"text", finding.text}};
}

Json to_json(const Ranking& ranking) {
  const Finding& lead = ranking.lead;
  return {{"section", id_of(*ranking.section)},
          {"setting", id_of(*ranking.setting)},
          {"body_bytes", ranking.body.value},
          {"reuse", ranking.reuse},
          {"metric", ranking.metric->column},
          {"best", id_of(*lead.of)},
          {"next", lead.to == nullptr ? Json(nullptr) : Json(id_of(*lead.to))},
          {"ratio", ratio_json(lead)},
          {"certainty", name_of(lead.certainty)},
          {"text", lead.text},
          {"reference", ranking.reference ? reference_json(*ranking.reference) : Json(nullptr)}};
}

Json columns_json() {
  Json columns = Json::array();
  for (const Column& column : kColumns) {
    columns.push_back({{"name", column.name},
                       {"section", name_of(column.section)},
                       {"unit", column.unit.name},
                       {"meaning", column.meaning}});
  }
  return columns;
}

Json metrics_json() {
  Json metrics = Json::array();
  for (const Metric& metric : all_metrics()) {
    std::string label{metric.meaning};
    label.front() = static_cast<char>(std::toupper(static_cast<unsigned char>(label.front())));
    metrics.push_back({{"name", metric.column},
                       {"label", label},
                       {"unit", metric.unit},
                       {"better", metric.more_is_better ? "more" : "less"}});
  }
  return metrics;
}

Json to_json(const Section& section) {
  const Row& first = *section.rows.front();
  Json context = Json::array();
  for (const auto& [name, value] : context_of(section))
    context.push_back(fmt::format("{}: {}", name, value));
  if (section.is_count) context.push_back(kCountsNote);
  const std::vector<std::string> kernels = kernels_in_order(section.rows);
  return {{"id", id_of(section)},
          {"title", title_of(section)},
          {"kernel", kernels.size() == 1 ? Json(kernels.front()) : Json(nullptr)},
          {"kernels", kernels},
          {"method", first.method},
          {"machine", section.is_count ? "" : first.machine},
          {"accelerator", first.accelerator},
          {"cpu_model", first.cpu_model},
          {"cpus", first.cpus ? Json(*first.cpus) : Json(nullptr)},
          {"counts", section.is_count},
          {"context", std::move(context)}};
}

Json to_json(const Setting& setting, const Section& section) {
  Json values = Json::object();
  for (const auto& [column, value] : setting.values) values[column] = value;
  return {{"id", id_of(setting)},
          {"section", id_of(section)},
          {"title", setting.title},
          {"operations", setting.is_operations},
          {"values", std::move(values)}};
}

Json to_json(const Cell& cell, const Setting& setting, const Section& section,
             const std::vector<Row>& rows) {
  std::set<std::string_view> statuses;
  for (const std::size_t place : cell.row_places) statuses.insert(name_of(rows[place].status));
  Json warnings = Json::array();
  for (const auto& [name, count] : cell.warning_counts()) warnings.push_back(name);
  Json metrics = Json::object();
  for (const Metric& metric : all_metrics()) {
    if (section.is_count && !metric.is_count) continue;
    const std::vector<double> figures = cell.figures(metric);
    if (!figures.empty()) metrics[metric.column] = to_json(median_interval(figures));
  }
  return {{"id", id_of(cell)},
          {"section", id_of(section)},
          {"setting", id_of(setting)},
          {"kernel", cell.kernel},
          {"label", cell.label},
          {"mode", cell.mode},
          {"relay", cell.relay},
          {"body_bytes", cell.body.value},
          {"reuse", cell.reuse},
          {"command", command_of(cell, setting)},
          {"trials", cell.rows.size()},
          {"trials_without_figures", cell.failed_count},
          {"trials_disturbed", cell.disturbed_count},
          {"limited_by_client", cell.is_limited_by_client()},
          {"status", statuses},
          {"warnings", std::move(warnings)},
          {"bottleneck", cell.bottleneck()},
          {"metrics", std::move(metrics)},
          {"rows", cell.row_places}};
}

Json warnings_json(const std::vector<Row>& rows) {
  Json warnings = Json::array();
  for (const WarningCount& warning : count_warnings(rows)) {
    warnings.push_back(
        {{"name", warning.name}, {"text", text_of_warning(warning.name)}, {"rows", warning.rows}});
  }
  return warnings;
}

Json files_json(const Analysis& analysis) {
  Json files = Json::array();
  for (const Analysis::File& file : analysis.files()) {
    files.push_back(
        {{"name", clean_text(file.name)}, {"rows", file.row_count}, {"repeated", file.repeated}});
  }
  return files;
}

}  // namespace

std::string format_columns_json() { return columns_json().dump(1) + "\n"; }

std::string format_analysis_json(const Analysis& analysis, const std::string& tool,
                                 const Profiles& profiles) {
  Json sections = Json::array();
  Json settings = Json::array();
  Json cells = Json::array();
  for (const Section& section : analysis.sections()) {
    sections.push_back(to_json(section));
    for (const Setting& setting : section.settings) {
      settings.push_back(to_json(setting, section));
      for (const Cell& cell : setting.cells) {
        cells.push_back(to_json(cell, setting, section, analysis.rows()));
      }
    }
  }
  Json comparisons = Json::array();
  for (const RoundComparison& each : analysis.comparisons()) comparisons.push_back(to_json(each));
  Json rankings = Json::array();
  for (const Ranking& ranking : analysis.rankings()) rankings.push_back(to_json(ranking));
  Json json{{"format", "uring-bench-report-1"},
            {"tool", tool},
            {"columns", columns_json()},
            {"metrics", metrics_json()},
            {"files", files_json(analysis)},
            {"sections", std::move(sections)},
            {"settings", std::move(settings)},
            {"cells", std::move(cells)},
            {"comparisons", std::move(comparisons)},
            {"rankings", std::move(rankings)},
            {"warnings", warnings_json(analysis.rows())},
            {"rows", rows_json(analysis.rows())}};
  if (!profiles.files().empty()) json["profiles"] = profiles_json(profiles);
  // File names need not be UTF-8.
  return json.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace urb
