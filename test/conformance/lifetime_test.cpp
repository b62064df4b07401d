// Processes that are killed: the others notice, answer or close what is theirs, and end.
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/error.hpp"
#include "conformance/conformance.hpp"

TEST_SUITE_BEGIN("conformance");

namespace urb::test {
namespace {

TEST_CASE("a killed master leaves no worker") {
  const auto server = start_server(configured_server());
  const auto processes = watch_processes(*server);
  TcpClient client{server->address()};
  client.send_and_let_read(make_post("abc").substr(0, 20));
  kill(server->processes()[0].pid, SIGKILL);
  CHECK(have_ended(processes));
  CHECK(server->wait(monotonic_now() + kPatience) == 128 + SIGKILL);
  CHECK(client.is_closed_by_peer());
}

/// Forks a process that starts a server, reports its port and process numbers, and stays.
pid_t fork_owner(const ServerConfig& config, int report_fd) {
  const pid_t owner = check(fork(), "fork");
  if (owner != 0) return owner;
  {
    const Server server{config};
    const std::uint16_t port = server.address().port();
    if (write(report_fd, &port, sizeof port) != sizeof port) _exit(1);
    for (const ServerProcess& process : server.processes()) {
      if (write(report_fd, &process.pid, sizeof process.pid) != sizeof process.pid) _exit(1);
    }
    while (true) pause();
  }
}

TEST_CASE("a killed owner leaves no process, even with a client that stalls") {
  ServerConfig config = configured_server();
  config.grace = std::chrono::milliseconds{100};
  int ends[2];
  check(pipe(ends), "pipe");
  const Fd report{Adopt{}, ends[0]};
  Fd report_write{Adopt{}, ends[1]};
  const pid_t owner = fork_owner(config, report_write.get());
  report_write.close();
  std::uint16_t port = 0;
  REQUIRE(read(report.get(), &port, sizeof port) == sizeof port);
  std::vector<ProcessWatch> processes;
  for (unsigned index = 0; index < 1 + config.workers; ++index) {
    pid_t pid = 0;
    REQUIRE(read(report.get(), &pid, sizeof pid) == sizeof pid);
    processes.emplace_back(pid);
  }
  TcpClient client{Address::loopback(port)};
  client.send_and_let_read(make_post("abc").substr(0, 20));
  CHECK_FALSE(processes.front().has_ended(Nanos{0}));
  kill(owner, SIGKILL);
  CHECK(have_ended(processes));
  CHECK(client.is_closed_by_peer());
  CHECK(check(waitpid(owner, nullptr, 0), "waitpid") == owner);
}

TEST_CASE("an address in use is refused with a message, and leaves no process") {
  const auto server = start_server(configured_server());
  ServerConfig config = configured_server();
  config.listen = server->address();
  const std::size_t processes = process_tree(getpid()).size();
  try {
    const Server second{config};
    FAIL_CHECK("two servers on one port");
  } catch (const std::exception& cause) {
    CHECK(std::string_view{cause.what()}.find(format_address(config.listen)) !=
          std::string_view::npos);
  }
  CHECK(process_tree(getpid()).size() == processes);
}

}  // namespace
}  // namespace urb::test

TEST_SUITE_END();
