#include "cli/flags.hpp"

#include <algorithm>

namespace urb {

Bytes parse_body(std::string_view text) {
  constexpr Bytes kEnd{1ULL << 44};
  const Bytes body = value_or_throw(parse_bytes(text));
  if (body >= kEnd) throw CLI::ValidationError("a body is smaller than 16T");
  return body;
}

std::vector<std::string> Flags::rest() const {
  const auto dashes = std::find(arguments_.begin(), arguments_.end(), "--");
  if (dashes == arguments_.end()) return {};
  return {dashes + 1, arguments_.end()};
}

CLI::Option* Flags::duration(const std::string& names, Nanos& target,
                             const std::string& description, const char* why_not_zero) {
  return parsed(names, "T", description, format_duration(target),
                [&target, why_not_zero](const std::string& typed) {
                  target = value_or_throw(parse_duration(typed));
                  if (why_not_zero != nullptr && target == Nanos{0}) {
                    throw CLI::ValidationError(why_not_zero);
                  }
                });
}

CLI::Option* Flags::parsed(const std::string& names, const std::string& type,
                           const std::string& description, const std::string& shown_default,
                           Store store) {
  // CLI11 does not tell which option a callback's error belongs to.
  const std::string name = names.substr(names.rfind(',') + 1);
  const Store store_or_name = [name, store = std::move(store)](const std::string& typed) {
    try {
      store(typed);
    } catch (const CLI::ValidationError& error) {
      throw CLI::ValidationError(name, fmt::format("'{}': {}", typed, error.what()));
    }
  };
  return app_.add_option_function<std::string>(names, store_or_name, description)
      ->type_name(type)
      ->default_str(shown_default)
      ->group(group_);
}

}  // namespace urb
