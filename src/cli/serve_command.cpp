// `serve`: a server in the foreground.
#include <fmt/format.h>
#include <poll.h>

#include <array>
#include <cerrno>
#include <cstdio>

#include "base/clock.hpp"
#include "base/error.hpp"
#include "cli/commands.hpp"
#include "cli/signals.hpp"
#include "server/server.hpp"

namespace urb {
namespace {

enum class Event : std::uint8_t { server_ended, signal };

Event wait_for_event(int ended_fd, int signal_fd) {
  std::array<pollfd, 2> waiting{{{ended_fd, POLLIN, 0}, {signal_fd, POLLIN, 0}}};
  while (poll(waiting.data(), waiting.size(), -1) < 0) {
    if (errno != EINTR) throw_errno("poll");
  }
  // The end first: it needs no answer to a signal any more.
  if (waiting[0].revents != 0) return Event::server_ended;
  take_signal(signal_fd);
  return Event::signal;
}

ServerConfig make_config(const Options& options) {
  ServerConfig config;
  config.mode = options.modes.front();
  config.workers = options.workers;
  config.listen = options.listen;
  config.policy = options.policy;
  config.relay = options.relay;
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
  Server server{make_config(options)};
  const Fd signals = make_signal_fd();
  fmt::print("listening on {} ({}, {} workers)\n", format_address(server.address()),
             options.modes.front(), options.workers);
  std::fflush(stdout);

  bool is_stopping = false;
  while (wait_for_event(server.ended_fd(), signals.get()) == Event::signal) {
    if (is_stopping) {
      print_error("killed before the requests in flight had ended");
      return kExitFailed;  // the server's destructor kills
    }
    is_stopping = true;
    server.begin_stop();
  }
  const int exit_status = server.wait(monotonic_now());
  if (exit_status == 0 && is_stopping) return kExitOk;
  print_error(fmt::format("the server ended{} with exit status {}: a worker or the master died",
                          is_stopping ? "" : " by itself", exit_status));
  return kExitFailed;
}

}  // namespace urb
