// Clients of a soak, good and bad: each plays one connection's life and books what became of it.
#pragma once

#include <random>

#include "base/address.hpp"
#include "base/units.hpp"
#include "soak/ledger.hpp"

namespace urb::test {

/// What the server of a soak is started with, so that its clients know what to expect.
inline constexpr Nanos kSoakTimeout = std::chrono::seconds{2};  ///< header and body
inline constexpr Bytes kSoakBodyMax{2 << 20};

enum class Manners : std::uint8_t {
  polite,  ///< requests of all shapes, read to the end
  rude,    ///< wrong requests, resets, half-closes, connections without a word
  slow,    ///< heads and bodies that stop, one byte at a time, answers that are not read
};

/// One connection's life; `is_calm`: no fault is being injected, so a polite client is served.
void play(Manners manners, const Address& server, std::mt19937_64& random, bool is_calm,
          Ledger& ledger);

}  // namespace urb::test
