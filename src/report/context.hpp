// What the rows of a section were measured on, by what, and when.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "report/collection.hpp"

namespace urb {

/// What is to be said beside every table of a section of counts.
inline constexpr std::string_view kCountsNote =
    "Counted in an emulator, client and server together: no times, and no figure of a real "
    "processor, but what a kernel executes for a request.";

/// "Linux 6.12.57, method 2", or that of a section of counts.
[[nodiscard]] std::string title_of(const Section& section);

/// Names and what is known of them: kernel, CPU, machine, build, runs. Texts of files are as they
/// are there.
[[nodiscard]] std::vector<std::pair<std::string, std::string>> context_of(const Section& section);

}  // namespace urb
