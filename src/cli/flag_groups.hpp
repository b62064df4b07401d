// Flags that several commands have, spelled and explained once. Each group is declared on members
// of the options of a command.
#pragma once

#include "cli/flags.hpp"
#include "cli/outputs.hpp"
#include "experiment/matrix.hpp"
#include "experiment/runner.hpp"
#include "experiment/trial.hpp"
#include "load/generator.hpp"
#include "mode/server_config.hpp"
#include "report/console.hpp"

namespace urb {

/// "5%" or "5" as 0.05. Throws BadValue.
[[nodiscard]] double parse_share(std::string_view text);
/// What the server is. A run tells whether a relay was asked for, since else it has each.
void declare_server(Flags& flags, ServerConfig& server, bool* has_relay = nullptr);
/// The files of an identity, as typed.
struct TlsFlags {
  std::optional<std::string> certificate;
  std::optional<std::string> key;
};
/// How the server does TLS. Reads or makes its identity, once everything is read.
void declare_tls(Flags& flags, TlsFlags& typed, tls::Serving& serving);
/// What the client sends, and for how long. `connections_default` is how --help shows it.
void declare_load(Flags& flags, LoadOptions& load, Grid& grid, ClientKind& client,
                  const std::string& connections_default, const std::string& verify_help);
/// How much is measured of `what`, which is counted: "requests".
void declare_window(Flags& flags, const std::string& what, Nanos& duration,
                    std::optional<std::uint64_t>& count, Nanos& warmup);
void declare_repeats(Flags& flags, unsigned& repeats);
/// `load` tells whether a precision was asked for: without, its single measurement stays single.
void declare_rounds(Flags& flags, RoundRules& rules, bool* has_precision = nullptr);
void declare_seed(Flags& flags, std::uint64_t& seed, const std::string& description);
void declare_rows(Flags& flags, RowOutput& rows);
void declare_json(Flags& flags, std::optional<std::string>& json, const std::string& description);
void declare_quiet(Flags& flags, bool& quiet);
void declare_color(Flags& flags, ColorChoice& color);

/// Throws UsageError for what --client ab cannot do.
void require_client(ClientKind client, const LoadOptions& load, const Grid& grid);

}  // namespace urb
