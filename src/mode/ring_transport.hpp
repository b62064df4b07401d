// Direct descriptors into the workers' rings, and how the master comes by those rings: each worker
// builds its own after the fork and says its number through the channel; the master then takes a
// descriptor of it (pidfd_getfd). SCM_RIGHTS refuses rings.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "mode/mode.hpp"
#include "mode/placement.hpp"
#include "net/acceptor.hpp"
#include "net/ring_handover.hpp"

namespace urb {

/// What a worker says through its channel once its ring takes sockets.
struct RingHello {
  static constexpr std::uint32_t kMagic = 0x55524252;  // "URBR"
  std::uint32_t magic = kMagic;
  std::int32_t ring_fd = -1;
};

class RingTransport : public RingHandoverSender {
 public:
  static constexpr AcceptInto kAcceptInto = AcceptInto::slot;

  /// Throws Unsupported where the kernel cannot.
  RingTransport(Ring& ring, std::uint8_t owner, MasterContext& context, Placement& placement);

  /// Waits until each worker has said hello, or has died, which whoever started it learns from it.
  /// Throws SysError, std::runtime_error.
  void start();
  void on_completion(const Completion& done) noexcept;
  void on_worker_lost(unsigned worker) noexcept;
  void on_worker_back(unsigned worker) noexcept;
  void cut_off() noexcept;

 private:
  /// Waits for the hello of the process that is `worker` now.
  void await_hello(unsigned worker) noexcept;
  /// The ring whose number is waiting in the channel; not open when nothing is. Throws SysError,
  /// std::runtime_error.
  [[nodiscard]] Fd take_ring(unsigned worker);

  Ring& ring_;
  std::uint8_t owner_;
  MasterContext& context_;
  Placement& placement_;
  /// Counts each worker's deaths: what the channel of one that is dead says late is no hello.
  std::vector<std::uint16_t> generations_;
};

}  // namespace urb
