// A CQE as a value, so that handlers can be fed made-up ones by the fault tests.
#pragma once

#include <liburing.h>

#include <cstdint>

#include "uring/token.hpp"

namespace urb {

struct Completion {
  Token token;
  std::int32_t result = 0;  ///< as the kernel gives it: >= 0, or a negated errno
  std::uint32_t flags = 0;  ///< IORING_CQE_F_*

  /// The same request will post more; without it a multishot is disarmed.
  [[nodiscard]] bool more() const noexcept { return (flags & IORING_CQE_F_MORE) != 0; }
  [[nodiscard]] bool has_buffer() const noexcept { return (flags & IORING_CQE_F_BUFFER) != 0; }
  /// The kernel keeps the buffer, and fills it on behind these bytes (provided_inc).
  [[nodiscard]] bool keeps_buffer() const noexcept { return (flags & IORING_CQE_F_BUF_MORE) != 0; }
  [[nodiscard]] std::uint16_t buffer_id() const noexcept {
    return static_cast<std::uint16_t>(flags >> IORING_CQE_BUFFER_SHIFT);
  }
};

}  // namespace urb
