// Texts of others (paths, fields of files) on their way to a page, a terminal, a shell.
#pragma once

#include <string>
#include <string_view>

namespace urb {

/// Valid UTF-8 in one line. Invalid bytes and control characters become U+FFFD. So no file name
/// makes a page invalid, and none commands a terminal.
[[nodiscard]] std::string clean_text(std::string_view text);

/// One word of a shell: unchanged where nothing in it is special, else in single quotes.
[[nodiscard]] std::string quote_for_shell(std::string_view word);

}  // namespace urb
