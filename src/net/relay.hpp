// Moves bytes from one non-blocking stream socket to another, in one of three ways, with
// back-pressure: at most one pipe or buffer of bytes is between source and target at any time.
// It knows nothing of HTTP: the caller says how many bytes.
#pragma once

#include <cstdint>
#include <optional>

#include "net/relay_kind.hpp"
#include "stats/counters.hpp"
#include "uring/buffer_pool.hpp"
#include "uring/ring.hpp"

namespace urb {

enum class TransferResult : std::uint8_t {
  done,           ///< every byte has been written to the target
  source_ended,   ///< end of file, or a reset, before the last byte
  target_failed,  ///< the target takes no more
  cancelled,
};

/// What a finished transfer tells its owner.
struct TransferEnd {
  std::uint32_t cookie;  ///< as given to begin()
  TransferResult result;
};

class Relay {
 public:
  /// `buffers` serves `copy` (kind registered or plain). `owner` marks this component's tokens.
  Relay(Ring& ring, std::uint8_t owner, RelayKind kind, BufferPool& buffers, Counters& counters,
        std::size_t transfer_capacity);
  ~Relay();

  /// Starts to move exactly `bytes` (> 0) from `source` to `target`. Both descriptors stay open,
  /// and theirs is the caller's to close, until the TransferEnd with this cookie. Returns the
  /// transfer's id, for progress() and cancel(); empty when all transfers are taken.
  [[nodiscard]] std::optional<std::uint32_t> begin(std::uint32_t cookie, int source, int target,
                                                   std::uint64_t bytes) noexcept;
  /// Bytes written to the target so far. Only while the transfer runs.
  [[nodiscard]] std::uint64_t progress(std::uint32_t transfer_id) noexcept;
  /// Asks a running transfer to end; its TransferEnd still comes, from on_completion().
  void cancel(std::uint32_t transfer_id) noexcept;

  /// Handles a completion of this component. Returns the end of a transfer when this was its last.
  [[nodiscard]] std::optional<TransferEnd> on_completion(const Completion& done) noexcept;
};

}  // namespace urb
