// The tickets of a client, each for one connection more. For this folder alone.
#pragma once

#include <cstddef>
#include <utility>
#include <vector>

#include "tls/openssl.hpp"
#include "tls/tls.hpp"

namespace urb::tls {

struct Context::Tickets {
  void keep(SessionPtr session) {
    if (kept_.size() < kMost) kept_.push_back(std::move(session));
  }
  /// The newest; null where there is none.
  [[nodiscard]] SessionPtr take() noexcept {
    if (kept_.empty()) return {};
    SessionPtr newest = std::move(kept_.back());
    kept_.pop_back();
    return newest;
  }

 private:
  static constexpr std::size_t kMost = 4096;  // a guess: one for each connection of a large load
  std::vector<SessionPtr> kept_;
};

}  // namespace urb::tls
