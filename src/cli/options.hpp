// What was typed, as types. Each flag is declared once, in options.cpp, for all commands.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "base/address.hpp"
#include "base/units.hpp"
#include "experiment/pinning.hpp"
#include "experiment/trial.hpp"
#include "http/limits.hpp"
#include "mode/server_config.hpp"
#include "report/console.hpp"

namespace urb {

enum class Command : std::uint8_t {
  run,
  serve,
  load,
  compare,
  report,
  doctor,
  micro,
  sweep,
  list_modes,
  list_columns
};

/// Of `compare`.
struct CompareOptions {
  std::string base;
  std::string next;
  std::string base_run;  ///< empty: all runs of the file
  std::string next_run;
  std::vector<std::string> metrics{"req/s", "cpu/req", "p99"};  ///< not yet known to exist
  double threshold_percent = 5;
  bool markdown = false;
  std::optional<std::string> json;
};

/// Who runs a sweep's guests: KVM, TCG, or KVM where it works.
enum class AccelChoice : std::uint8_t { automatic, kvm, tcg };

/// Of `sweep`.
struct SweepOptions {
  std::vector<std::string> kernels;  ///< "VMLINUZ[,MODULE_DIR]", as typed
  AccelChoice accel = AccelChoice::automatic;
  unsigned repeats = 3;  ///< boots of each kernel
  std::string folder = "results";
  Nanos patience = std::chrono::minutes{2};
  std::vector<std::string> guest;  ///< what followed `--`: of each guest's run
};

/// Of `report`.
struct ReportOptions {
  std::vector<std::string> files;
  std::optional<std::string> folder;  ///< none: tables alone, on stdout
};

struct Options {
  Command command = Command::run;
  std::vector<std::string> modes;   ///< as typed; not yet known to exist. One for `serve`
  std::string url;                  ///< of `load`
  std::vector<std::string> micros;  ///< of `micro`, as typed; none: all

  unsigned workers = 4;
  std::optional<unsigned> connections;  ///< as many as workers
  std::vector<Bytes> bodies{{1ULL << 20}, {10ULL << 20}};
  Bytes response{0};
  std::vector<bool> reuses{false, true};
  Nanos duration = std::chrono::seconds{1};
  std::optional<std::uint64_t> requests;
  std::optional<std::uint64_t> rate;  ///< requests a second: the open loop
  bool verify = false;                ///< every request, not only the first of each connection
  Nanos warmup = std::chrono::milliseconds{300};
  unsigned repeats = 5;
  ClientKind client = ClientKind::builtin;
  bool ceiling = true;  ///< runs `direct` beside two or more other modes
  std::uint64_t seed = 1;
  PinRequest pin;

  Policy policy = Policy::rr;
  RelayKind relay = RelayKind::linked;
  std::optional<Bytes> relay_copy_max;  ///< of `--relay auto:SIZE`; without it, measured
  BufferKind buffers = BufferKind::registered;
  Address listen = Address::loopback(8080);
  http::Limits limits;
  Nanos grace = std::chrono::seconds{5};

  std::vector<std::string> arguments;  ///< all, as typed
  std::vector<std::string> headers;
  bool calibrate = false;  ///< of `doctor`
  bool columns_as_json = false;

  std::vector<int> server_pids;  ///< of `load`: whose CPU time counts as the server's
  CompareOptions compare;
  SweepOptions sweep;
  ReportOptions report;
  std::optional<std::string> csv;
  std::optional<std::string> json;
  bool save = true;
  bool quiet = false;
  ColorChoice color = ColorChoice::automatic;

  [[nodiscard]] unsigned connection_count() const noexcept { return connections.value_or(workers); }
};

/// Text that was asked for instead of a command: --help, --version.
struct HelpText {
  std::string text;
};

/// `arguments` without the program's name. The error's position is of no use here: its message
/// names the option. Nothing is printed, nothing throws.
[[nodiscard]] std::variant<Options, HelpText, ParseError> parse_options(
    const std::vector<std::string>& arguments);

}  // namespace urb
