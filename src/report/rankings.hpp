// What was found: which mode is ahead in a cell's workload, by how much, and whether that is sure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "report/collection.hpp"
#include "report/rounds.hpp"

namespace urb {

/// sure: the interval of the ratio excludes 1, over kRepeatsEnough rounds or more, and no warning
/// forbids the claim. alone: there is nothing to compare with.
enum class Certainty : std::uint8_t { sure, undecided, alone };
[[nodiscard]] std::string_view name_of(Certainty certainty) noexcept;

/// One cell against another.
struct Finding {
  const Cell* of = nullptr;
  const Cell* to = nullptr;  ///< nullptr: alone
  std::optional<RoundComparison> ratio;
  Certainty certainty = Certainty::alone;
  std::string text;  ///< one sentence
};

struct Ranking {
  const Section* section = nullptr;
  const Setting* setting = nullptr;
  Bytes body;
  bool reuse = false;
  const Metric* metric = nullptr;
  Finding lead;                      ///< the best of the modes that distribute, against the next
  std::optional<Finding> reference;  ///< the same best, against the mode that does not distribute
};

/// By requests per second and by the server's CPU time, for each body and reuse of a setting.
[[nodiscard]] std::vector<Ranking> rank_cells(const Section& section, const Setting& setting);

/// Exposed for tests.
[[nodiscard]] Finding hold_against(const Cell& of, const Cell& to, const Metric& metric);

}  // namespace urb
