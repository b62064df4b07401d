// Names, defaults and parsers of the flags.
#include "cli/flags.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <limits>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "cli/number_checks.hpp"

namespace urb {
namespace {

constexpr unsigned kWorkersMax = 1024;             // one page and one socket pair each; a guess
constexpr std::uint64_t kRateMax = 1'000'000'000;  // one a nanosecond
// The kernel's PID_MAX_LIMIT. The clock of a much larger one is another process's: the number is
// shifted into a clockid_t without a check (clock_getcpuclockid, glibc 2.36).
constexpr int kPidMax = 1 << 22;
constexpr const char* kNobodyServed = "zero would leave no time for a request";
constexpr unsigned kConnectionsMax = 1'000'000;  // beyond any limit of descriptors
// As for ?size=N of a request: more is no size but a mistake.
constexpr Bytes kBodyEnd{1ULL << 44};

// Turns a parser's error into CLI11's, which adds the option's name.
template <class T>
T value_or_throw(std::variant<T, ParseError> parsed) {
  if (const auto* const error = std::get_if<ParseError>(&parsed)) {
    throw CLI::ValidationError(error->message);
  }
  return std::get<T>(std::move(parsed));
}

template <class T>
void append_new(std::vector<T>& list, const T& item) {
  if (std::find(list.begin(), list.end(), item) == list.end()) list.push_back(item);
}

Bytes parse_body(std::string_view text) {
  const Bytes body = value_or_throw(parse_bytes(text));
  if (body >= kBodyEnd) throw CLI::ValidationError("a body is smaller than 16T");
  return body;
}

std::vector<Bytes> parse_bodies(std::string_view text) {
  std::vector<Bytes> bodies;
  while (true) {
    const std::size_t comma = text.find(',');
    append_new(bodies, parse_body(text.substr(0, comma)));
    if (comma == std::string_view::npos) return bodies;
    text.remove_prefix(comma + 1);
  }
}

std::vector<bool> parse_reuse(std::string_view text) {
  if (text == "no") return {false};
  if (text == "yes") return {true};
  if (text == "both") return {false, true};
  throw CLI::ValidationError("not one of no, yes, both");
}

// For enums whose names are spelled in one place, their name_of().
template <class Enum, std::size_t kCount>
Enum parse_name(std::string_view text, const std::array<Enum, kCount>& known) {
  std::string names;
  for (const Enum value : known) {
    if (name_of(value) == text) return value;
    names += fmt::format("{}{}", names.empty() ? "" : ", ", name_of(value));
  }
  throw CLI::ValidationError("not one of " + names);
}

ColorChoice parse_color(std::string_view text) {
  if (text == "auto") return ColorChoice::automatic;
  if (text == "always") return ColorChoice::always;
  if (text == "never") return ColorChoice::never;
  throw CLI::ValidationError("not one of auto, always, never");
}

}  // namespace

void Flags::declare_server() {
  app_.add_option("-w,--workers", options_.workers, "worker processes")
      ->check(in_range(1U, kWorkersMax))
      ->type_name("N")
      ->capture_default_str();
  add_parsed(
      "--response", "SIZE", "response body size (0: a short JSON object)", "0",
      [&options = options_](const std::string& text) { options.response = parse_body(text); });
  add_parsed(
      "--policy", "rr|random|least|key", "which worker gets it; key hashes the header X-Route",
      "rr", [&options = options_](const std::string& text) {
        options.policy =
            parse_name(text, std::array{Policy::rr, Policy::random, Policy::least, Policy::key});
      });
  add_parsed("--relay", "linked|sync|copy|auto[:SIZE]",
             "data path of passthru: linked splice SQEs; splice(2); recv and send; auto copies up "
             "to SIZE (measured, if not given) and splices more",
             "linked", [&options = options_](const std::string& text) {
               constexpr std::string_view kSized = "auto:";
               options.relay_copy_max.reset();
               if (text.starts_with(kSized)) {
                 options.relay = RelayKind::automatic;
                 options.relay_copy_max = value_or_throw(parse_bytes(text.substr(kSized.size())));
                 return;
               }
               options.relay = parse_name(text, std::array{RelayKind::linked, RelayKind::sync,
                                                           RelayKind::copy, RelayKind::automatic});
             });
  add_parsed("--buffers", "registered|provided|plain", "how received bytes reach memory",
             "registered", [&options = options_](const std::string& text) {
               options.buffers = parse_name(
                   text,
                   std::array{BufferKind::registered, BufferKind::provided, BufferKind::plain});
             });
  app_.add_option("--seed", options_.seed, "of the order of trials and of --policy random")
      ->check(CLI::Validator{check_unsigned, ""})
      ->type_name("N")
      ->capture_default_str();
}

void Flags::declare_serving() {
  add_parsed("-l,--listen", "ADDR:PORT", "where to listen; port 0 picks one; or unix:PATH",
             "127.0.0.1:8080", [&options = options_](const std::string& text) {
               options.listen = value_or_throw(parse_listen_address(text));
             });
  add_duration("--header-timeout", "for a whole request head", "10s",
               options_.limits.header_timeout, kNobodyServed);
  add_duration("--body-timeout", "for a body without progress", "10s", options_.limits.body_timeout,
               kNobodyServed);
  add_duration("--idle-timeout", "between requests of a connection", "60s",
               options_.limits.idle_timeout, kNobodyServed);
  add_parsed("--max-body", "SIZE", "largest request body (413 above)", "none",
             [&options = options_](const std::string& text) {
               options.limits.max_body = value_or_throw(parse_bytes(text));
             });
  add_duration("--grace", "to finish requests on SIGTERM", "5s", options_.grace);
}

void Flags::declare_load(const std::string& connections_default, const std::string& verify_help) {
  app_.add_option("-c,--connections", options_.connections, "concurrent client connections")
      ->check(in_range(1U, kConnectionsMax))
      ->type_name("N")
      ->default_str(connections_default);
  add_parsed(
      "-b,--body", "SIZES", "request body sizes, comma list; k M G are powers of 1024", "1M,10M",
      [&options = options_](const std::string& text) { options.bodies = parse_bodies(text); });
  add_parsed(
      "-r,--reuse", "no|yes|both", "connection reuse (HTTP keep-alive)", "both",
      [&options = options_](const std::string& text) { options.reuses = parse_reuse(text); });
  declare_window("requests");
  app_.add_option("-R,--rate", options_.rate,
                  "open loop: requests a second, of all connections together; latency from the "
                  "planned time")
      ->check(in_range(std::uint64_t{1}, kRateMax))
      ->type_name("N");
  app_.add_flag("--verify", options_.verify, verify_help);
  add_parsed("--client", "builtin|ab", "who generates the load; ab must be installed", "builtin",
             [&options = options_](const std::string& text) {
               options.client = parse_name(text, std::array{ClientKind::builtin, ClientKind::ab});
             });
}

void Flags::declare_window(const std::string& what) {
  CLI::Option* const duration = add_duration("-d,--duration", "measured time of one trial (ms s m)",
                                             "1s", options_.duration, "zero would measure nothing");
  app_.add_option("-n,--requests", options_.requests,
                  fmt::format("measured {} of one trial, instead of a time", what))
      ->check(in_range(std::uint64_t{1}, std::numeric_limits<std::uint64_t>::max()))
      ->type_name("N")
      ->excludes(duration);
  add_duration("--warmup", "unmeasured time before each trial", "300ms", options_.warmup);
}

void Flags::declare_experiment() {
  declare_repeats();
  add_parsed("--pin", "auto|none|LIST",
             "CPUs of client, master and workers with their io-wq threads: 0,1,2-3", "none",
             [&options = options_](const std::string& text) {
               options.pin = value_or_throw(parse_pin(text));
             });
  app_.add_flag_callback(
      "--no-ceiling", [&options = options_] { options.ceiling = false; },
      "do not run direct, the reference, beside several other modes");
  declare_rows();
}

void Flags::declare_repeats() {
  app_.add_option("--repeats", options_.repeats, "trials per cell, interleaved in random order")
      ->check(in_range(1U, 100'000U))
      ->type_name("N")
      ->capture_default_str();
}

void Flags::declare_rows() {
  CLI::Option* const csv =
      app_.add_option("--csv", options_.csv, "file to append rows to; - is stdout")
          ->type_name("FILE")
          ->default_str("results/<kernel release>.csv");
  app_.add_flag_callback(
          "--no-save", [&options = options_] { options.save = false; }, "do not save rows")
      ->excludes(csv);
}

void Flags::declare_output() {
  app_.add_option("--json", options_.json, "file for rows, histograms and context; - is stdout")
      ->type_name("FILE");
  declare_quiet();
  declare_color();
}

void Flags::declare_quiet() { app_.add_flag("-q,--quiet", options_.quiet, "no progress"); }

void Flags::declare_color() {
  add_parsed("--color", "auto|always|never", "colours; honours NO_COLOR", "auto",
             [&options = options_](const std::string& text) { options.color = parse_color(text); });
}

void Flags::declare_headers() {
  app_.add_option("-H,--header", options_.headers, "a further header, 'Name: value'; repeatable")
      ->type_name("LINE")
      ->allow_extra_args(false);
}

void Flags::declare_doctor() {
  app_.add_flag("--calibrate", options_.calibrate,
                "measure from which size on a relay does better to splice than to copy");
}

void Flags::declare_server_processes() {
  app_.add_option("--server-pid", options_.server_pids,
                  "the server's processes, whose CPU time is then measured too: these as its "
                  "master, those that they started as its workers")
      ->check(in_range(1, kPidMax))
      ->delimiter(',')
      ->type_name("PID,…");
}

CLI::Option* Flags::add_parsed(const std::string& names, const std::string& type,
                               const std::string& description, const std::string& shown_default,
                               Store store) {
  // CLI11 does not tell which option a callback's error belongs to.
  const std::string name = names.substr(names.rfind(',') + 1);
  const Store store_or_name = [name, store = std::move(store)](const std::string& text) {
    try {
      store(text);
    } catch (const CLI::ValidationError& error) {
      throw CLI::ValidationError(name, fmt::format("'{}': {}", text, error.what()));
    }
  };
  return app_.add_option_function<std::string>(names, store_or_name, description)
      ->type_name(type)
      ->default_str(shown_default);
}

CLI::Option* Flags::add_duration(const std::string& names, const std::string& description,
                                 const std::string& shown_default, Nanos& target,
                                 const char* why_not_zero) {
  return add_parsed(names, "T", description, shown_default,
                    [&target, why_not_zero](const std::string& text) {
                      target = value_or_throw(parse_duration(text));
                      if (why_not_zero != nullptr && target == Nanos{0}) {
                        throw CLI::ValidationError(why_not_zero);
                      }
                    });
}

}  // namespace urb
