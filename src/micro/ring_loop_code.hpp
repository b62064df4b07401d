// The program of a ring_loop, and what of the kernel it needs.
#pragma once

#include <liburing.h>

#include <cstdint>

#include "micro/bpf.hpp"

namespace urb {

/// Numbers of the kernel's types (KernelTypes).
struct LoopTypes {
  std::uint32_t operations;  ///< what the program implements
  std::uint32_t value;       ///< its map's value
  std::uint32_t value_bytes;
  std::uint32_t data_offset;
  std::uint32_t submit;  ///< functions of the kernel
  std::uint32_t region;
};
/// Throws Unsupported where the kernel has none for loops.
[[nodiscard]] LoopTypes find_loop_types();

/// Receives and sends by turns, until all is sent or something fails (RingLoopState). The one value
/// of `state_map` is the state.
[[nodiscard]] BpfCode write_ring_loop(const LoopTypes& types, const io_uring& ring, int state_map);

}  // namespace urb
