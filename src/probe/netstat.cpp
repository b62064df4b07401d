#include "probe/netstat.hpp"

#include <fstream>
#include <sstream>
#include <string>

namespace urb {
namespace {

// The next line that starts with "group:", without that. Empty when there is none.
std::string next_line_of(std::istringstream& lines, std::string_view group) {
  for (std::string line; std::getline(lines, line);) {
    if (line.size() > group.size() && line.starts_with(group) && line[group.size()] == ':') {
      return line.substr(group.size() + 1);
    }
  }
  return {};
}

}  // namespace

std::optional<std::uint64_t> count_listen_overflows() {
  std::ifstream file{"/proc/net/netstat"};
  std::ostringstream text;
  if (file) text << file.rdbuf();
  return find_netstat(text.str(), "TcpExt", "ListenOverflows");
}

std::optional<std::uint64_t> find_netstat(std::string_view text, std::string_view group,
                                          std::string_view name) {
  std::istringstream lines{std::string{text}};
  std::istringstream names{next_line_of(lines, group)};
  std::istringstream values{next_line_of(lines, group)};
  std::string candidate;
  std::uint64_t value = 0;
  while (names >> candidate && values >> value) {
    if (candidate == name) return value;
  }
  return std::nullopt;
}

}  // namespace urb
