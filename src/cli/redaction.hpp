// What must not be in a file of results, which is made to be shown to others.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace urb {

/// `arguments` without secrets: the values of `headers` of which the name says that they are one
/// (Authorization, Cookie, X-Api-Key, …), and users and passwords in URLs.
[[nodiscard]] std::vector<std::string> redact(std::vector<std::string> arguments,
                                              const std::vector<std::string>& headers);

/// A text with URLs in it, without their users and passwords, and without the values of their
/// queries whose names say that they are secrets (?token=…).
[[nodiscard]] std::string redact_urls(std::string_view text);

}  // namespace urb
