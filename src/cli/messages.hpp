// One line at a time to whoever runs the command.
#pragma once

#include <string_view>

#include "row/warnings.hpp"

namespace urb {

/// "uring-bench: …" on stderr, as one line whatever the text holds.
void print_error(std::string_view what);
/// "uring-bench: warning: …" for each of them.
void print_warnings(const Warnings& warnings);

}  // namespace urb
