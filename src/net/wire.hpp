// What lies between a session and its socket: nothing, or TLS. The choice is a parameter at compile
// time. So a session without TLS is the same code that it would be if there were none.
#pragma once

#include <cstddef>
#include <cstdint>

#include "base/assert.hpp"
#include "tls/outbox.hpp"
#include "tls/serving.hpp"
#include "uring/buffer_pool.hpp"
#include "uring/ring.hpp"

namespace urb {

struct PlainWire {
  static constexpr bool kIsTls = false;
  static constexpr std::size_t kHeldMax = 0;
  struct Shared {
    Shared(Ring&, const tls::Serving*) noexcept {}
  };
  struct Connection {};
};

/// TLS in user space.
struct TlsWire {
  static constexpr bool kIsTls = true;
  /// Bytes that have left the socket and have not come out of TLS, at most.
  static constexpr std::size_t kHeldMax = tls::kHeldMax;

  /// What the connections of a pool share. Throws Unsupported.
  struct Shared {
    /// The memory that opened records land in is used by one connection at a time, until it has
    /// parsed them.
    Shared(Ring& ring, const tls::Serving* serving)
        : context{tls::Context::for_server((URB_ASSERT(serving != nullptr), *serving).identity,
                                           serving->resumes)},
          opened{ring, {BufferKind::plain, 1, kSealedMax + kHeldMax, 0}} {}
    static constexpr std::uint32_t kSealedMax = 128 * 1024;
    tls::Context context;
    BufferPool opened;
  };

  struct Connection : tls::Outbox {
    bool has_ended = false;  ///< our end (close_notify) has been sealed
  };
};

}  // namespace urb
