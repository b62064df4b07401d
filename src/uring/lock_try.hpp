// Whether this process may lock memory for its rings.
#pragma once

#include <cstddef>

namespace urb {

/// Whether a ring takes registered buffers of `bytes`. That says more than the limit and the user:
/// a privilege lifts the limit (CAP_IPC_LOCK), which root of a container often does not have, and
/// root of a user namespace never. Without any ring the answer is mlock(2)'s.
[[nodiscard]] bool can_lock(std::size_t bytes);

}  // namespace urb
