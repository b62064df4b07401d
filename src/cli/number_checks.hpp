// What CLI11's own checks let pass: NaN is within any range, and "-1", as what is beyond
// 64 bits, the largest unsigned number.
#pragma once

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <cerrno>
#include <cmath>
#include <cstdlib>
#include <string>
#include <type_traits>

namespace urb {

/// What is wrong with an unsigned number; empty for nothing. It is read as strtoull(3) does, which
/// takes a number beyond 64 bits for the largest.
inline std::string check_unsigned(const std::string& text) {
  if (text.find('-') != std::string::npos) return fmt::format("'{}' is below zero", text);
  errno = 0;
  static_cast<void>(std::strtoull(text.c_str(), nullptr, 0));
  return errno == ERANGE ? fmt::format("'{}' is beyond 64 bits", text) : "";
}

/// A finite number in a range, without the limits in the help text, where they would take the
/// place of what matters.
template <class T>
CLI::Validator in_range(T least, T most) {
  const auto check = [least, most](std::string& text) -> std::string {
    if constexpr (std::is_unsigned_v<T>) {
      if (std::string problem = check_unsigned(text); !problem.empty()) return problem;
    }
    if constexpr (std::is_floating_point_v<T>) {
      T number{};
      if (!CLI::detail::lexical_cast(text, number) || !std::isfinite(number)) {
        return fmt::format("'{}' is no finite number", text);
      }
    }
    return CLI::Range(least, most)(text);
  };
  return CLI::Validator{check, ""};
}

}  // namespace urb
