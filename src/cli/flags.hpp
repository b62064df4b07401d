// Declares flags on members of a command's options, with checks, defaults and errors that CLI11
// does not have. CLI11 itself stays out of this header: parsing it takes seconds a file.
#pragma once

#include <array>
#include <functional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "base/units.hpp"

namespace CLI {  // NOLINT(readability-identifier-naming)
class App;
class Option;
}  // namespace CLI

namespace urb {

/// What is wrong with a flag's value. The name of the flag is put in front of it.
struct BadValue : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// The value, or throws BadValue.
template <class T>
T value_or_throw(std::variant<T, ParseError> parsed) {
  if (const auto* const error = std::get_if<ParseError>(&parsed)) throw BadValue(error->message);
  return std::get<T>(std::move(parsed));
}

/// "rr|random|least|key", for enums with a name_of().
template <class Enum, std::size_t kCount>
std::string join_names(const std::array<Enum, kCount>& known, std::string_view separator) {
  std::string names;
  for (const Enum value : known) {
    if (!names.empty()) names += separator;
    names += name_of(value);
  }
  return names;
}

/// The value of that name, or throws BadValue.
template <class Enum, std::size_t kCount>
Enum value_of_name(std::string_view text, const std::array<Enum, kCount>& known) {
  for (const Enum value : known) {
    if (name_of(value) == text) return value;
  }
  throw BadValue("not one of " + join_names(known, ", "));
}

/// A body of at least 16 TiB is no size but a mistake. As for ?size=N of a request.
[[nodiscard]] Bytes parse_body(std::string_view text);

/// A flag or an operand that has been declared, to say more about it.
class Flag {
 public:
  explicit Flag(CLI::Option& option) noexcept : option_{option} {}

  Flag required();
  Flag excludes(const Flag& other);
  /// How --help shows the value, and the default.
  Flag type_name(const std::string& type);
  Flag default_str(const std::string& shown);
  /// Several values in one argument, with commas.
  Flag comma_list();
  /// The flag may stand without a value, and then has this one.
  Flag value_if_none(const std::string& value);

 private:
  CLI::Option& option_;
};

class Flags {
 public:
  using Store = std::function<void(const std::string&)>;

  /// `arguments` are all that were typed; they and `app` outlive this object.
  Flags(CLI::App& app, const std::vector<std::string>& arguments)
      : app_{app}, arguments_{arguments} {}

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

  /// What has no name in front of it: a text, or as many as are given.
  template <class T>
  Flag operand(const std::string& name, T& target, const std::string& description);
  /// A number, an optional one, or as many as are given, from `least` to `most`.
  template <class T, class Number>
  Flag number(const std::string& names, T& target, std::pair<Number, Number> range,
              const std::string& description);
  /// A text, an optional one, or as many as are given.
  template <class T>
  Flag text(const std::string& names, T& target, const std::string& type,
            const std::string& description);
  /// Sets `target` to `value`.
  template <class T = bool>
  Flag flag(const std::string& names, T& target, const std::string& description, T value = true) {
    return action(
        names, [&target, value] { target = value; }, description);
  }
  /// One of `known`.
  template <class Enum, std::size_t kCount>
  Flag choice(const std::string& names, Enum& target, const std::array<Enum, kCount>& known,
              const std::string& description) {
    return parsed(
        names, join_names(known, "|"), description, std::string{name_of(target)},
        [&target, known](const std::string& typed) { target = value_of_name(typed, known); });
  }
  Flag duration(const std::string& names, Nanos& target, const std::string& description,
                const char* why_not_zero = nullptr);
  /// Anything else. `store` throws BadValue.
  Flag parsed(const std::string& names, const std::string& type, const std::string& description,
              const std::string& shown_default, Store store);

 private:
  Flag action(const std::string& names, std::function<void()> act, const std::string& description);

  CLI::App& app_;
  const std::vector<std::string>& arguments_;
  std::string group_ = "Options";
  std::vector<std::function<void()>> settles_;
};

}  // namespace urb
