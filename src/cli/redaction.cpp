// By the header's parsed text, however the option was spelled.
#include "cli/redaction.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <cstddef>

namespace urb {
namespace {

constexpr std::string_view kHidden = "(hidden)";

// Parts of names. Rather one header too many: nobody needs its value to repeat a measurement.
constexpr std::array<std::string_view, 9> kSecretParts{
    "auth", "cookie", "token", "secret", "key", "passw", "credential", "session", "signature"};

bool names_secret(std::string_view header) {
  std::string name{header.substr(0, header.find(':'))};
  std::transform(name.begin(), name.end(), name.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return std::any_of(kSecretParts.begin(), kSecretParts.end(), [&name](std::string_view part) {
    return name.find(part) != std::string::npos;
  });
}

std::string hide_value(std::string_view header) {
  const std::size_t colon = header.find(':');
  if (colon == std::string_view::npos) return std::string{kHidden};
  return std::string{header.substr(0, colon)}.append(": ").append(kHidden);
}

}  // namespace

std::vector<std::string> redact(std::vector<std::string> arguments,
                                const std::vector<std::string>& headers) {
  for (std::string& argument : arguments) {
    for (const std::string& header : headers) {
      if (header.empty() || !names_secret(header)) continue;
      // A short option may have its value behind it, in the same word.
      if (argument.ends_with(header)) {
        argument.replace(argument.size() - header.size(), header.size(), hide_value(header));
      }
    }
    argument = redact_urls(argument);
  }
  return arguments;
}

std::string redact_urls(std::string_view text) {
  constexpr std::string_view kBegin = "://";
  std::string shown;
  while (true) {
    const std::size_t begin = text.find(kBegin);
    if (begin == std::string_view::npos) return shown.append(text);
    shown += text.substr(0, begin + kBegin.size());
    text.remove_prefix(begin + kBegin.size());
    // A password may hold what should have been encoded; an @ of the path is behind a slash.
    const std::size_t at = text.substr(0, text.find_first_of("/?# ")).rfind('@');
    if (at == std::string_view::npos) continue;
    shown += kHidden;
    text.remove_prefix(at);
  }
}

}  // namespace urb
