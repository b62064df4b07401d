// Sections → the report's text, in the Markdown that html.hpp and GitHub read, and its pictures.
#pragma once

#include <string>
#include <vector>

#include "report/collection.hpp"
#include "report/plot.hpp"

namespace urb {

struct Page {
  std::string markdown;
  std::vector<Picture> pictures;  ///< each stands in the text as ![alt](name.svg)
};

/// Throws UsageError when the files have no row at all. Without pictures the text names none.
[[nodiscard]] Page make_page(const std::vector<InputFile>& files, bool with_pictures);

}  // namespace urb
