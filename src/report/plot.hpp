// Panels of a picture as a gnuplot script: bars that lie, and lines with their names at the end.
// Pure text; gnuplot.hpp makes the picture of it.
//
// Scripts hold no text of a CSV file but as quoted strings without quotes in them.
#pragma once

#include <optional>
#include <string>
#include <vector>

namespace urb {

struct Picture {
  std::string name;    ///< of its file, without ".svg"
  std::string alt;     ///< what is to be seen, for those who do not see it
  std::string script;  ///< writes an SVG to standard output
};

/// A figure with its interval; without one, all three are the same.
struct Estimate {
  double value = 0;
  double low = 0;
  double high = 0;
};

/// What stands in a place of its own on a canvas of a fixed width.
struct Panel {
  std::string title;
  std::string script;
  int height = 0;  ///< in pixels, with title and axis
};

/// A mode's colour in all pictures (Okabe and Ito's, told apart by all eyes), as "#rrggbb".
[[nodiscard]] std::string color_of(const std::string& mode);

struct Bar {
  struct Part {
    double value;
    std::string color;
  };
  std::string name;
  std::vector<Part> parts;      ///< stacked, first part first
  std::optional<double> inner;  ///< drawn as a thin line from the second part on
  std::optional<Estimate> whisker;
  std::string label;  ///< behind the bar
};
struct BarPanel {
  std::string title;
  std::string axis;
  std::string second_axis;   ///< above; empty for none
  double second_factor = 1;  ///< from figures of the axis to those of the second
  std::vector<Bar> bars;
};
[[nodiscard]] Panel make_bar_panel(const BarPanel& panel);

struct Line {
  struct Point {
    double x;
    Estimate y;
  };
  std::string name;
  std::vector<Point> points;  ///< by x
};
struct LinePanel {
  struct Tick {
    double at;
    std::string label;
  };
  enum class Scale { linear_from_zero, linear, logarithmic };
  std::string title;
  std::string x_axis;
  std::string y_axis;
  bool is_x_logarithmic = false;
  std::vector<Tick> x_ticks;
  Scale y_scale = Scale::linear_from_zero;
  std::string unit;  ///< "s": ticks as 100 µs, 1 ms; else plain numbers
  std::vector<Line> lines;
};
[[nodiscard]] Panel make_line_panel(const LinePanel& panel);

struct Legend {
  struct Entry {
    std::string name;
    std::string color;
  };
  std::vector<Entry> entries;
};

/// Panels in rows of two, and a legend above them where it has entries.
[[nodiscard]] std::string make_script(const std::vector<Panel>& panels, const Legend& legend = {});

/// Moves `wanted` places apart until any two are `gap` from each other, and all stay in [low,
/// high] where there is room; the order stays.
[[nodiscard]] std::vector<double> spread(std::vector<double> wanted, double gap, double low,
                                         double high);

}  // namespace urb
