// Rounding to what people read.
#include "report/plot_text.hpp"

#include <fmt/format.h>

#include <cmath>

namespace urb {
namespace {

std::string tick(double at, std::string_view unit) {
  return fmt::format("{} {:.6g}", quote(unit == "s" ? format_seconds(at) : format_count(at)), at);
}

std::string tick_list(double low, double high, std::string_view unit, bool with_between) {
  std::string ticks;
  for (int power = static_cast<int>(std::floor(std::log10(low))); std::pow(10, power) <= high;
       ++power) {
    for (const double factor : {1.0, 2.0, 5.0}) {
      const double at = factor * std::pow(10, power);
      if (at < low || at > high || (factor != 1 && !with_between)) continue;
      ticks += fmt::format("{}{}", ticks.empty() ? "" : ", ", tick(at, unit));
    }
  }
  return ticks;
}

}  // namespace

std::string quote(std::string_view text) {
  std::string quoted = "\"";
  for (const char c : text) {
    // Ticks are formats, so that '%' is one of them.
    const bool is_special = c == '%' || c == '"' || c == '\\' || c == '`' || c == '$' || c == '@' ||
                            static_cast<unsigned char>(c) < ' ' || c == 0x7F;
    quoted += is_special ? '_' : c;
  }
  return quoted + '"';
}

double tick_step(double span) {
  const double power = std::pow(10, std::floor(std::log10(span / 6)));
  for (const double factor : {1.0, 2.0, 5.0}) {
    if (power * factor * 6 >= span) return power * factor;
  }
  return power * 10;
}

std::string linear_ticks(double low, double high, std::string_view unit) {
  const double step = tick_step(high - low);
  std::string ticks;
  for (double index = std::ceil(low / step); index * step <= high; ++index) {
    ticks +=
        fmt::format("{}{}", ticks.empty() ? "" : ", ", tick(index * step + 0.0, unit));  // not "-0"
  }
  return ticks;
}

std::string log_ticks(double low, double high, std::string_view unit) {
  if (high / low < 8) return linear_ticks(low, high, unit);
  return tick_list(low, high, unit, high / low < 200);
}

std::string format_seconds(double seconds) {
  if (seconds >= 0.9995) return fmt::format("{:.4g} s", seconds);
  if (seconds >= 0.9995e-3) return fmt::format("{:.4g} ms", seconds * 1e3);
  return fmt::format("{:.4g} µs", seconds * 1e6);
}

std::string format_count(double count) {
  if (std::abs(count) >= 1e6) return fmt::format("{:.4g} M", count / 1e6);
  if (std::abs(count) >= 1e4) return fmt::format("{:.4g} k", count / 1e3);
  return fmt::format("{:.4g}", count);
}

}  // namespace urb
