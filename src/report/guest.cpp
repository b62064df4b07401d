#include "report/guest.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace urb {

std::string guest_field(const Row& row, std::string_view name) {
  std::string_view rest = row.guest;
  while (!rest.empty()) {
    const std::string_view field = rest.substr(0, rest.find(';'));
    const std::size_t equals = field.find('=');
    if (equals != std::string_view::npos && field.substr(0, equals) == name) {
      return std::string{field.substr(equals + 1)};
    }
    rest.remove_prefix(std::min(field.size() + 1, rest.size()));
  }
  return "";
}

std::string virtual_machine(const Row& row) {
  std::string text;
  for (const std::string_view name : {"qemu", "machine", "cpu"}) {
    const std::string value = guest_field(row, name);
    if (!value.empty()) text += fmt::format("{}{} {}", text.empty() ? "" : ", ", name, value);
  }
  return text.empty() ? row.guest : text;
}

}  // namespace urb
