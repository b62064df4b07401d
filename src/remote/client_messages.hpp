// What an experiment and its clients elsewhere say to each other: one JSON object a line, over the
// standard streams of the client's program. Both are of the same version, which the hello proves.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "load/generator.hpp"

namespace urb {

/// The first that a client says.
struct ClientHello {
  std::string version;
  std::string host;           ///< see own_host_name()
  std::string boot_id;        ///< the same on two hosts: they are one
  std::string pid_namespace;  ///< see own_namespace()
  pid_t pid = 0;              ///< in it
  std::string network;        ///< its namespace
};

/// To a client: what to send.
struct ClientOrder {
  LoadOptions load;
  std::vector<pid_t> companions;  ///< clients beside it on its host, in its PID namespace
  /// Whether its host is nobody else's to look after: yardsticks, disturbances.
  bool watches_host = false;
};

/// The last that it says of a load.
struct ClientReport {
  LoadResult load;
  Nanos cpu{0};          ///< of its process in its window
  double throttled = 0;  ///< as in FarLoad, of this client
  bool has_full_host = false;
  std::string disturbed;  ///< as find_disturbance() says it
  std::string disturber;
  bool is_blind = false;
  std::string link;  ///< see format_link(); empty where it is not known
};

/// Milestones and orders without a content.
enum class ClientWord : std::uint8_t {
  ready_to_begin,  ///< client: the warm-up is over, and goes on
  go,              ///< to it: the window may begin
  ended,           ///< client: the window is over, and what is in flight has yet to end
  stop,            ///< to it: end at once, and report
};

struct ClientProgress {
  Nanos elapsed{0};
  std::uint64_t requests = 0;
};
/// Why a client has no report.
struct ClientFailure {
  std::string text;
  bool is_unsupported = false;
};

using ClientMessage =
    std::variant<ClientHello, ClientOrder, ClientReport, ClientWord, ClientProgress, ClientFailure>;

/// A line, with its end.
[[nodiscard]] std::string format_message(const ClientMessage& message);
/// The inverse, without the end. Empty for anything else.
[[nodiscard]] std::optional<ClientMessage> parse_message(std::string_view line);

}  // namespace urb
