#include "stats/memory_use.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <sstream>
#include <string>

#include "base/small_files.hpp"

namespace urb {
namespace {

// The number behind a word of the line that begins with `start`.
std::optional<std::uint64_t> number_behind(std::string_view text, std::string_view start,
                                           std::string_view word) {
  std::istringstream lines{std::string{text}};
  for (std::string line; std::getline(lines, line);) {
    if (!line.starts_with(start)) continue;
    std::istringstream fields{line};
    std::uint64_t number = 0;
    for (std::string field; fields >> field;) {
      if (field == word && fields >> number) return number;
    }
  }
  return std::nullopt;
}

}  // namespace

std::optional<std::uint64_t> parse_pss_kb(std::string_view smaps_rollup) {
  return number_behind(smaps_rollup, "Pss:", "Pss:");
}

std::optional<std::uint64_t> sample_memory_kb(pid_t pid) {
  return parse_pss_kb(read_small_file(fmt::format("/proc/{}/smaps_rollup", pid)));
}

std::optional<std::uint64_t> parse_tcp_pages(std::string_view sockstat) {
  return number_behind(sockstat, "TCP:", "mem");
}

std::optional<std::uint64_t> sample_socket_memory_kb() {
  const auto pages = parse_tcp_pages(read_small_file("/proc/net/sockstat"));
  if (!pages) return std::nullopt;
  return *pages * static_cast<std::uint64_t>(sysconf(_SC_PAGESIZE)) / 1024;
}

}  // namespace urb
