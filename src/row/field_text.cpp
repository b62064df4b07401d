#include "row/field_text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <type_traits>
#include <variant>

namespace urb {
namespace {

constexpr double kFigureMax = 1e30;  // a guess: no meter here comes near it

std::string to_text(std::monostate) { return {}; }
std::string to_text(const std::string& value) { return value; }
std::string to_text(std::uint64_t value) { return fmt::format("{}", value); }
std::string to_text(bool value) { return value ? "yes" : "no"; }
// What was divided by nothing is unknown.
std::string to_text(double value) { return std::isfinite(value) ? format_figure(value) : ""; }

template <class T>
std::string number_from_text(const std::string& text, T& field) {
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), field);
  const bool is_number = parsed.ec == std::errc{} && parsed.ptr == text.data() + text.size();
  if (!is_number) return fmt::format("'{}' is not a number", text);
  if constexpr (std::is_floating_point_v<T>) {
    if (!std::isfinite(field) || field < 0)
      return fmt::format("'{}' is no finite number from 0", text);
    // The tables add figures up, and a sum of larger ones would not be finite.
    if (field > kFigureMax) return fmt::format("'{}' is more than anything measured", text);
    field = std::abs(field);  // "-0"
  }
  return {};
}

}  // namespace

std::string to_field_text(const FieldValue& value) {
  return std::visit([](const auto& known) { return to_text(known); }, value);
}

std::string from_field_text(const std::string& text, std::string& field) {
  field = text;
  return {};
}
std::string from_field_text(const std::string& text, std::uint64_t& field) {
  return number_from_text(text, field);
}
std::string from_field_text(const std::string& text, unsigned& field) {
  return number_from_text(text, field);
}
std::string from_field_text(const std::string& text, double& field) {
  return number_from_text(text, field);
}
std::string from_field_text(const std::string& text, bool& field) {
  field = text == "yes";
  if (field || text == "no") return {};
  return fmt::format("'{}' is neither yes nor no", text);
}
std::string from_field_text(const std::string& text, Status& field) {
  const auto* const name = std::find(kStatusNames.begin(), kStatusNames.end(), text);
  if (name == kStatusNames.end()) return fmt::format("'{}' is not a status", text);
  field = static_cast<Status>(name - kStatusNames.begin());
  return {};
}

}  // namespace urb
