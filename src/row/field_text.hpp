// The fields of a row as texts and back, for every kind of row. The types are those of FieldType.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "row/row.hpp"

namespace urb {

[[nodiscard]] std::string to_field_text(const FieldValue& value);

/// Each fills `field`, and returns what is wrong with the text: nothing when it was understood.
/// Figures are finite and from 0.
[[nodiscard]] std::string from_field_text(const std::string& text, std::string& field);
[[nodiscard]] std::string from_field_text(const std::string& text, std::uint64_t& field);
[[nodiscard]] std::string from_field_text(const std::string& text, unsigned& field);
[[nodiscard]] std::string from_field_text(const std::string& text, double& field);
[[nodiscard]] std::string from_field_text(const std::string& text, bool& field);
[[nodiscard]] std::string from_field_text(const std::string& text, Status& field);
/// No text is an unknown value.
template <class T>
[[nodiscard]] std::string from_field_text(const std::string& text, std::optional<T>& field) {
  field.reset();
  if (text.empty()) return {};
  return from_field_text(text, field.emplace());
}

}  // namespace urb
