#include "report/json_rows.hpp"

#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <variant>

namespace urb {
namespace {

using Json = nlohmann::ordered_json;

class JsonColumn {
 public:
  void add(FieldValue value) {
    if (std::holds_alternative<std::monostate>(value)) {
      values_.push_back(nullptr);
      has_unknown_ = true;
      return;
    }
    is_known_ = true;
    if (const auto* const text = std::get_if<std::string>(&value)) {
      values_.push_back(place_of(*text));
      return;
    }
    std::visit(
        [this](const auto& field) {
          if constexpr (std::is_arithmetic_v<std::decay_t<decltype(field)>>) {
            values_.push_back(field);
          }
        },
        value);
  }

  [[nodiscard]] bool is_known() const noexcept { return is_known_; }

  [[nodiscard]] Json take() {
    if (dictionary_.empty()) return std::move(values_);
    if (has_unknown_) {
      for (Json& value : values_) {
        if (value.is_null()) value = dictionary_.size();
      }
      dictionary_.push_back(nullptr);
    }
    return {{"dictionary", std::move(dictionary_)}, {"index", std::move(values_)}};
  }

 private:
  std::size_t place_of(const std::string& text) {
    const auto [found, is_new] = places_.try_emplace(text, places_.size());
    if (is_new) dictionary_.push_back(text);
    return found->second;
  }

  Json values_ = Json::array();
  Json dictionary_ = Json::array();
  std::map<std::string, std::size_t> places_;
  bool is_known_ = false;
  bool has_unknown_ = false;
};

}  // namespace

Json rows_json(const std::vector<Row>& rows) {
  std::vector<JsonColumn> columns(column_names().size());
  for (const Row& row : rows) {
    std::vector<FieldValue> values = values_of(row);
    for (std::size_t column = 0; column < columns.size(); ++column) {
      columns[column].add(std::move(values[column]));
    }
  }
  Json by_name = Json::object();
  for (std::size_t column = 0; column < columns.size(); ++column) {
    if (columns[column].is_known()) by_name[column_names()[column]] = columns[column].take();
  }
  return {{"count", rows.size()}, {"columns", std::move(by_name)}};
}

}  // namespace urb
