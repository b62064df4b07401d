#include "report/guest.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace urb {

namespace {

// Calls `visit` with each name and value.
template <class Visit>
void visit_fields(std::string_view guest, Visit&& visit) {
  while (!guest.empty()) {
    const std::string_view field = guest.substr(0, guest.find(';'));
    const std::size_t equals = field.find('=');
    if (equals != std::string_view::npos) visit(field.substr(0, equals), field.substr(equals + 1));
    guest.remove_prefix(std::min(field.size() + 1, guest.size()));
  }
}

}  // namespace

std::string guest_field(std::string_view guest, std::string_view name) {
  std::string found;
  visit_fields(guest, [&](std::string_view field, std::string_view value) {
    if (field == name && found.empty()) found = value;
  });
  return found;
}

std::string guest_field(const Row& row, std::string_view name) {
  return guest_field(row.guest, name);
}

std::vector<std::string> guest_field_names(std::string_view guest) {
  std::vector<std::string> names;
  visit_fields(guest, [&](std::string_view field, std::string_view) { names.emplace_back(field); });
  return names;
}

std::string lasting_guest(std::string_view guest) {
  constexpr std::array<std::string_view, 6> kPassing{"client", "master", "workers",
                                                     "others", "settle", "build"};
  std::string lasting;
  visit_fields(guest, [&](std::string_view field, std::string_view value) {
    if (std::find(kPassing.begin(), kPassing.end(), field) != kPassing.end()) return;
    lasting += fmt::format("{}{}={}", lasting.empty() ? "" : ";", field, value);
  });
  return lasting;
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
