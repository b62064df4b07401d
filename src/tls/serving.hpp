// How a server does TLS, as its command line says.
#pragma once

#include <string>
#include <string_view>

#include "base/units.hpp"
#include "tls/tls.hpp"

namespace urb::tls {

/// Who does TLS.
enum class Kind : std::uint8_t {
  off,     ///< nobody
  worker,  ///< the worker, all of it, on a socket that nobody has read
  sni,     ///< the same, chosen by the name in the ClientHello, which the master looks at
};
[[nodiscard]] constexpr std::string_view name_of(Kind kind) noexcept {
  switch (kind) {
    case Kind::worker: return "worker";
    case Kind::sni: return "sni";
    case Kind::off: break;
  }
  return "off";
}

struct Serving {
  Kind kind = Kind::off;
  Identity identity;     ///< of a server that is not `off`
  bool resumes = false;  ///< clients get tickets
  /// For a whole handshake, whatever the client sends meanwhile. With `sni` the ClientHello has as
  /// long, and from the hand-over on the handshake.
  Nanos handshake_timeout = std::chrono::seconds{10};
};

/// As a row has it: its kind, and whether sessions may be resumed.
[[nodiscard]] inline std::string describe(const Serving& serving) {
  return std::string{name_of(serving.kind)} + (serving.resumes ? "+resume" : "");
}

}  // namespace urb::tls
