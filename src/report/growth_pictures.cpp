// Growth curves: throughput on the left, the server's CPU time on the right.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <set>
#include <utility>

#include "report/pictures.hpp"
#include "report/plot_text.hpp"
#include "report/tables.hpp"

namespace urb {
namespace {

struct Dimension {
  const char* name;  ///< of the file
  const char* axis;
  std::uint64_t Row::*column;
};

// Every figure a panel needs, by mode and by what grows.
struct Samples {
  std::vector<double> rate;
  std::vector<double> cpu;
};
using Curves = std::map<std::string, std::map<std::uint64_t, Samples>>;

// What stays the same in a panel, as its title. Connections that follow the workers, as they do
// when -c is not given, grow with them.
std::vector<std::string> titles_of(const Row& row, const Dimension& dimension) {
  const auto title = [&](const std::string& connections) {
    std::string text;
    if (dimension.column != &Row::body_bytes) {
      text += fmt::format("{} bodies, ", format_body(Bytes{row.body_bytes}));
    }
    text += row.reuse ? "reuse" : "no reuse";
    if (dimension.column != &Row::workers) {
      text += fmt::format(", {} worker{}", row.workers, row.workers == 1 ? "" : "s");
    }
    if (!connections.empty()) text += ", " + connections;
    if (row.response_bytes != 0) text += fmt::format(", responses of {} B", row.response_bytes);
    if (row.rate_requested)
      text += fmt::format(", at {} req/s", format_figure(*row.rate_requested));
    return text;
  };
  if (dimension.column == &Row::connections) return {title("")};
  const std::string fixed =
      fmt::format("{} connection{}", row.connections, row.connections == 1 ? "" : "s");
  if (dimension.column == &Row::workers && row.connections == row.workers) {
    return {title(fixed), title("a connection per worker")};
  }
  return {title(fixed)};
}

// Columns that have no place in a title; trials that differ in them are in different pictures.
std::string family_of(const Row& row) {
  return fmt::format("{} {} {} {}", row.client, row.buffers, row.policy, row.pinning);
}

bool is_known(const Curves& curves) {
  return std::any_of(curves.begin(), curves.end(),
                     [](const auto& curve) { return curve.second.size() >= kGrowthPoints; });
}

std::vector<LinePanel::Tick> ticks_of(const Curves& curves, bool is_body) {
  std::set<std::uint64_t> values;
  for (const auto& [mode, points] : curves) {
    for (const auto& [value, samples] : points) values.insert(value);
  }
  std::vector<LinePanel::Tick> ticks;
  for (const std::uint64_t value : values) {
    ticks.push_back({static_cast<double>(value),
                     is_body ? format_body(Bytes{value}) : fmt::format("{}", value)});
  }
  return ticks;
}

std::vector<Panel> make_panels(const std::string& title, const Curves& curves,
                               const std::vector<std::string>& modes, const Dimension& dimension) {
  const bool is_body = dimension.column == &Row::body_bytes;
  std::vector<LinePanel::Tick> ticks = ticks_of(curves, is_body);
  const bool is_wide = ticks.back().at >= 8 * ticks.front().at;
  LinePanel rate{title,
                 dimension.axis,
                 is_body ? "GB/s" : "req/s",
                 is_wide,
                 ticks,
                 LinePanel::Scale::linear_from_zero,
                 "",
                 {}};
  LinePanel cpu{title,
                dimension.axis,
                is_body ? "server CPU s per GB" : "server CPU µs per request",
                is_wide,
                std::move(ticks),
                is_body ? LinePanel::Scale::logarithmic : LinePanel::Scale::linear_from_zero,
                "",
                {}};
  for (const std::string& mode : modes) {
    const auto curve = curves.find(mode);
    if (curve == curves.end() || curve->second.size() < kGrowthPoints) continue;
    Line rates{mode, {}};
    Line costs{mode, {}};
    for (const auto& [value, samples] : curve->second) {
      if (!samples.rate.empty()) rates.points.push_back({double(value), estimate(samples.rate)});
      if (!samples.cpu.empty()) costs.points.push_back({double(value), estimate(samples.cpu)});
    }
    if (!rates.points.empty()) rate.lines.push_back(std::move(rates));
    if (!costs.points.empty()) cpu.lines.push_back(std::move(costs));
  }
  std::vector<Panel> panels;
  if (!rate.lines.empty()) panels.push_back(make_line_panel(rate));
  if (!cpu.lines.empty()) panels.push_back(make_line_panel(cpu));
  return panels;
}

void add_sample(Samples& samples, const Row& row, bool is_body) {
  const Row::Figure rate = is_body ? row.bytes_per_s : row.requests_per_s;
  if (rate) samples.rate.push_back(is_body ? *rate / 1e9 : *rate);
  if (is_body) {
    // A logarithm of nothing is no place.
    if (row.cpu_s_per_gb_server.value_or(0) > 0) samples.cpu.push_back(*row.cpu_s_per_gb_server);
  } else if (row.cpu_us_per_request_master && row.cpu_us_per_request_workers) {
    samples.cpu.push_back(*row.cpu_us_per_request_master + *row.cpu_us_per_request_workers);
  }
}

}  // namespace

std::vector<Picture> growth_pictures(const Section& section, const std::string& name) {
  const std::vector<std::string> modes = modes_in_order(section.rows);
  std::vector<Picture> pictures;
  for (const Dimension& dimension : {Dimension{"workers", "workers", &Row::workers},
                                     Dimension{"connections", "connections", &Row::connections},
                                     Dimension{"bodies", "body size", &Row::body_bytes}}) {
    const bool is_body = dimension.column == &Row::body_bytes;
    std::map<std::string, std::map<std::string, Curves>> families;
    for (const Setting& setting : section.settings) {
      for (const Row& row : setting.rows) {
        if (row.status != Status::ok || row.*dimension.column == 0) continue;
        for (const std::string& title : titles_of(row, dimension)) {
          add_sample(families[family_of(row)][title][row.mode][row.*dimension.column], row,
                     is_body);
        }
      }
    }
    std::size_t count = 0;
    for (const auto& [family, by_title] : families) {
      std::vector<Panel> panels;
      for (const auto& [title, curves] : by_title) {
        if (!is_known(curves)) continue;
        if (panels.size() % 2 != 0) panels.emplace_back();  // each title has a row of its own
        for (Panel& panel : make_panels(title, curves, modes, dimension)) {
          panels.push_back(std::move(panel));
        }
      }
      if (panels.empty()) continue;
      pictures.push_back(
          {fmt::format("{}-{}{}", name, dimension.name,
                       ++count == 1 ? "" : fmt::format("-{}", count)),
           fmt::format("Throughput and the server's CPU time as the {} grow{}, by mode",
                       dimension.axis, is_body ? "s" : ""),
           make_script(panels)});
    }
  }
  return pictures;
}

}  // namespace urb
