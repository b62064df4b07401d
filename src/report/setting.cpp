#include "report/setting.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>
#include <string_view>

namespace urb {
namespace {

constexpr std::array<std::string_view, 6> kOfCells{"mode", "relay",      "policy",
                                                   "url",  "body_bytes", "reuse"};
// What other programs do not know of.
constexpr std::array<std::string_view, 3> kFilled{"buffers", "pinning", "loop"};

struct Phrase {
  std::string_view column;
  std::string_view text;  ///< {} is the value
};
constexpr std::array kPhrases{Phrase{"workers", "{} workers"},
                              Phrase{"connections", "{} connections"},
                              Phrase{"loop", "{} loop"},
                              Phrase{"rate_requested", "at {} req/s"},
                              Phrase{"response_bytes", "responses of {} bytes"},
                              Phrase{"body_mix", "bodies mixed {}"}};

template <class Names>
bool contains(const Names& names, std::string_view name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

// Where in a row the columns of a setting are: of the workload, what makes no cells of it.
const std::vector<std::size_t>& setting_places() {
  static const std::vector<std::size_t> places = [] {
    std::vector<std::size_t> found;
    for (std::size_t place = 0; place < kColumns.size(); ++place) {
      const Column& column = kColumns.at(place);
      if (column.section == RowSection::workload && !contains(kOfCells, column.name)) {
        found.push_back(place);
      }
    }
    return found;
  }();
  return places;
}

std::string text_of(const FieldValue& value) {
  return std::visit(
      [](const auto& field) -> std::string {
        using Field = std::decay_t<decltype(field)>;
        if constexpr (std::is_same_v<Field, std::monostate>) return "";
        if constexpr (std::is_same_v<Field, std::string>) return field;
        if constexpr (std::is_same_v<Field, bool>) return field ? "yes" : "no";
        if constexpr (std::is_same_v<Field, std::uint64_t>) return fmt::format("{}", field);
        if constexpr (std::is_same_v<Field, double>) return format_figure(field);
      },
      value);
}

}  // namespace

SettingReader::SettingReader(const std::vector<const Row*>& rows) {
  std::map<std::size_t, std::map<std::string, std::size_t>> counts;
  for (const Row* const row : rows) {
    const std::vector<FieldValue> values = urb::values_of(*row);
    for (const std::size_t place : setting_places()) {
      if (contains(kFilled, kColumns.at(place).name)) ++counts[place][text_of(values[place])];
    }
  }
  for (auto& [place, by_value] : counts) {
    by_value.erase("");
    const auto most = std::max_element(
        by_value.begin(), by_value.end(),
        [](const auto& left, const auto& right) { return left.second < right.second; });
    if (most != by_value.end()) usual_[place] = most->first;
  }
}

SettingValues SettingReader::values_of(const Row& row) const {
  const std::vector<FieldValue> fields = urb::values_of(row);
  SettingValues values;
  for (const std::size_t place : setting_places()) {
    std::string value = text_of(fields[place]);
    const auto usual = usual_.find(place);
    if (value.empty() && usual != usual_.end()) value = usual->second;
    const std::string_view column = kColumns.at(place).name;
    // Who does it is of cells.
    if (column == "tls" && !value.empty() && value != "off") {
      value.replace(0, value.find('+'), "yes");
    }
    // Of a server of others, `load` does not know the workers.
    const bool may_be_none = column == "response_bytes" || column == "workers";
    const bool says_something = !value.empty() && !(may_be_none && value == "0");
    if (says_something) values.emplace_back(column, std::move(value));
  }
  return values;
}

std::string title_of(const SettingValues& values) {
  std::string title;
  const auto add = [&title](std::string_view part) {
    title += title.empty() ? "" : ", ";
    title += part;
  };
  for (const Phrase& phrase : kPhrases) {
    const std::string value = value_of(values, phrase.column);
    if (value.empty()) continue;
    std::string part = fmt::format(fmt::runtime(phrase.text), value);
    if (value == "1" && part.ends_with('s')) part.pop_back();
    add(part);
  }
  for (const auto& [column, value] : values) {
    const bool is_said =
        std::any_of(kPhrases.begin(), kPhrases.end(),
                    [&name = column](const Phrase& phrase) { return phrase.column == name; });
    if (!is_said) add(fmt::format("{} {}", column, value));
  }
  return title;
}

std::string value_of(const SettingValues& values, std::string_view column) {
  const auto found = std::find_if(values.begin(), values.end(),
                                  [column](const auto& value) { return value.first == column; });
  return found == values.end() ? "" : found->second;
}

}  // namespace urb
