// Declares flags on members of a command's options, with checks, defaults and errors that CLI11
// does not have.
#pragma once

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <array>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "base/units.hpp"
#include "cli/number_checks.hpp"

namespace urb {

/// The value, or CLI11's error, which gets the option's name.
template <class T>
T value_or_throw(std::variant<T, ParseError> parsed) {
  if (const auto* const error = std::get_if<ParseError>(&parsed)) {
    throw CLI::ValidationError(error->message);
  }
  return std::get<T>(std::move(parsed));
}

/// "rr|random|least|key", for enums with a name_of().
template <class Enum, std::size_t kCount>
std::string join_names(const std::array<Enum, kCount>& known, std::string_view separator) {
  std::string names;
  for (const Enum value : known) {
    names += fmt::format("{}{}", names.empty() ? "" : separator, name_of(value));
  }
  return names;
}

/// The value of that name, or CLI11's error, which gets the option's name.
template <class Enum, std::size_t kCount>
Enum value_of_name(std::string_view text, const std::array<Enum, kCount>& known) {
  for (const Enum value : known) {
    if (name_of(value) == text) return value;
  }
  throw CLI::ValidationError("not one of " + join_names(known, ", "));
}

/// A body of at least 16 TiB is no size but a mistake. As for ?size=N of a request.
[[nodiscard]] Bytes parse_body(std::string_view text);

class Flags {
 public:
  using Store = std::function<void(const std::string&)>;

  /// `arguments` are all that were typed; they and `app` outlive this object.
  Flags(CLI::App& app, const std::vector<std::string>& arguments)
      : app_{app}, arguments_{arguments} {}

  /// For what this class has no word for.
  [[nodiscard]] CLI::App& app() noexcept { return app_; }
  [[nodiscard]] const std::vector<std::string>& arguments() const noexcept { return arguments_; }
  /// What follows `--`, for a command that passes it on.
  [[nodiscard]] std::vector<std::string> rest() const;
  /// The heading of what is declared next.
  void group(std::string heading) { group_ = std::move(heading); }
  /// After everything has been read; throws UsageError for what does not go together.
  void when_read(std::function<void()> settle) { settles_.push_back(std::move(settle)); }
  void finish() const {
    for (const auto& settle : settles_) settle();
  }

  /// A number, or an optional one, from `least` to `most`.
  template <class T, class Number>
  CLI::Option* number(const std::string& names, T& target, std::pair<Number, Number> range,
                      const std::string& description) {
    CLI::Option* const option = app_.add_option(names, target, description)
                                    ->check(in_range(range.first, range.second))
                                    ->type_name("N")
                                    ->group(group_);
    if constexpr (std::is_arithmetic_v<T>) option->capture_default_str();
    return option;
  }
  /// A text, an optional one, or as many as are given.
  template <class T>
  CLI::Option* text(const std::string& names, T& target, const std::string& type,
                    const std::string& description) {
    return app_.add_option(names, target, description)
        ->type_name(type)
        ->allow_extra_args(false)
        ->group(group_);
  }
  /// Sets `target` to `value`.
  template <class T = bool>
  CLI::Option* flag(const std::string& names, T& target, const std::string& description,
                    T value = true) {
    return app_
        .add_flag_callback(
            names, [&target, value] { target = value; }, description)
        ->group(group_);
  }
  /// One of `known`.
  template <class Enum, std::size_t kCount>
  CLI::Option* choice(const std::string& names, Enum& target, const std::array<Enum, kCount>& known,
                      const std::string& description) {
    return parsed(
        names, join_names(known, "|"), description, std::string{name_of(target)},
        [&target, known](const std::string& typed) { target = value_of_name(typed, known); });
  }
  CLI::Option* duration(const std::string& names, Nanos& target, const std::string& description,
                        const char* why_not_zero = nullptr);
  /// Anything else. `store` throws CLI::ValidationError.
  CLI::Option* parsed(const std::string& names, const std::string& type,
                      const std::string& description, const std::string& shown_default,
                      Store store);

 private:
  CLI::App& app_;
  const std::vector<std::string>& arguments_;
  std::string group_ = "Options";
  std::vector<std::function<void()>> settles_;
};

}  // namespace urb
