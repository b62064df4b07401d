// The grid of cells and the order in which their trials run. Pure: lists from a list and a seed.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "base/units.hpp"
#include "load/body_mix.hpp"
#include "mode/policy.hpp"
#include "net/relay_kind.hpp"
#include "tls/serving.hpp"

namespace urb {

/// What is measured: a mode, a kernel operation, or a server that somebody else started.
struct Subject {
  std::string mode;
  std::optional<RelayKind> relay = {};  ///< one of several data paths; none: as the options say
  std::string url = {};                 ///< of `load`, without secrets
  std::optional<Policy> policy = {};    ///< typed as MODE:POLICY; none: as the options say
  std::optional<tls::Kind> tls = {};    ///< typed as MODE:TLS; none: as the options say
  bool operator==(const Subject&) const = default;
};

struct Grid {
  std::vector<Subject> subjects;
  std::vector<Bytes> bodies;
  std::vector<BodyMix> mixes = {};  ///< further bodies, each a cell of its own
  std::vector<bool> reuses;
  unsigned repeats = 5;
  std::uint64_t seed = 1;
};

/// One point of the grid.
struct CellSpec : Subject {
  Bytes body;  ///< of a mix the mean
  bool reuse = false;
  BodyMix mix = {};
  bool operator==(const CellSpec&) const = default;
};

/// One run of one cell.
struct TrialSpec {
  CellSpec cell;
  std::size_t cell_index = 0;  ///< in make_cells()
  unsigned repeat = 1;         ///< from 1
  std::size_t order = 1;       ///< place in the run, from 1
  /// Of the open loop, where that is what is looked for; else as the options say.
  std::optional<std::uint64_t> rate = {};
};

/// Every combination, by subject, then body, then reuse, as they were given.
[[nodiscard]] std::vector<CellSpec> make_cells(const Grid& grid);

/// Round by round: each runs its cells once, in a random order of its own, so that a drift of the
/// machine spreads over all cells. The same seed and rounds give the same order everywhere.
class RoundOrder {
 public:
  explicit RoundOrder(std::uint64_t seed) : random_{seed} {}
  /// The next round of these cells.
  [[nodiscard]] std::vector<std::size_t> next(std::vector<std::size_t> cells);

 private:
  std::mt19937_64 random_;
};

}  // namespace urb
