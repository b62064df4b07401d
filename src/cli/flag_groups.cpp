#include "cli/flag_groups.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <limits>

#include "base/error.hpp"
#include "base/small_files.hpp"

namespace urb {
namespace {

constexpr unsigned kWorkersMax = 1024;             // one page and one socket pair each; a guess
constexpr unsigned kConnectionsMax = 1'000'000;    // beyond any limit of descriptors
constexpr std::uint64_t kRateMax = 1'000'000'000;  // one a nanosecond
constexpr std::pair kAnyCount{std::uint64_t{1}, std::numeric_limits<std::uint64_t>::max()};

void store_bodies(Grid& grid, std::string_view text) {
  grid.bodies.clear();
  const auto add_new = [](auto& list, const auto& one) {
    if (std::find(list.begin(), list.end(), one) == list.end()) list.push_back(one);
  };
  while (true) {
    const std::size_t comma = text.find(',');
    const std::string_view one = text.substr(0, comma);
    if (one.find_first_of(":+") == std::string_view::npos) {
      add_new(grid.bodies, parse_body(one));
    } else {
      const BodyMix mix = value_or_throw(parse_body_mix(one));
      for (const BodyShare& share : mix) {
        static_cast<void>(parse_body(format_bytes(share.body)));  // its limit is each size's
      }
      add_new(grid.mixes, mix);
    }
    if (comma == std::string_view::npos) return;
    text.remove_prefix(comma + 1);
  }
}

std::vector<bool> parse_reuse(std::string_view text) {
  if (text == "no") return {false};
  if (text == "yes") return {true};
  if (text == "both") return {false, true};
  throw BadValue("not one of no, yes, both");
}

void store_arrivals(ArrivalOptions& arrivals, const std::string& typed) {
  arrivals = {};
  if (typed == "fixed") return;
  arrivals.kind = ArrivalKind::poisson;
  if (typed == "poisson") return;
  arrivals.kind = ArrivalKind::recorded;
  std::error_code error;
  if (!std::filesystem::is_regular_file(typed, error))
    throw BadValue("neither fixed nor poisson, and no file of that name");
  arrivals.record = value_or_throw(parse_arrivals(read_small_file(typed)));
}

// A record says how many come, and the others have to be told.
void settle_arrivals(LoadOptions& load) {
  if (load.arrivals.kind == ArrivalKind::recorded) {
    if (load.rate) throw UsageError("--arrivals FILE says the rate: leave out --rate");
    load.rate = mean_rate(load.arrivals.record);
  } else if (load.arrivals.kind == ArrivalKind::poisson && !load.rate) {
    throw UsageError("--arrivals poisson needs --rate");
  }
}

}  // namespace

double parse_share(std::string_view text) {
  const std::string_view number = text.substr(0, text.find('%'));
  double percent = 0;
  const auto [rest, error] = std::from_chars(number.data(), number.data() + number.size(), percent);
  const bool is_number = error == std::errc{} && rest == number.data() + number.size();
  const bool has_sign_only = text.size() - number.size() <= 1;
  if (!is_number || !has_sign_only || !(percent > 0 && percent <= 100)) {
    throw BadValue("a percentage is above 0 and at most 100: 5%");
  }
  return percent / 100;
}

void declare_server(Flags& flags, ServerConfig& server, bool* has_relay) {
  flags.group("The server");
  flags.number("-w,--workers", server.workers, std::pair{1U, kWorkersMax}, "worker processes");
  flags.parsed("--response", "SIZE", "response body size (0: a short JSON object)", "0",
               [&server](const std::string& typed) { server.response_bytes = parse_body(typed); });
  flags.parsed("--policy", join_names(kPolicies, "|"),
               "which worker gets it; key hashes the header X-Route, or with --tls sni the name; "
               "direct has all but key, and only direct has hash, the kernel's",
               "rr; direct: hash", [&server](const std::string& typed) {
                 server.policy = value_of_name(typed, kPolicies);
               });
  flags.parsed("--relay", join_names(kRelays, "|"),
               "data path of passthru: linked splice SQEs; splice(2); recv and send",
               has_relay != nullptr ? "each of them" : std::string{name_of(server.relay)},
               [&server, has_relay](const std::string& typed) {
                 server.relay = value_of_name(typed, kRelays);
                 if (has_relay != nullptr) *has_relay = true;
               });
  flags.choice("--buffers", server.buffers,
               std::array{BufferKind::registered, BufferKind::provided, BufferKind::provided_inc,
                          BufferKind::plain},
               "how received bytes reach memory; doctor says what registered is here");
  declare_seed(flags, server.seed, "of the order of trials and of --policy random");
}

void declare_tls(Flags& flags, TlsFlags& typed, tls::Serving& serving) {
  flags.choice("--tls", serving.kind, tls::kKinds,
               "who does TLS: nobody; the worker on an unread socket; the same, chosen by the name "
               "in the ClientHello (socket); the kernel behind the master's handshake");
  flags.text("--cert", typed.certificate, "FILE",
             "certificate and chain (PEM), with --key; else one for localhost is made");
  flags.text("--key", typed.key, "FILE", "the certificate's key (PEM, not encrypted)");
  flags.flag("--tls-resume", serving.resumes,
             "clients get tickets, and the built-in client uses them");
  flags.when_read([&typed, &serving] {
    const bool has_files = typed.certificate || typed.key;
    if (serving.kind == tls::Kind::off) {
      if (has_files || serving.resumes)
        throw UsageError("--cert, --key and --tls-resume need --tls");
      return;
    }
    if (has_files && !(typed.certificate && typed.key))
      throw UsageError("--cert and --key belong together");
    serving.identity = has_files ? tls::read_identity(*typed.certificate, *typed.key)
                                 : tls::make_throwaway_identity();
  });
}

void declare_load(Flags& flags, LoadOptions& load, Grid& grid, ClientKind& client,
                  const std::string& connections_default, const std::string& verify_help) {
  grid.bodies = {{1ULL << 20}, {10ULL << 20}};
  grid.reuses = {false, true};
  flags.group("The load");
  flags
      .number("-c,--connections", load.connections, std::pair{1U, kConnectionsMax},
              "concurrent client connections")
      .default_str(connections_default);
  flags.parsed("-b,--body", "SIZES",
               "request body sizes, comma list; k M G are powers of 1024; 1K:99+10M:1 is a mix",
               "1M,10M", [&grid](const std::string& typed) { store_bodies(grid, typed); });
  flags.parsed("-r,--reuse", "no|yes|both", "connection reuse (HTTP keep-alive)", "both",
               [&grid](const std::string& typed) { grid.reuses = parse_reuse(typed); });
  declare_window(flags, "requests", load.duration, load.requests, load.warmup);
  flags.number("-R,--rate", load.rate, std::pair{std::uint64_t{1}, kRateMax},
               "open loop: requests a second, of all connections together; latency from the "
               "planned time");
  flags.parsed(
      "--arrivals", "fixed|poisson|FILE",
      "planned times of the open loop: at even spaces, at random, or of a file with a time "
      "in seconds on each line",
      "fixed", [&load](const std::string& typed) { store_arrivals(load.arrivals, typed); });
  flags.when_read([&load] { settle_arrivals(load); });
  flags.flag("--verify", load.verify, verify_help, Verify::all);
  flags.choice("--client", client, std::array{ClientKind::builtin, ClientKind::ab},
               "who generates the load; ab must be installed");
}

void declare_window(Flags& flags, const std::string& what, Nanos& duration,
                    std::optional<std::uint64_t>& count, Nanos& warmup) {
  warmup = std::chrono::milliseconds{300};
  const Flag time = flags.duration("-d,--duration", duration, "measured time of one trial (ms s m)",
                                   "zero would measure nothing");
  flags
      .number("-n,--requests", count, kAnyCount,
              "measured " + what + " of one trial, instead of a time")
      .excludes(time);
  flags.duration("--warmup", warmup, "unmeasured time before each trial");
}

void declare_repeats(Flags& flags, unsigned& repeats) {
  flags.number("--repeats", repeats, std::pair{1U, 100'000U},
               "trials of each cell at least, interleaved in random order");
}

void declare_rounds(Flags& flags, RoundRules& rules, bool* has_precision) {
  flags.parsed(
      "--precision", "P%",
      "rounds go on until the interval of what is compared is within ± P, or --budget is over",
      fmt::format("{:g}%", rules.precision * 100),
      [&rules, has_precision](const std::string& typed) {
        rules.precision = parse_share(typed);
        if (has_precision != nullptr) *has_precision = true;
      });
  flags.duration("--budget", rules.budget,
                 std::string{"time for rounds beyond --repeats, and for repeats of disturbed "
                             "trials; 0: none"} +
                     (has_precision == nullptr ? "" : "; none with one repeat and no --precision"));
  flags.flag("--accept-disturbed", rules.accept_disturbed,
             "count disturbed trials, whatever the reason, and do not repeat them");
}

void declare_seed(Flags& flags, std::uint64_t& seed, const std::string& description) {
  flags.number("--seed", seed, std::pair{std::uint64_t{0}, kAnyCount.second}, description);
}

void declare_rows(Flags& flags, RowOutput& rows) {
  const Flag csv = flags.text("--csv", rows.csv, "FILE", "file to append rows to; - is stdout")
                       .default_str("results/<kernel release>.csv");
  flags.flag("--no-save", rows.save, "do not save rows", false).excludes(csv);
}

void declare_json(Flags& flags, std::optional<std::string>& json, const std::string& description) {
  flags.text("--json", json, "FILE", description);
}

void declare_quiet(Flags& flags, bool& quiet) { flags.flag("-q,--quiet", quiet, "no progress"); }

void declare_color(Flags& flags, ColorChoice& color) {
  flags.choice("--color", color,
               std::array{ColorChoice::automatic, ColorChoice::always, ColorChoice::never},
               "colours; honours NO_COLOR");
}

void require_client(ClientKind client, const LoadOptions& load, const Grid& grid) {
  if (client != ClientKind::ab) return;
  if (!grid.mixes.empty()) {
    throw UsageError("ab sends bodies of one size: leave out the mix of --body, or --client ab");
  }
  if (load.rate)
    throw UsageError("ab knows the closed loop only: leave out --rate, or --client ab");
  if (load.verify != Verify::none) {
    throw UsageError("ab verifies nothing: leave out --verify, or --client ab");
  }
  if (load.tls_resumes) {
    throw UsageError("ab resumes no TLS session: leave out --tls-resume, or --client ab");
  }
  if (!load.headers.empty()) {
    throw UsageError("ab gets no further headers: leave out --header, or --client ab");
  }
}

}  // namespace urb
