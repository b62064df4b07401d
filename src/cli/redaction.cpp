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

// From a URL's query on: values of names that say they are secret.
std::string hide_query(std::string_view text) {
  std::string shown;
  while (true) {
    const std::size_t begin = std::min(text.find_first_of("?&"), text.size());
    const std::size_t equals = text.find('=', begin);
    const std::size_t end = std::min(text.find_first_of("?&# ", begin + 1), text.size());
    if (begin == text.size()) return shown.append(text);
    const bool is_secret = equals < end && names_secret(text.substr(begin + 1, equals - begin - 1));
    shown += text.substr(0, is_secret ? equals + 1 : end);
    if (is_secret) shown += kHidden;
    text.remove_prefix(end);
  }
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
  bool is_url = false;
  while (true) {
    const std::size_t begin = text.find(kBegin);
    const std::size_t next = begin == std::string_view::npos ? text.size() : begin + kBegin.size();
    const std::string_view part = text.substr(0, next);
    shown += is_url ? hide_query(part) : std::string{part};
    if (begin == std::string_view::npos) return shown;
    is_url = true;
    text.remove_prefix(next);
    // A password may hold what should have been encoded; an @ of the path is behind a slash.
    const std::size_t at = text.substr(0, text.find_first_of("/?# ")).rfind('@');
    if (at == std::string_view::npos) continue;
    shown += kHidden;
    text.remove_prefix(at);
  }
}

}  // namespace urb
