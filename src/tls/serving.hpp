// How a server does TLS, as its command line says.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/units.hpp"
#include "tls/kernel.hpp"
#include "tls/tls.hpp"

namespace urb::tls {

/// Who does TLS.
enum class Kind : std::uint8_t {
  off,     ///< nobody
  worker,  ///< the worker, all of it, on a socket that nobody has read
  sni,     ///< the same, chosen by the name in the ClientHello, which the master looks at
  ktls,    ///< the kernel, once the master has completed the handshake
};
inline constexpr std::array kKinds{Kind::off, Kind::worker, Kind::sni, Kind::ktls};
[[nodiscard]] constexpr std::string_view name_of(Kind kind) noexcept {
  switch (kind) {
    case Kind::worker: return "worker";
    case Kind::sni: return "sni";
    case Kind::ktls: return "ktls";
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

/// As a row has it: its kind, whether sessions may be resumed, and whether the library keeps the
/// kernel from TLS 1.3, since such rows do not compare with others.
[[nodiscard]] inline std::string describe(const Serving& serving) {
  const bool is_old = serving.kind == Kind::ktls && !kernel_takes_tls13();
  return std::string{name_of(serving.kind)} + (serving.resumes ? "+resume" : "") +
         (is_old ? "+tls1.2" : "");
}

/// What the library keeps `serving` from, with the remedy; empty where nothing.
[[nodiscard]] inline std::string describe_limit(const Serving& serving) {
  if (serving.kind != Kind::ktls || kernel_takes_tls13()) return {};
  return library() +
         " gives the kernel TLS 1.2 alone, so --tls ktls offers no TLS 1.3: ./bootstrap "
         "--new-openssl, then build again";
}

}  // namespace urb::tls
