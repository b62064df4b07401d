// What all panels of a picture share: sizes in pixels, and where their texts stand.
#pragma once

#include <string>

namespace urb {

inline constexpr int kPlotWidth = 960;
inline constexpr int kPlotColumns = 2;
inline constexpr int kPlotColumnWidth = kPlotWidth / kPlotColumns;
inline constexpr int kTitleHeight = 26;
inline constexpr int kAxisHeight = 44;

/// The margins of a panel's area: `left` and `right` from the edges of its column, `top` and
/// `bottom` from the panel's upper edge. X() and Y() are make_script()'s.
[[nodiscard]] std::string frame(int left, int right, int top, int bottom);
[[nodiscard]] std::string title_label(const std::string& title);
/// About what a name takes in the font of labels, with a margin.
[[nodiscard]] int name_width(const std::string& name);

}  // namespace urb
