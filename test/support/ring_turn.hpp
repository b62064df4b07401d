// One look at a ring, for tests that drive several of them by turns in one thread.
#pragma once

#include <array>
#include <cstddef>

#include "uring/ring.hpp"

namespace urb::test {

/// Submits, and gives each completion that is there already to `handle(const Completion&)`.
template <class F>
void turn(Ring& ring, F&& handle) {
  ring.submit_and_wait(Nanos{0});
  std::array<Completion, 256> batch;
  const std::size_t count = ring.collect(batch);
  for (std::size_t index = 0; index < count; ++index) handle(batch[index]);
  ring.submit();  // closes, of which no completion is waited for
}

}  // namespace urb::test
