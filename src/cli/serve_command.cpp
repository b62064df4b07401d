// `serve`: a server in the foreground.
#include <fmt/format.h>
#include <poll.h>
#include <signal.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <string>

#include "base/clock.hpp"
#include "base/error.hpp"
#include "cli/commands.hpp"
#include "cli/relay_choice.hpp"
#include "cli/signals.hpp"
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

ServerConfig make_server_config(const Options& options) {
  ServerConfig config;
  config.mode = options.modes.front();
  config.workers = options.workers;
  config.listen = options.listen;
  config.policy = options.policy;
  set_relay(config, options);
  config.buffers = options.buffers;
  config.response_bytes = options.response;
  config.limits = options.limits;
  config.grace = options.grace;
  config.seed = options.seed;
  return config;
}

}  // namespace

int run_serve(const Options& options) {
  require_mode(options.modes.front());
  Server server{make_server_config(options)};
  const Fd signals = make_signal_fd();
  write_text(stdout,
             fmt::format("listening on {} ({}, {} workers)\n", format_address(server.address()),
                         options.modes.front(), options.workers));
  flush_text(stdout);
  const std::string down = server.address().is_loopback() ? find_loopback_down() : "";
  if (!down.empty()) print_error("warning: nobody can connect: " + down);

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

}  // namespace urb
