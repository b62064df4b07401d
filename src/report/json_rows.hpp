// Rows as columns: of many thousand rows, most texts and half of the figures are the same.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <vector>

#include "row/row.hpp"

namespace urb {

/// {"count": N, "columns": {name: …}}. A column of texts is {"dictionary": […], "index": […]},
/// where an unknown text is null in the dictionary. One of numbers or truth values is an array,
/// with null for the unknown. Columns that no row knows are left out.
[[nodiscard]] nlohmann::ordered_json rows_json(const std::vector<Row>& rows);

}  // namespace urb
