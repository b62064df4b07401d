// Heads read line by line.
#include <strings.h>

#include <algorithm>

#include "fuzz.hpp"

namespace urb::fuzz {
namespace {

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view kBlank = " \t";
  const std::size_t begin = text.find_first_not_of(kBlank);
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(kBlank) + 1 - begin);
}

}  // namespace

bool same_name(std::string_view a, std::string_view b) {
  return a.size() == b.size() && strncasecmp(a.data(), b.data(), a.size()) == 0;
}

std::vector<std::string_view> PlainHead::values_of(std::string_view name) const {
  std::vector<std::string_view> values;
  for (const Line& line : lines) {
    if (same_name(line.name, name)) values.push_back(line.value);
  }
  return values;
}

bool PlainHead::is_named_by_connection(std::string_view name) const {
  for (std::string_view list : values_of("connection")) {
    while (true) {
      const std::size_t comma = list.find(',');
      if (same_name(trimmed(list.substr(0, comma)), name)) return true;
      if (comma == std::string_view::npos) break;
      list.remove_prefix(comma + 1);
    }
  }
  return false;
}

PlainHead read_plain_head(std::string_view head) {
  PlainHead plain;
  // Empty lines before the first are allowed (RFC 9112, 2.2).
  while (head.starts_with("\r\n")) head.remove_prefix(2);
  bool is_first = true;
  while (true) {
    const std::size_t end = head.find("\r\n");
    REQUIRE(end != std::string_view::npos);
    const std::string_view line = head.substr(0, end);
    head.remove_prefix(end + 2);
    // A line end that is none for us must not be one for somebody else.
    REQUIRE(line.find_first_of(std::string_view{"\r\n\0", 3}) == std::string_view::npos);
    if (line.empty()) break;
    if (is_first) {
      plain.first_line = line;
      is_first = false;
      continue;
    }
    const std::size_t colon = line.find(':');
    REQUIRE(colon != std::string_view::npos);
    REQUIRE(colon != 0);
    REQUIRE(line.substr(0, colon).find_first_of(" \t") == std::string_view::npos);
    plain.lines.push_back({line.substr(0, colon), trimmed(line.substr(colon + 1))});
  }
  REQUIRE(head.empty());
  return plain;
}

bool is_replaced_by_proxy(std::string_view name) {
  for (const char* const known :
       {"connection", "keep-alive", "proxy-connection", "te", "trailer", "transfer-encoding",
        "upgrade", "http2-settings", "proxy-authenticate", "proxy-authorization", "content-length",
        "expect"}) {
    if (same_name(name, known)) return true;
  }
  return false;
}

void check_end_to_end(const PlainHead& source, const PlainHead& forwarded,
                      std::span<const std::string_view> added) {
  std::size_t at = 0;
  for (const Line& line : source.lines) {
    if (is_replaced_by_proxy(line.name)) continue;
    if (source.is_named_by_connection(line.name) && !same_name(line.name, "host")) continue;
    REQUIRE(at < forwarded.lines.size());
    REQUIRE(forwarded.lines[at].name == line.name);
    REQUIRE(forwarded.lines[at].value == line.value);
    ++at;
  }
  for (; at < forwarded.lines.size(); ++at) {
    const std::string_view name = forwarded.lines[at].name;
    REQUIRE(std::find(added.begin(), added.end(), name) != added.end());
  }
}

}  // namespace urb::fuzz
