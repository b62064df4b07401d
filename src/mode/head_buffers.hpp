// The master's receive memory in the modes that read heads.
#pragma once

#include "mode/server_config.hpp"
#include "net/head_reader.hpp"
#include "uring/buffer_pool.hpp"

namespace urb {

/// 2 MiB, registered or not as `--buffers` says. A head has to stay in one piece until it is
/// complete, and a buffer that the kernel picks anew for each receive cannot do that: `provided`
/// gives plain memory here, and buffer rings in the workers, which receive the bodies.
[[nodiscard]] inline BufferPoolOptions head_buffer_options(const ServerConfig& config) noexcept {
  const BufferKind kind =
      config.buffers == BufferKind::registered ? BufferKind::registered : BufferKind::plain;
  return {kind, 32, kHeadBufferBytes, 0};
}

}  // namespace urb
