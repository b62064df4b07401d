// Kernels by their releases.
#pragma once

#include <string>
#include <vector>

#include "row/row.hpp"

namespace urb {

/// The kernels of rows, each once, by version.
[[nodiscard]] std::vector<std::string> kernels_in_order(const std::vector<const Row*>& rows);
/// Whether `left` is the older release: numbers compare as numbers, "6.9" is older than "6.12".
[[nodiscard]] bool is_older_release(const std::string& left, const std::string& right);
/// "6.12.117" of "6.12.117+deb12-cloud-amd64"; the whole release where that would not be unique
/// among `kernels`.
[[nodiscard]] std::string short_release(const std::string& release,
                                        const std::vector<std::string>& kernels);

}  // namespace urb
