// Request sequences as hostile as a random generator makes them: valid ones of every kind, then
// mutated. The same seed gives the same bytes.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace urb::test {

struct GeneratedInput {
  std::string bytes;
  std::vector<std::size_t> cuts;  ///< ascending offsets at which the sender pauses
};

[[nodiscard]] GeneratedInput generate_input(std::uint64_t seed);

/// As a C++ string literal's content, at most about `most` bytes of it.
[[nodiscard]] std::string escape(std::string_view bytes, std::size_t most = 1200);

}  // namespace urb::test
