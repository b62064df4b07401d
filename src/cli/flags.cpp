// CLI11's own checks let much pass: NaN is within any range, and "-1", as what is beyond 64 bits,
// the largest unsigned number.
#include "cli/flags.hpp"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cerrno>
#include <cmath>
#include <cstdlib>
#include <optional>
#include <type_traits>

namespace urb {
namespace {

// What is wrong with an unsigned number; empty for nothing. It is read as strtoull(3) does, which
// takes a number beyond 64 bits for the largest.
std::string check_unsigned(const std::string& text) {
  if (text.find('-') != std::string::npos) return fmt::format("'{}' is below zero", text);
  errno = 0;
  static_cast<void>(std::strtoull(text.c_str(), nullptr, 0));
  return errno == ERANGE ? fmt::format("'{}' is beyond 64 bits", text) : "";
}

// A finite number in a range, without the limits in the help text, where they would take the
// place of what matters.
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

}  // namespace

Bytes parse_body(std::string_view text) {
  constexpr Bytes kEnd{1ULL << 44};
  const Bytes body = value_or_throw(parse_bytes(text));
  if (body >= kEnd) throw BadValue("a body is smaller than 16T");
  return body;
}

Flag Flag::required() { return Flag{*option_.required()}; }

Flag Flag::excludes(const Flag& other) { return Flag{*option_.excludes(&other.option_)}; }

Flag Flag::type_name(const std::string& type) { return Flag{*option_.type_name(type)}; }

Flag Flag::default_str(const std::string& shown) { return Flag{*option_.default_str(shown)}; }

Flag Flag::comma_list() { return Flag{*option_.delimiter(',')}; }

Flag Flag::value_if_none(const std::string& value) {
  return Flag{*option_.expected(0, 1)->default_str(value)};
}

std::vector<std::string> Flags::rest() const {
  const auto dashes = std::find(arguments_.begin(), arguments_.end(), "--");
  if (dashes == arguments_.end()) return {};
  return {dashes + 1, arguments_.end()};
}

template <class T>
Flag Flags::operand(const std::string& name, T& target, const std::string& description) {
  return Flag{*app_.add_option(name, target, description)};
}

template <class T, class Number>
Flag Flags::number(const std::string& names, T& target, std::pair<Number, Number> range,
                   const std::string& description) {
  CLI::Option* const option = app_.add_option(names, target, description)
                                  ->check(in_range(range.first, range.second))
                                  ->type_name("N")
                                  ->group(group_);
  if constexpr (std::is_arithmetic_v<T>) option->capture_default_str();
  return Flag{*option};
}

template <class T>
Flag Flags::text(const std::string& names, T& target, const std::string& type,
                 const std::string& description) {
  return Flag{*app_.add_option(names, target, description)
                   ->type_name(type)
                   ->allow_extra_args(false)
                   ->group(group_)};
}

Flag Flags::action(const std::string& names, std::function<void()> act,
                   const std::string& description) {
  return Flag{*app_.add_flag_callback(names, std::move(act), description)->group(group_)};
}

Flag Flags::duration(const std::string& names, Nanos& target, const std::string& description,
                     const char* why_not_zero) {
  return parsed(names, "T", description, format_duration(target),
                [&target, why_not_zero](const std::string& typed) {
                  target = value_or_throw(parse_duration(typed));
                  if (why_not_zero != nullptr && target == Nanos{0}) throw BadValue(why_not_zero);
                });
}

Flag Flags::parsed(const std::string& names, const std::string& type,
                   const std::string& description, const std::string& shown_default, Store store) {
  // CLI11 does not tell which option a callback's error belongs to.
  const std::string name = names.substr(names.rfind(',') + 1);
  const Store store_or_name = [name, store = std::move(store)](const std::string& typed) {
    try {
      store(typed);
    } catch (const BadValue& error) {
      throw CLI::ValidationError(name, fmt::format("'{}': {}", typed, error.what()));
    }
  };
  return Flag{*app_.add_option_function<std::string>(names, store_or_name, description)
                   ->type_name(type)
                   ->default_str(shown_default)
                   ->group(group_)};
}

// The types in use.
using Texts = std::vector<std::string>;
template Flag Flags::operand(const std::string&, std::string&, const std::string&);
template Flag Flags::operand(const std::string&, Texts&, const std::string&);
template Flag Flags::text(const std::string&, std::string&, const std::string&, const std::string&);
template Flag Flags::text(const std::string&, std::optional<std::string>&, const std::string&,
                          const std::string&);
template Flag Flags::text(const std::string&, Texts&, const std::string&, const std::string&);
template Flag Flags::number(const std::string&, unsigned&, std::pair<unsigned, unsigned>,
                            const std::string&);
template Flag Flags::number(const std::string&, double&, std::pair<double, double>,
                            const std::string&);
template Flag Flags::number(const std::string&, std::uint64_t&,
                            std::pair<std::uint64_t, std::uint64_t>, const std::string&);
template Flag Flags::number(const std::string&, std::optional<std::uint64_t>&,
                            std::pair<std::uint64_t, std::uint64_t>, const std::string&);
template Flag Flags::number(const std::string&, std::vector<int>&, std::pair<int, int>,
                            const std::string&);

}  // namespace urb
