// What became of every request of a soak: the books have to balance.
#pragma once

#include <cstdint>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"

namespace urb::test {

struct Ledger {
  std::uint64_t sent = 0;          ///< requests begun, whole or not
  std::uint64_t answered = 0;      ///< 200, and the content is right
  std::uint64_t refused = 0;       ///< the error response that the request deserves
  std::uint64_t gone = 0;          ///< 502 or 503: its worker was gone
  std::uint64_t failed = 0;        ///< the connection ended instead
  std::uint64_t abandoned = 0;     ///< the client left, by intent
  Nanos longest{0};                ///< a polite client's connection, of up to five requests
  std::vector<std::string> wrong;  ///< anything else, a text each

  /// Requests that have no entry yet; 0 when the books balance.
  [[nodiscard]] std::uint64_t open() const noexcept {
    return sent - (answered + refused + gone + failed + abandoned + wrong.size());
  }
  void add(const Ledger& other);
};

[[nodiscard]] std::string format_ledger(const Ledger& ledger);

}  // namespace urb::test
