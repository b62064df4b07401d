// `serve`: a server in the foreground.
#include "cli/serve_command.hpp"

#include <fmt/format.h>
#include <poll.h>
#include <signal.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <string>

#include "base/clock.hpp"
#include "base/error.hpp"
#include "cli/command.hpp"
#include "cli/flag_groups.hpp"
#include "cli/messages.hpp"
#include "cli/signals.hpp"
#include "experiment/mode_choice.hpp"
#include "experiment/shortage_watch.hpp"
#include "probe/loopback.hpp"
#include "report/console.hpp"
#include "server/ending.hpp"
#include "server/server.hpp"

namespace urb {
namespace {

// How soon a shortage is told: often enough for a person, too seldom to cost anything.
constexpr int kLookEveryMs = 1000;

enum class Event : std::uint8_t { server_ended, order, hang_up, news };

/// Tells of each kind of shortage when it is first seen.
class ShortageTeller {
 public:
  explicit ShortageTeller(const Server& server) : watch_{server} {}

  void tell_new() {
    for (const Warning kind : watch_.look().kinds()) {
      if (told_.insert(kind).second) print_error(fmt::format("warning: {}", text_of(kind)));
    }
  }
  void tell_totals() {
    tell_new();
    const std::string totals = watch_.look().describe();
    if (!totals.empty()) print_error("ran short, how often: " + totals);
  }

 private:
  ShortageWatch watch_;
  Warnings told_;
};

Event wait_for_event(const Server& server, int signal_fd, ShortageTeller& teller) {
  std::array<pollfd, 3> waiting{
      {{server.ended_fd(), POLLIN, 0}, {signal_fd, POLLIN, 0}, {server.news_fd(), POLLIN, 0}}};
  for (int ready = 0; ready <= 0;) {
    ready = poll(waiting.data(), waiting.size(), kLookEveryMs);
    if (ready < 0 && errno != EINTR) throw_errno("poll");
    if (ready == 0) teller.tell_new();
  }
  // The end first: it needs no answer to a signal any more.
  if (waiting[0].revents != 0) return Event::server_ended;
  if (waiting[1].revents == 0) return Event::news;
  return take_signal(signal_fd) == SIGHUP ? Event::hang_up : Event::order;
}

void print_news(Server& server) {
  for (const std::string& sentence : server.take_news()) print_error(sentence);
}

int run_serve(const ServeOptions& options) {
  ServerConfig config = options.server;
  require_mode(config.mode);
  Server server{config};
  const Fd signals = make_signal_fd();
  write_text(stdout, fmt::format("listening on {} ({}, {} workers)\n",
                                 format_address(server.address()), config.mode, config.workers));
  flush_text(stdout);
  const std::string down = server.address().is_loopback() ? find_loopback_down() : "";
  if (!down.empty()) print_error("warning: nobody can connect: " + down);

  const std::string limit = tls::describe_limit(config.tls);
  if (!limit.empty()) print_error(limit);

  ShortageTeller teller{server};
  bool is_stopping = false;
  bool is_ordered = false;  // by a person or a service manager, not by a terminal that ended
  while (true) {
    const Event event = wait_for_event(server, signals.get(), teller);
    print_news(server);
    if (event == Event::server_ended) break;
    if (event == Event::news) continue;
    if (event == Event::order && is_ordered) {
      print_error("killed before the requests in flight had ended");
      return kExitFailed;  // the server's destructor kills
    }
    is_ordered = is_ordered || event == Event::order;
    if (!is_stopping) server.begin_stop();
    is_stopping = true;
  }
  teller.tell_totals();
  const int exit_status = server.wait(monotonic_now());
  if (exit_status == 0) {
    // Whoever ends a whole group tells the master as well, which may be faster than this process.
    if (!is_stopping) print_error("the server ended on a SIGTERM to its master");
    return kExitOk;
  }
  print_error(fmt::format("the server ended{}: its master {}{}", is_stopping ? "" : " by itself",
                          describe_ending(exit_status),
                          exit_status == 1 ? ", since a worker failed and could not be replaced"
                                           : likely_cause_of(exit_status)));
  return kExitFailed;
}

}  // namespace

void declare_serve(Flags& flags, ServeOptions& options) {
  constexpr const char* kNobodyServed = "zero would leave no time for a request";
  ServerConfig& server = options.server;
  flags.operand("MODE", server.mode, "how requests reach the workers").required();
  declare_server(flags, server);
  declare_tls(flags, options.tls, server.tls);
  flags.group("Serving");
  server.listen = Address::loopback(8080);
  flags.parsed("-l,--listen", "ADDR:PORT", "where to listen; port 0 picks one; or unix:PATH",
               format_address(server.listen), [&server](const std::string& typed) {
                 server.listen = value_or_throw(parse_listen_address(typed));
               });
  http::Limits& limits = server.limits;
  flags.duration("--header-timeout", limits.header_timeout, "for a whole request head",
                 kNobodyServed);
  flags.duration("--handshake-timeout", server.tls.handshake_timeout, "for a whole TLS handshake",
                 kNobodyServed);
  flags.duration("--body-timeout", limits.body_timeout, "for a body without progress",
                 kNobodyServed);
  flags.duration("--idle-timeout", limits.idle_timeout, "between requests of a connection",
                 kNobodyServed);
  flags.parsed("--max-body", "SIZE", "largest request body (413 above)", "none",
               [&limits](const std::string& typed) {
                 limits.max_body = value_or_throw(parse_bytes(typed));
               });
  flags.duration("--grace", server.grace, "to finish requests on SIGTERM");
}

extern const Command command_serve;
const Command command_serve{
    .name = "serve",
    .summary = "Runs only the server, in the foreground, until SIGINT or SIGTERM",
    .examples =
        "  uring-bench serve socket --workers 4 --listen 127.0.0.1:8080\n"
        "  uring-bench serve direct --listen unix:server.sock --max-body 1G\n",
    .declare = [](Flags& flags) { return make_action(flags, declare_serve, run_serve); }};

}  // namespace urb
