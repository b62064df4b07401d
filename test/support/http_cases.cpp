// Reading of the case files.
#include "support/http_cases.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <fstream>

namespace urb::test {
namespace {

constexpr std::string_view kFenceBegin = "```http";
constexpr std::string_view kFenceEnd = "```";
constexpr std::string_view kName = "## ";
constexpr std::string_view kExpect = "Expect: ";
constexpr std::string_view kWhy = "Why: ";

std::size_t number_at(std::string_view text, int base) {
  std::size_t value = 0;
  const auto [rest, error] = std::from_chars(text.data(), text.data() + text.size(), value, base);
  REQUIRE_MESSAGE((error == std::errc{} && rest == text.data() + text.size()),
                  "not a number: " << text);
  return value;
}

// What stands behind a backslash at the beginning of `rest`, which it shortens.
std::string take_escape(std::string_view& rest) {
  REQUIRE_FALSE(rest.empty());
  const char kind = rest.front();
  rest.remove_prefix(1);
  switch (kind) {
    case 'r': return "\r";
    case 'n': return "\n";
    case 't': return "\t";
    case '\\': return "\\";
    case 'x': {
      REQUIRE(rest.size() >= 2);
      const auto byte = static_cast<char>(number_at(rest.substr(0, 2), 16));
      rest.remove_prefix(2);
      return {byte};
    }
    case '{': {  // \{COUNT:TEXT}, and TEXT may have escapes
      const std::size_t colon = rest.find(':');
      const std::size_t end = rest.find('}');
      REQUIRE((colon < end && end != std::string_view::npos));
      const std::size_t count = number_at(rest.substr(0, colon), 10);
      std::string_view text = rest.substr(colon + 1, end - colon - 1);
      rest.remove_prefix(end + 1);
      std::string once;
      while (!text.empty()) {
        const char c = text.front();
        text.remove_prefix(1);
        once += c == '\\' ? take_escape(text) : std::string{c};
      }
      std::string all;
      for (std::size_t index = 0; index < count; ++index) all += once;
      return all;
    }
    default: FAIL("unknown escape: \\" << kind); return {};
  }
}

std::string unescape_line(std::string_view line) {
  // An even number of backslashes at the end are escaped ones.
  const std::size_t last_other = line.find_last_not_of('\\');
  const std::size_t text_size = last_other == std::string_view::npos ? 0 : last_other + 1;
  const bool continues = (line.size() - text_size) % 2 != 0;
  if (continues) line.remove_suffix(1);
  std::string out;
  while (!line.empty()) {
    const char c = line.front();
    line.remove_prefix(1);
    out += c == '\\' ? take_escape(line) : std::string{c};
  }
  return continues ? out : out + "\r\n";
}

void read_file(const std::filesystem::path& path, std::vector<HttpCase>& cases) {
  std::ifstream file{path};
  REQUIRE_MESSAGE(file.is_open(), "cannot read " << path);
  HttpCase next;
  std::string line;
  while (std::getline(file, line)) {
    if (line.starts_with(kName)) {
      REQUIRE_MESSAGE(next.name.empty(), path << ": no request for " << next.name);
      next = {path.filename().string(), line.substr(kName.size()), {}, {}, {}};
    } else if (line.starts_with(kExpect)) {
      next.expect = line.substr(kExpect.size());
    } else if (line.starts_with(kWhy)) {
      next.why = line.substr(kWhy.size());
    } else if (line == kFenceBegin) {
      std::string block;
      while (std::getline(file, line) && line != kFenceEnd) block += line + '\n';
      REQUIRE_MESSAGE((!next.name.empty() && !next.expect.empty()), path << ": " << next.name);
      next.request = unescape_request(block);
      cases.push_back(next);
      next = {};
    }
  }
  REQUIRE_MESSAGE(next.name.empty(), path << ": no request for " << next.name);
}

}  // namespace

std::string unescape_request(std::string_view block) {
  std::string out;
  while (!block.empty()) {
    const std::size_t end = std::min(block.find('\n'), block.size());
    out += unescape_line(block.substr(0, end));
    block.remove_prefix(std::min(end + 1, block.size()));
  }
  return out;
}

std::vector<HttpCase> read_http_cases(const std::string& folder) {
  std::vector<std::filesystem::path> paths;
  for (const auto& entry : std::filesystem::directory_iterator{folder}) {
    if (entry.path().extension() == ".md" && entry.path().filename() != "README.md") {
      paths.push_back(entry.path());
    }
  }
  std::sort(paths.begin(), paths.end());
  std::vector<HttpCase> cases;
  for (const auto& path : paths) read_file(path, cases);
  return cases;
}

}  // namespace urb::test
