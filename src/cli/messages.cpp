#include "cli/messages.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <string>

#include "report/console.hpp"

namespace urb {

void print_error(std::string_view what) {
  std::string line{what};
  // Paths and other programs' words are in it: no line of theirs, no command to the terminal.
  const auto is_control = [](char c) { return static_cast<unsigned char>(c) < ' ' || c == 0x7F; };
  std::replace_if(line.begin(), line.end(), is_control, ' ');
  write_text(stderr, fmt::format("uring-bench: {}\n", line));
}

void print_warnings(const Warnings& warnings) {
  for (const Warning warning : warnings) {
    print_error(fmt::format("warning: {}", text_of(warning)));
  }
}

}  // namespace urb
