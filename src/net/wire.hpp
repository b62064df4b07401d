// What lies between a session and its socket: nothing, TLS, or the kernel's TLS. The choice is a
// parameter at compile time. So a session without TLS is the same code that it would be if there
// were none.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>

#include "base/assert.hpp"
#include "net/kernel_tls.hpp"
#include "net/lingering_close.hpp"
#include "tls/outbox.hpp"
#include "tls/serving.hpp"
#include "uring/buffer_pool.hpp"
#include "uring/ring.hpp"

namespace urb {

struct PlainWire {
  static constexpr bool kIsTls = false;
  static constexpr bool kIsKernel = false;
  static constexpr EndBy kEndBy = EndBy::shutdown;
  static constexpr std::size_t kHeldMax = 0;
  struct Shared {
    Shared(Ring&, const tls::Serving*) noexcept {}
  };
  struct Connection {};
};

/// TLS in user space.
struct TlsWire {
  static constexpr bool kIsTls = true;
  static constexpr bool kIsKernel = false;
  static constexpr EndBy kEndBy = EndBy::shutdown;
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

/// TLS in the kernel, which had the keys before the socket came here. What comes and goes is
/// plaintext. Records that are no data come by a receive of their own.
struct KtlsWire {
  static constexpr bool kIsTls = false;
  static constexpr bool kIsKernel = true;
  static constexpr EndBy kEndBy = EndBy::close_notify;
  static constexpr std::size_t kHeldMax = 0;
  struct Shared {
    Shared(Ring&, const tls::Serving*) noexcept {}
  };
  struct Connection {
    std::unique_ptr<RecordReceive> record;  ///< once there was one
  };
};

}  // namespace urb
