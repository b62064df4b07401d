// What is drawn of a section: one function a picture. Pure; the drawing is plot.hpp's.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "report/cell.hpp"
#include "report/collection.hpp"
#include "report/plot.hpp"

namespace urb {

// Of the cells of one setting; nothing where no cell has such figures. `name` is the file's.
[[nodiscard]] std::optional<Picture> throughput_picture(const std::vector<Cell>& cells,
                                                        const std::string& name);
[[nodiscard]] std::optional<Picture> cpu_picture(const std::vector<Cell>& cells,
                                                 const std::string& name);
[[nodiscard]] std::optional<Picture> latency_picture(const std::vector<Cell>& cells,
                                                     const std::string& name);

/// What changes as one thing grows and all others stay: workers, connections or body size, each in
/// a picture of its own where there are kGrowthPoints of it.
[[nodiscard]] std::vector<Picture> growth_pictures(const Section& section, const std::string& name);
inline constexpr std::size_t kGrowthPoints = 3;

enum class Kind { requests, operations };
/// Instructions per request by kernel version, and their change since the oldest; `rows` are of one
/// setting. Nothing for a single kernel.
[[nodiscard]] std::optional<Picture> instructions_picture(const std::vector<Row>& rows,
                                                          const std::string& name, Kind kind);

/// "6.12.117" of "6.12.117+deb12-cloud-amd64"; the whole release where that would not be unique
/// among `kernels`.
[[nodiscard]] std::string short_release(const std::string& release,
                                        const std::vector<std::string>& kernels);

/// Median and interval as the tables have them.
[[nodiscard]] Estimate estimate(const std::vector<double>& samples);

}  // namespace urb
