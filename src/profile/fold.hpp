// From blocks of instructions to functions and the parts of a system that they belong to.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "profile/symbols.hpp"
#include "profile/window.hpp"

namespace urb {

struct FunctionCount {
  std::string subsystem;
  std::string function;  ///< empty: the sum of the subsystem
  std::uint64_t instructions = 0;
};

/// The names of all that a guest executes.
struct GuestSymbols {
  const SymbolTable& kernel;
  const SymbolTable& program;
};

/// The sums of all subsystems that have any, in their order, each followed by its functions, the
/// most instructions first. So the sums together are the whole window.
[[nodiscard]] std::vector<FunctionCount> fold(const ProfileWindow& window,
                                              const GuestSymbols& symbols);

}  // namespace urb
