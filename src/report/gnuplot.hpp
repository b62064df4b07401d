// Running gnuplot, which is a program of its own and need not be there.
#pragma once

#include <string>
#include <string_view>

#include "report/plot.hpp"

namespace urb {

/// Whether gnuplot is on the PATH. Throws std::runtime_error with its own words when it is there
/// and does not start.
[[nodiscard]] bool has_gnuplot();

/// The picture as an SVG file. Its text follows the reader's light or dark scheme; the same script
/// gives the same bytes with the same gnuplot. Throws SysError when it cannot be started, and
/// std::runtime_error with gnuplot's own words when it fails.
[[nodiscard]] std::string draw(const Picture& picture);

/// What draw() makes of gnuplot's output.
[[nodiscard]] std::string finish_svg(std::string svg, const Picture& picture);

}  // namespace urb
