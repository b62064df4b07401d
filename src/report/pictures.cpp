// Throughput, CPU time, latency: a panel for each body and reuse.
#include "report/pictures.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <functional>
#include <set>
#include <utility>

#include "report/plot_text.hpp"
#include "report/tables.hpp"
#include "stats/summary.hpp"

namespace urb {
namespace {

constexpr std::string_view kClientColor = "#a0a0a0";
constexpr std::string_view kMasterColor = "#d55e00";
constexpr std::string_view kWorkersColor = "#0072b2";

// Calls `make` with the cells of each body and reuse that have figures: a row of panels for each
// body, largest first, without reuse on the left.
std::vector<Panel> panels_of(
    const std::vector<Cell>& cells,
    const std::function<std::optional<Panel>(const std::string&, const std::vector<const Cell*>&)>&
        make) {
  std::set<Bytes, std::greater<>> bodies;
  for (const Cell& cell : cells) bodies.insert(cell.body);
  std::vector<Panel> panels;
  for (const Bytes body : bodies) {
    for (const bool reuse : {false, true}) {
      std::vector<const Cell*> chosen;
      for (const Cell& cell : cells) {
        if (cell.body == body && cell.reuse == reuse && cell.has_figures()) chosen.push_back(&cell);
      }
      if (chosen.empty()) continue;
      const std::string title =
          fmt::format("{} bodies, {}", format_body(body), reuse ? "reuse" : "no reuse");
      if (std::optional<Panel> panel = make(title, chosen)) panels.push_back(*std::move(panel));
    }
  }
  return panels;
}

std::optional<Picture> picture_of(const std::string& name, std::string alt,
                                  const std::vector<Panel>& panels, const Legend& legend = {}) {
  if (panels.empty()) return std::nullopt;
  return Picture{name, std::move(alt), make_script(panels, legend)};
}

}  // namespace

Estimate estimate(const std::vector<double>& samples) {
  const MedianInterval interval = median_interval(samples);
  return {interval.median, interval.low, interval.high};
}

std::optional<Picture> throughput_picture(const std::vector<Cell>& cells, const std::string& name) {
  const auto panels = panels_of(cells, [](const std::string& title, const auto& chosen) {
    const auto bytes = static_cast<double>(chosen.front()->body.value);
    BarPanel panel{title, "req/s", bytes > 0 ? "GB/s" : "", bytes / 1e9, {}};
    for (const Cell* const cell : chosen) {
      const std::vector<double> samples = cell->figures(&Row::requests_per_s);
      if (samples.empty()) continue;
      const Estimate rate = estimate(samples);
      panel.bars.push_back({cell->mode,
                            {{rate.value, color_of(cell->mode)}},
                            std::nullopt,
                            rate,
                            format_short(rate.value)});
    }
    return panel.bars.empty() ? std::nullopt : std::optional{make_bar_panel(panel)};
  });
  return picture_of(name,
                    "Requests per second (below) and GB per second of bodies (above) by mode: "
                    "median of the trials and its confidence interval",
                    panels);
}

std::optional<Picture> cpu_picture(const std::vector<Cell>& cells, const std::string& name) {
  bool has_io_wq = false;
  const auto panels = panels_of(cells, [&](const std::string& title, const auto& chosen) {
    const auto bytes = static_cast<double>(chosen.front()->body.value);
    BarPanel panel{title,
                   "CPU µs per request",
                   bytes > 0 ? "CPU s per GB" : "",
                   bytes > 0 ? 1e3 / bytes : 1,
                   {}};
    for (const Cell* const cell : chosen) {
      const Row::Figure client = cell->median(&Row::cpu_us_per_request_client);
      const Row::Figure master = cell->median(&Row::cpu_us_per_request_master);
      const Row::Figure workers = cell->median(&Row::cpu_us_per_request_workers);
      if (!client && !master && !workers) continue;
      Bar bar{cell->mode, {}, std::nullopt, std::nullopt, ""};
      bar.parts = {{client.value_or(0), std::string{kClientColor}},
                   {master.value_or(0), std::string{kMasterColor}},
                   {workers.value_or(0), std::string{kWorkersColor}}};
      const double sum = client.value_or(0) + master.value_or(0) + workers.value_or(0);
      bar.label = format_short(sum);
      // Below a hundredth of the bar nothing would be seen.
      const double io_wq = cell->median(&Row::cpu_us_per_request_iowq).value_or(0);
      if (io_wq > sum / 100) bar.inner = io_wq, has_io_wq = true;
      panel.bars.push_back(std::move(bar));
    }
    return panel.bars.empty() ? std::nullopt : std::optional{make_bar_panel(panel)};
  });
  Legend legend{{{"client", std::string{kClientColor}},
                 {"master", std::string{kMasterColor}},
                 {"workers", std::string{kWorkersColor}}}};
  if (has_io_wq)
    legend.entries.push_back({"line: io-wq threads' part of master and workers", "#000000"});
  return picture_of(name,
                    "CPU time per request (below) and per GB of bodies (above) by mode, stacked by "
                    "who used it: client, master, workers",
                    panels, legend);
}

std::optional<Picture> latency_picture(const std::vector<Cell>& cells, const std::string& name) {
  struct Column {
    const char* label;
    Row::Figure Row::*column;
  };
  constexpr std::array kColumns{
      Column{"p50", &Row::latency_us_p50}, Column{"p90", &Row::latency_us_p90},
      Column{"p99", &Row::latency_us_p99}, Column{"p99.9", &Row::latency_us_p999},
      Column{"max", &Row::latency_us_max}};
  const auto panels = panels_of(cells, [&](const std::string& title, const auto& chosen) {
    LinePanel panel{title, "", "latency", false, {}, LinePanel::Scale::logarithmic, "s", {}};
    for (std::size_t index = 0; index < kColumns.size(); ++index) {
      panel.x_ticks.push_back({static_cast<double>(index), kColumns[index].label});
    }
    for (const Cell* const cell : chosen) {
      Line line{cell->mode, {}};
      for (std::size_t index = 0; index < kColumns.size(); ++index) {
        const Row::Figure latency = cell->median(kColumns[index].column);
        if (!latency || *latency <= 0) continue;
        const double seconds = *latency / 1e6;
        line.points.push_back({static_cast<double>(index), {seconds, seconds, seconds}});
      }
      if (!line.points.empty()) panel.lines.push_back(std::move(line));
    }
    return panel.lines.empty() ? std::nullopt : std::optional{make_line_panel(panel)};
  });
  return picture_of(name, "Latency from p50 to the maximum by mode: medians of the trials' values",
                    panels);
}

}  // namespace urb
