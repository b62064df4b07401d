// `serve` under the clients people use, in each mode, data path and kind of buffers.
#include <doctest/doctest.h>

#include <csignal>
#include <filesystem>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/address.hpp"
#include "e2e/program.hpp"
#include "mode/mode.hpp"
#include "support/process.hpp"
#include "support/tcp_client.hpp"
#include "uring/features.hpp"

namespace urb::test {
namespace {

#if defined(__SANITIZE_ADDRESS__)
constexpr Bytes kMasterMemoryMax{512 << 20};  // the sanitizer's shadow and quarantine count too
#else
constexpr Bytes kMasterMemoryMax{16 << 20};
#endif

bool has_incremental_buffers() { return kernel_features().has(Feature::provided_inc); }

std::vector<std::vector<std::string>> all_ways() {
  std::vector<std::vector<std::string>> ways;
  for (const Mode* const mode : all_modes()) {
    for (const char* const buffers : {"registered", "provided", "provided-inc", "plain"}) {
      if (std::string_view{buffers} == "provided-inc" && !has_incremental_buffers()) continue;
      const bool relays = mode->name == "passthru";
      for (const std::string& relay : relays ? std::vector<std::string>{"linked", "sync", "copy"}
                                             : std::vector<std::string>{""}) {
        std::vector<std::string> way{std::string{mode->name}, "--buffers", buffers};
        if (!relay.empty()) way.insert(way.end(), {"--relay", relay});
        ways.push_back(way);
      }
    }
  }
  return ways;
}

std::string text_of(const std::vector<std::string>& way) {
  std::string text;
  for (const std::string& word : way) text += word + " ";
  return text;
}

// The figure behind `name` in ab's report.
std::string ab_figure(const std::string& report, const std::string& name) {
  const std::size_t at = report.find(name);
  if (at == std::string::npos) return "";
  const std::size_t begin = report.find_first_not_of(' ', at + name.size());
  return report.substr(begin, report.find_first_of(" \n", begin) - begin);
}

std::vector<ProcessWatch> watch_tree(pid_t root) {
  std::vector<ProcessWatch> watches;
  for (const pid_t pid : process_tree(root)) watches.emplace_back(pid);
  return watches;
}

void run_ab(const std::string& body, const std::string& url, bool keep_alive) {
  std::vector<std::string> command{"ab", "-q", "-c", "8", "-n", "100", "-p", body, url};
  if (keep_alive) command.insert(command.begin() + 1, "-k");
  const Outcome ab = run_program(command);
  INFO(ab.out, ab.err);
  CHECK(ab.status == 0);
  CHECK(ab_figure(ab.out, "Complete requests:") == "100");
  // ab calls an answer of another length than the first a failure; worker and pid may differ.
  const std::string by_length = ab_figure(ab.out, ", Length:");
  CHECK(ab_figure(ab.out, "Failed requests:") ==
        (by_length.empty() ? "0" : by_length.substr(0, by_length.find(','))));
  CHECK(ab.out.find("Non-2xx") == std::string::npos);
}

}  // namespace

TEST_SUITE_BEGIN("e2e");

// Every way a request can take, under ab with and without reuse and under an upload by curl; the
// bytes that the workers count are the bytes that were sent, and the master stays small.
TEST_CASE("serve: ab and curl succeed in every mode, data path and kind of buffers") {
  if (!is_installed("ab") || !is_installed("curl")) return;
  const TempFolder folder;
  const std::string small = folder.make_file("small", Bytes{1 << 20});
  const std::string large = folder.make_file("large", Bytes{64 << 20});
  for (const auto& way : all_ways()) {
    const std::string name = text_of(way);
    CAPTURE(name);
    Serve serve{way};
    run_ab(small, serve.url(), false);
    run_ab(small, serve.url(), true);
    const Outcome curl = run_program({"curl", "-sS", "-m", "60", "-T", large, serve.url()});
    CHECK(curl.status == 0);
    CHECK(curl.out.find("\"bytes\":67108864}") != std::string::npos);

    const std::vector<ProcessWatch> processes = watch_tree(serve.program().pid());
    CHECK(processes.size() == 6);  // the command, the master, four workers
    for (const ProcessWatch& process : processes) {
      if (process_name(process.pid()) == "urb-master") {
        CHECK(peak_memory(process.pid()) < kMasterMemoryMax);
      }
    }
    serve.program().signal(SIGTERM);
    CHECK(serve.program().wait().status == 0);
    CHECK(have_ended(processes));
  }
}

TEST_CASE("serve says where it listens, and with how many workers") {
  Serve serve{{"cluster", "-w", "2"}};
  CHECK(serve.line() == "listening on 127.0.0.1:" + serve.port() + " (cluster, 2 workers)");
  serve.program().signal(SIGINT);
  const Outcome outcome = serve.program().wait();
  CHECK(outcome.status == 0);
  CHECK(outcome.err == "");
}

TEST_CASE("serve: the end of its terminal is an order to end, unless it was to be ignored") {
  {
    Serve serve{{"cluster", "-w", "1"}};
    // A terminal tells the whole group, and more than once. Some may have ended meanwhile.
    for (const pid_t pid : process_tree(serve.program().pid())) (void)kill(pid, SIGHUP);
    (void)kill(serve.program().pid(), SIGHUP);
    const Outcome outcome = serve.program().wait();
    CHECK(outcome.status == 0);
    CHECK(outcome.err == "");
  }
  Serve serve{{"cluster", "-w", "1"}, [] { std::signal(SIGHUP, SIG_IGN); }};
  serve.program().signal(SIGHUP);
  CHECK(run({"load", serve.url(), "-n", "1", "-c", "1", "-b", "0", "-r", "yes", "-q"}).status == 0);
  serve.program().signal(SIGTERM);
  CHECK(serve.program().wait().status == 0);
}

TEST_CASE("serve names a worker that died and the one that replaces it, and ends cleanly") {
  Serve serve{{"cluster", "-w", "2"}};
  pid_t worker = 0;
  for (const pid_t pid : process_tree(serve.program().pid())) {
    if (process_name(pid) == "urb-worker-1") worker = pid;
  }
  REQUIRE(worker != 0);
  REQUIRE(kill(worker, SIGKILL) == 0);
  REQUIRE(wait_until([&] { return serve.program().err().find("replaces") != std::string::npos; }));
  serve.program().signal(SIGTERM);
  const Outcome outcome = serve.program().wait();
  CHECK(outcome.status == 0);
  const std::string expected =
      "worker 1 (pid " + std::to_string(worker) + ") was killed by signal 9 (Killed)\n";
  CHECK(outcome.err.find(expected) != std::string::npos);
}

// Whoever ends a whole group, such as a service manager, may reach the master first.
TEST_CASE("serve ends well when its master is told to end before it is") {
  Serve serve{{"cluster", "-w", "2"}};
  pid_t master = 0;
  for (const pid_t pid : process_tree(serve.program().pid())) {
    if (process_name(pid) == "urb-master") master = pid;
  }
  REQUIRE(master != 0);
  const ProcessWatch watch{master};
  serve.program().signal(SIGSTOP);
  REQUIRE(wait_until([&] { return process_state(serve.program().pid()) == 'T'; }));
  REQUIRE(kill(master, SIGTERM) == 0);
  CHECK(watch.has_ended(kPatience));
  serve.program().signal(SIGTERM);
  serve.program().signal(SIGCONT);
  const Outcome outcome = serve.program().wait();
  CHECK(outcome.status == 0);
  CHECK(outcome.err == "uring-bench: the server ended on a SIGTERM to its master\n");
}

TEST_CASE("serve on a port that is taken fails with one line") {
  Serve first{{"cluster"}};
  const Outcome second = run({"serve", "cluster", "-l", "127.0.0.1:" + first.port()});
  CHECK(second.status == 1);
  CHECK(second.out == "");
  CHECK(second.err.find("Address already in use") != std::string::npos);
  CHECK(second.err.find('\n') == second.err.size() - 1);
}

TEST_CASE("serve on a Unix socket: every mode, one server a path, and no file afterwards") {
  if (!is_installed("curl")) return;
  const TempFolder folder;
  const std::string body = folder.make_file("body", Bytes{300'000});
  const std::string path = folder.file("socket");
  const auto serve = [&](const std::string& mode) {
    return std::vector<std::string>{binary(), "serve", mode, "-w", "2", "-l", "unix:" + path};
  };
  for (const Mode* const mode : all_modes()) {
    const std::string name{mode->name};
    CAPTURE(name);
    {
      Program killed{serve(name)};
      REQUIRE(wait_until([&] { return killed.out().find('\n') != std::string::npos; }));
      CHECK(killed.out() == "listening on unix:" + path + " (" + name + ", 2 workers)\n");
      const Outcome second = run({"serve", name, "-l", "unix:" + path});
      CHECK(second.status == 1);
      CHECK(second.err.find("Address already in use") != std::string::npos);
      killed.signal(SIGKILL);
    }
    CHECK(std::filesystem::exists(path));  // nobody could remove it
    Program server{serve(name)};
    REQUIRE(wait_until([&] { return server.out().find('\n') != std::string::npos; }));
    const Outcome curl = run_program({"curl", "-sS", "--unix-socket", path, "--data-binary",
                                      "@" + body, "http://localhost/", "http://localhost/"});
    INFO(curl.out, curl.err);
    CHECK(curl.status == 0);
    CHECK(curl.out.find("\"bytes\":300000") != curl.out.rfind("\"bytes\":300000"));
    server.signal(SIGTERM);
    CHECK(server.wait().status == 0);
    CHECK_FALSE(std::filesystem::exists(path));
  }
}

TEST_CASE("serve does not take the place of a file that is no socket") {
  const TempFolder folder;
  const std::string path = folder.make_file("precious", Bytes{8});
  CHECK(run({"serve", "direct", "-l", "unix:" + path}).status == 1);
  CHECK(std::filesystem::file_size(path) == 8);
}

// The upload does not finish within the grace: it is cut off, and the command ends all the same.
TEST_CASE("serve: nothing is left after SIGINT in the middle of an upload") {
  for (const Mode* const mode : all_modes()) {
    const std::string name{mode->name};
    CAPTURE(name);
    Serve serve{{name, "--grace", "300ms"}};
    const std::vector<ProcessWatch> processes = watch_tree(serve.program().pid());
    TcpClient client{std::get<Address>(parse_address("127.0.0.1:" + serve.port()))};
    client.send_and_let_read("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 300000\r\n\r\n" +
                             std::string(100'000, 'b'));
    serve.program().signal(SIGINT);
    static_cast<void>(serve.program().wait());
    CHECK(have_ended(processes));
    CHECK(client.is_closed_by_peer());
  }
}

// The servers die with the command, even when it has no chance to say so.
TEST_CASE("serve: SIGKILL of the command leaves no process") {
  for (const Mode* const mode : all_modes()) {
    const std::string name{mode->name};
    CAPTURE(name);
    Serve serve{{name}};
    const std::vector<ProcessWatch> processes = watch_tree(serve.program().pid());
    CHECK(processes.size() == 6);
    serve.program().signal(SIGKILL);
    CHECK(serve.program().wait().status == 128 + SIGKILL);
    CHECK(have_ended(processes));
  }
}

TEST_SUITE_END();

}  // namespace urb::test
