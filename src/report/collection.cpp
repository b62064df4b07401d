// Keys, labels, orders.
#include "report/collection.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <map>
#include <set>
#include <tuple>
#include <utility>

namespace urb {
namespace {

bool is_operation(const Row& row) { return row.mode.starts_with("micro-"); }

// What a refused trial would have been can only be told from the machine: an emulated one counts.
bool belongs_to_counts(const Row& row) {
  return row.instructions_per_request.has_value() ||
         (row.status != Status::ok && row.accelerator == "tcg");
}

bool belongs_to_times(const Row& row) {
  return !belongs_to_counts(row) || row.requests_per_s.has_value();
}

std::string section_key(const Row& row, bool is_count) {
  const std::string meter =
      fmt::format("{}\n{}\n{}", row.method, row.accelerator, virtual_machine(row));
  // The emulator executes the same instructions on every host.
  if (is_count) return meter;
  return fmt::format("{}\n{}\n{}\n{}\n{}\n{}\n{}", meter, row.kernel, row.machine, row.cpu_model,
                     row.cpus.value_or(0), row.mitigations, row.lo_mtu.value_or(0));
}

// Another program's rows do not know what only ours has: they join those of most others.
void fill_unknown(std::vector<Row>& rows, std::string Row::*column) {
  std::map<std::string, std::size_t> counts;
  for (const Row& row : rows) ++counts[row.*column];
  counts.erase("");
  if (counts.empty()) return;
  const auto most = std::max_element(
      counts.begin(), counts.end(),
      [](const auto& left, const auto& right) { return left.second < right.second; });
  for (Row& row : rows) {
    if ((row.*column).empty()) row.*column = most->first;
  }
}

std::string setting_title(const Row& row) {
  std::string title =
      fmt::format("{} worker{}, {} connection{}", row.workers, row.workers == 1 ? "" : "s",
                  row.connections, row.connections == 1 ? "" : "s");
  title += row.rate_requested
               ? fmt::format(", open loop at {} req/s", format_figure(*row.rate_requested))
               : fmt::format(", {} loop", row.loop);
  if (row.response_bytes != 0) {
    title += fmt::format(", responses of {} bytes", row.response_bytes);
  }
  const auto add = [&title](std::string_view name, const std::string& value) {
    if (!value.empty()) title += fmt::format(", {} {}", name, value);
  };
  add("client", row.client);
  add("buffers", row.buffers);
  add("policy", row.policy);
  add("pinning", row.pinning);
  return title;
}

void divide(Section& section) {
  std::vector<Row> requests;
  for (const Row& row : section.rows) {
    (is_operation(row) ? section.operations : requests).push_back(row);
  }
  for (std::string Row::*const column : {&Row::buffers, &Row::policy, &Row::pinning, &Row::loop}) {
    fill_unknown(requests, column);
  }
  for (Row& row : requests) {
    // A kernel that did not start has refused all cells at once.
    if (row.status != Status::ok && row.workers == 0) continue;
    std::string title = setting_title(row);
    const auto same = std::find_if(section.settings.begin(), section.settings.end(),
                                   [&](const Setting& other) { return other.title == title; });
    Setting& setting = same != section.settings.end()
                           ? *same
                           : section.settings.emplace_back(Setting{std::move(title), {}});
    setting.rows.push_back(std::move(row));
  }
  if (section.settings.empty()) return;
  const auto by_rows = [](const Setting& left, const Setting& right) {
    return left.rows.size() < right.rows.size();
  };
  const auto largest = std::max_element(section.settings.begin(), section.settings.end(), by_rows);
  std::rotate(section.settings.begin(), largest, largest + 1);
  std::stable_sort(section.settings.begin() + 1, section.settings.end(),
                   [](const Setting& left, const Setting& right) {
                     const Row& first = left.rows.front();
                     const Row& second = right.rows.front();
                     return std::tie(first.workers, first.connections, first.response_bytes) <
                            std::tie(second.workers, second.connections, second.response_bytes);
                   });
}

// Modes are names in tables, headings and pictures, and a file may hold anything.
std::string plain_name(std::string name) {
  for (char& c : name) {
    const bool is_plain = std::isalnum(static_cast<unsigned char>(c)) != 0 ||
                          std::string_view{"-_.+:/ "}.find(c) != std::string_view::npos;
    if (!is_plain) c = '_';
  }
  return name;
}

// "passthru copy", where rows of several data paths are there.
std::vector<Row> label_rows(const std::vector<InputFile>& files) {
  std::map<std::string, std::set<std::string>> relays;
  for (const InputFile& file : files) {
    for (const Row& row : file.rows) relays[row.mode].insert(row.relay);
  }
  std::vector<Row> rows;
  for (const InputFile& file : files) {
    for (const Row& row : file.rows) {
      Row& labelled = rows.emplace_back(row);
      if (relays[row.mode].size() > 1 && !row.relay.empty()) labelled.mode += " " + row.relay;
      labelled.mode = plain_name(labelled.mode);
    }
  }
  return rows;
}

std::size_t rank_of(const std::string& mode) {
  constexpr std::array<std::string_view, 6> kFirst{"cluster", "socket",  "passthru",
                                                   "direct",  "msgring", "msgring-head"};
  const std::string_view name = std::string_view{mode}.substr(0, mode.find(' '));
  return static_cast<std::size_t>(std::find(kFirst.begin(), kFirst.end(), name) - kFirst.begin());
}

bool is_digit(char c) { return std::isdigit(static_cast<unsigned char>(c)) != 0; }

}  // namespace

std::vector<Section> collect(const std::vector<InputFile>& files) {
  const std::vector<Row> rows = label_rows(files);
  std::vector<Section> sections;
  for (const bool is_count : {false, true}) {
    std::map<std::string, Section> by_key;
    for (const Row& row : rows) {
      if (is_count ? !belongs_to_counts(row) : !belongs_to_times(row)) continue;
      Section& section = by_key[section_key(row, is_count)];
      section.is_count = is_count;
      section.rows.push_back(row);
    }
    for (auto& [key, section] : by_key) sections.push_back(std::move(section));
  }
  std::stable_sort(sections.begin(), sections.end(), [](const Section& left, const Section& right) {
    const Row& first = left.rows.front();
    const Row& second = right.rows.front();
    if (left.is_count != right.is_count) return right.is_count;
    if (first.method != second.method) return first.method > second.method;
    return is_older_release(first.kernel, second.kernel);
  });
  for (Section& section : sections) divide(section);
  return sections;
}

std::vector<Cell> make_cells(const std::vector<Row>& rows) {
  std::vector<Cell> cells;
  for (const std::string& mode : modes_in_order(rows)) {
    std::map<std::pair<std::uint64_t, bool>, Cell> by_body;
    for (const Row& row : rows) {
      if (row.mode != mode) continue;
      Cell& cell = by_body[{row.body_bytes, row.reuse}];
      cell.mode = mode;
      cell.body = Bytes{row.body_bytes};
      cell.reuse = row.reuse;
      cell.add(row, {});
    }
    for (auto& [body, cell] : by_body) cells.push_back(std::move(cell));
  }
  return cells;
}

std::vector<std::string> modes_in_order(const std::vector<Row>& rows) {
  std::set<std::pair<std::size_t, std::string>> modes;
  for (const Row& row : rows) modes.emplace(rank_of(row.mode), row.mode);
  std::vector<std::string> names;
  for (const auto& [rank, name] : modes) names.push_back(name);
  return names;
}

std::vector<std::string> kernels_in_order(const std::vector<Row>& rows) {
  std::set<std::string> names;
  for (const Row& row : rows) names.insert(row.kernel);
  std::vector<std::string> kernels(names.begin(), names.end());
  std::stable_sort(kernels.begin(), kernels.end(), is_older_release);
  return kernels;
}

bool is_older_release(const std::string& left, const std::string& right) {
  std::size_t i = 0;
  std::size_t j = 0;
  while (i < left.size() && j < right.size()) {
    if (!is_digit(left[i]) || !is_digit(right[j])) {
      if (left[i] != right[j]) {
        // "7.3-rc7" and "7.3~rc7" come before "7.3.1" and "7.3+1": they are no releases yet.
        const auto rank_of = [](char c) { return c == '~' ? -2 : c == '-' ? -1 : int{c}; };
        return rank_of(left[i]) < rank_of(right[j]);
      }
      ++i, ++j;
      continue;
    }
    const auto number_at = [](const std::string& text, std::size_t& at) {
      const std::size_t begin = text.find_first_not_of('0', at);
      while (at < text.size() && is_digit(text[at])) ++at;
      const std::string digits = begin < at ? text.substr(begin, at - begin) : "";
      return std::make_pair(digits.size(), digits);  // longer is larger
    };
    const auto first = number_at(left, i);
    const auto second = number_at(right, j);
    if (first != second) return first < second;
  }
  const auto is_candidate = [](std::string_view rest) {
    return rest.starts_with("-rc") || rest.starts_with("~rc");
  };
  if (j == right.size()) return is_candidate(std::string_view{left}.substr(i));
  return i == left.size() && !is_candidate(std::string_view{right}.substr(j));
}

std::string guest_field(const Row& row, std::string_view name) {
  std::string_view rest = row.guest;
  while (!rest.empty()) {
    const std::string_view field = rest.substr(0, rest.find(';'));
    const std::size_t equals = field.find('=');
    if (equals != std::string_view::npos && field.substr(0, equals) == name) {
      return std::string{field.substr(equals + 1)};
    }
    rest.remove_prefix(std::min(field.size() + 1, rest.size()));
  }
  return "";
}

std::string virtual_machine(const Row& row) {
  std::string text;
  for (const std::string_view name : {"qemu", "machine", "cpu"}) {
    const std::string value = guest_field(row, name);
    if (!value.empty()) text += fmt::format("{}{} {}", text.empty() ? "" : ", ", name, value);
  }
  return text.empty() ? row.guest : text;
}

std::string distinct(const std::vector<Row>& rows, std::string Row::*column) {
  std::vector<std::string> values;
  for (const Row& row : rows) {
    const std::string& value = row.*column;
    if (!value.empty() && std::find(values.begin(), values.end(), value) == values.end()) {
      values.push_back(value);
    }
  }
  std::string text;
  for (const std::string& value : values) text += (text.empty() ? "" : ", ") + value;
  return text.empty() ? "–" : text;
}

}  // namespace urb
