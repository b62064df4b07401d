#include "report/setting.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>
#include <string_view>

namespace urb {
namespace {

struct Column {
  std::string_view name;
  bool is_filled;  ///< unknown to other programs
  std::string (*text_of)(const Row&);
  std::string_view title;  ///< {} is the value
};

template <std::string Row::*kField>
std::string text(const Row& row) {
  return row.*kField;
}
template <std::uint64_t Row::*kField>
std::string number(const Row& row) {
  return fmt::format("{}", row.*kField);
}

std::string response_bytes(const Row& row) {
  return row.response_bytes == 0 ? "" : fmt::format("{}", row.response_bytes);
}
std::string rate(const Row& row) {
  return row.rate_requested ? format_figure(*row.rate_requested) : "";
}

constexpr std::array kColumns{
    Column{"workers", false, number<&Row::workers>, "{} workers"},
    Column{"connections", false, number<&Row::connections>, "{} connections"},
    Column{"loop", true, text<&Row::loop>, "{} loop"},
    Column{"rate_requested", false, rate, "at {} req/s"},
    Column{"response_bytes", false, response_bytes, "responses of {} bytes"},
    Column{"client", false, text<&Row::client>, "client {}"},
    Column{"buffers", true, text<&Row::buffers>, "buffers {}"},
    Column{"policy", true, text<&Row::policy>, "policy {}"},
    Column{"pinning", true, text<&Row::pinning>, "pinning {}"},
};

std::string most_frequent(const std::vector<const Row*>& rows, const Column& column) {
  std::map<std::string, std::size_t> counts;
  for (const Row* const row : rows) ++counts[column.text_of(*row)];
  counts.erase("");
  const auto most = std::max_element(
      counts.begin(), counts.end(),
      [](const auto& left, const auto& right) { return left.second < right.second; });
  return most == counts.end() ? "" : most->first;
}

}  // namespace

SettingReader::SettingReader(const std::vector<const Row*>& rows) {
  for (const Column& column : kColumns) {
    usual_.push_back(column.is_filled ? most_frequent(rows, column) : "");
  }
}

SettingValues SettingReader::values_of(const Row& row) const {
  SettingValues values;
  for (std::size_t index = 0; index < kColumns.size(); ++index) {
    std::string value = kColumns[index].text_of(row);
    if (value.empty()) value = usual_[index];
    if (!value.empty()) values.emplace_back(kColumns[index].name, std::move(value));
  }
  return values;
}

std::string title_of(const SettingValues& values) {
  std::string title;
  for (const auto& [name, value] : values) {
    const auto column = std::find_if(kColumns.begin(), kColumns.end(),
                                     [&name](const Column& each) { return each.name == name; });
    std::string part = fmt::format(fmt::runtime(column->title), value);
    if (value == "1" && part.ends_with('s')) part.pop_back();
    title += (title.empty() ? "" : ", ") + part;
  }
  return title;
}

std::string value_of(const SettingValues& values, const std::string& column) {
  const auto found = std::find_if(values.begin(), values.end(),
                                  [&column](const auto& value) { return value.first == column; });
  return found == values.end() ? "" : found->second;
}

}  // namespace urb
