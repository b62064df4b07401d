// `serve`: a server in the foreground.
#include "cli/serve_command.hpp"

#include <fmt/format.h>
#include <poll.h>
#include <signal.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "base/error.hpp"
#include "cli/command.hpp"
#include "cli/flag_groups.hpp"
#include "cli/host_line.hpp"
#include "cli/messages.hpp"
#include "cli/signals.hpp"
#include "experiment/mode_choice.hpp"
#include "experiment/shortage_watch.hpp"
#include "probe/host.hpp"
#include "probe/loopback.hpp"
#include "remote/control_server.hpp"
#include "remote/control_window.hpp"
#include "report/console.hpp"
#include "server/ending.hpp"
#include "server/server.hpp"

namespace urb {
namespace {

// How soon a shortage is told: often enough for a person, too seldom to cost anything.
constexpr Nanos kLookEvery = std::chrono::seconds{1};

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

/// Waits for what happens to the server, and answers on the control socket meanwhile.
class Waiter {
 public:
  Waiter(const Server& server, int signal_fd, ControlServer* control, ShortageTeller& teller)
      : server_{server}, signal_fd_{signal_fd}, control_{control}, teller_{teller} {}

  Event wait() {
    while (!poll_once()) {
    }
    // The end first: it needs no answer to a signal any more.
    if (waiting_[0].revents != 0) return Event::server_ended;
    if (waiting_[1].revents == 0) return Event::news;
    return take_signal(signal_fd_) == SIGHUP ? Event::hang_up : Event::order;
  }

 private:
  // Whether one of the events has come.
  bool poll_once() {
    waiting_.assign(
        {{server_.ended_fd(), POLLIN, 0}, {signal_fd_, POLLIN, 0}, {server_.news_fd(), POLLIN, 0}});
    const std::size_t own = waiting_.size();
    if (control_ != nullptr) control_->add_to(waiting_);
    const int ready = poll(waiting_.data(), waiting_.size(), patience_ms());
    if (ready < 0 && errno != EINTR) throw_errno("poll");
    const Nanos now = monotonic_now();
    if (now >= next_look_) {
      next_look_ = now + kLookEvery;
      teller_.tell_new();
    }
    if (ready < 0) return false;
    if (control_ != nullptr) control_->handle(std::span{waiting_}.subspan(own), now);
    return std::any_of(waiting_.begin(), waiting_.begin() + static_cast<std::ptrdiff_t>(own),
                       [](const pollfd& one) { return one.revents != 0; });
  }

  [[nodiscard]] int patience_ms() const {
    Nanos until = next_look_;
    if (control_ != nullptr) until = std::min(until, control_->next_deadline());
    const Nanos left = std::clamp(until - monotonic_now(), Nanos{0}, kLookEvery);
    return static_cast<int>(std::chrono::ceil<std::chrono::milliseconds>(left).count());
  }

  const Server& server_;
  int signal_fd_;
  ControlServer* control_;  // nullptr: none
  ShortageTeller& teller_;
  std::vector<pollfd> waiting_;
  Nanos next_look_ = monotonic_now() + kLookEvery;
};

void print_news(Server& server) {
  for (const std::string& sentence : server.take_news()) print_error(sentence);
}

int run_serve(const ServeOptions& options) {
  ServerConfig config = options.server;
  require_mode(config.mode);
  std::optional<ControlToken> token;
  if (options.control) token = ControlToken::read_or_make(*options.control_token);
  Server server{config};
  const Fd signals = make_signal_fd();
  // Behind the server, whose processes are not to inherit it.
  std::optional<ControlServer> control;
  if (options.control) {
    control.emplace(*options.control, *token, [&server, scope = scope_of(probe_host())] {
      const auto window = std::make_shared<ControlWindow>(server, scope);
      return [window](ControlOrder order) { return window->carry_out(order); };
    });
  }
  write_text(stdout,
             format_ready(options.ready, server, config, control ? &control->address() : nullptr));
  flush_text(stdout);
  const std::string down = server.address().is_loopback() ? find_loopback_down() : "";
  if (!down.empty()) print_error("warning: nobody can connect: " + down);

  const std::string limit = tls::describe_limit(config.tls);
  if (!limit.empty()) print_error(limit);

  ShortageTeller teller{server};
  Waiter waiter{server, signals.get(), control ? &*control : nullptr, teller};
  bool is_stopping = false;
  bool is_ordered = false;  // by a person or a service manager, not by a terminal that ended
  while (true) {
    const Event event = waiter.wait();
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
  flags.choice("--ready", options.ready, std::array{ReadyForm::text, ReadyForm::json},
               "how the line on stdout tells that it accepts");
  flags.group("For a client elsewhere");
  flags.parsed("--control", "ADDR:PORT|unix:PATH",
               "where begin and end of a window are answered by what the server used and counted; "
               ":PORT is of loopback",
               "none", [&control = options.control](const std::string& typed) {
                 control = value_or_throw(parse_listen_address(typed));
               });
  flags.text("--control-token", options.control_token, "FILE",
             "whose first line whoever asks has to know; mode 0600; made, if there is none");
  flags.when_read([&options] {
    if (options.control.has_value() != options.control_token.has_value())
      throw UsageError("--control and --control-token belong together");
  });
}

extern const Command command_serve;
const Command command_serve{
    .name = "serve",
    .summary = "Runs only the server, in the foreground, until SIGINT or SIGTERM",
    .examples =
        "  uring-bench serve socket --workers 4 --listen 127.0.0.1:8080\n"
        "  uring-bench serve direct --listen unix:server.sock --max-body 1G\n"
        "  uring-bench serve cluster --ready json --control :9000 --control-token token\n",
    .declare = [](Flags& flags) { return make_action(flags, declare_serve, run_serve); }};

}  // namespace urb
