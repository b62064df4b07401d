// What lies between the client and its sockets: nothing, or TLS. As in net/wire.hpp, the choice is
// made at compile time, so that a load without TLS pays nothing for it.
#pragma once

#include <cstddef>
#include <memory>
#include <span>

#include "load/generator.hpp"
#include "tls/outbox.hpp"

namespace urb {

struct PlainClientWire {
  static constexpr bool kIsTls = false;
  struct Shared {
    explicit Shared(const LoadOptions&) noexcept {}
  };
  struct Connection {};
};

struct TlsClientWire {
  static constexpr bool kIsTls = true;
  /// What all connections share. Opened records are consumed before the next are opened. Throws
  /// Unsupported.
  struct Shared {
    explicit Shared(const LoadOptions& options)
        : context{tls::Context::for_client(options.tls_resumes)},
          memory{std::make_unique_for_overwrite<std::byte[]>(kOpenedBytes)} {}
    [[nodiscard]] std::span<std::byte> opened() const noexcept {
      return {memory.get(), kOpenedBytes};
    }
    static constexpr std::size_t kOpenedBytes = 64 * 1024 + tls::kHeldMax;
    tls::Context context;
    std::unique_ptr<std::byte[]> memory;
  };
  using Connection = tls::Outbox;
};

}  // namespace urb
