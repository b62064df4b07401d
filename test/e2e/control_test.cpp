// `serve --control`: windows for who has the token, and peers that mean harm.
#include <arpa/inet.h>
#include <doctest/doctest.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <csignal>
#include <nlohmann/json.hpp>
#include <string>
#include <variant>
#include <vector>

#include "base/address.hpp"
#include "base/fd.hpp"
#include "e2e/program.hpp"
#include "stats/usage.hpp"
#include "support/process.hpp"

namespace urb::test {
namespace {

using Json = nlohmann::json;

/// `serve` with a control socket, by its JSON line.
class Controlled {
 public:
  explicit Controlled(const std::string& control)
      : program_{{binary(), "serve", "cluster", "-l", "127.0.0.1:0", "--ready", "json", "--control",
                  control, "--control-token", folder_.file("token")}} {
    REQUIRE_MESSAGE(wait_until([this] { return program_.out().find('\n') != std::string::npos; }),
                    program_.err());
    ready_ = Json::parse(program_.out());
    token_ = folder_.read("token");
    token_.pop_back();
  }
  [[nodiscard]] const Json& ready() const { return ready_; }
  [[nodiscard]] const std::string& token() const { return token_; }
  [[nodiscard]] std::string url() const { return "http://" + text("address") + "/"; }
  [[nodiscard]] std::string text(const char* key) const { return ready_[key].get<std::string>(); }
  [[nodiscard]] Address control() const {
    return std::get<Address>(parse_listen_address(text("control")));
  }
  [[nodiscard]] Program& program() { return program_; }
  /// Whether it serves requests.
  void check_that_it_serves(const char* requests = "50") const {
    const Outcome load = run({"load", url(), "-b", "1K", "-n", requests, "--warmup", "0ms", "-r",
                              "yes", "--verify", "-q"});
    INFO(load.out, load.err);
    CHECK(load.status == 0);
  }

 private:
  TempFolder folder_;
  Program program_;
  Json ready_;
  std::string token_;
};

/// A connection to the control socket.
class Peer {
 public:
  /// `room`: bytes for what it does not read, where that is to be little.
  explicit Peer(const Address& address, int room = 0)
      : socket_{Adopt{}, socket(address.family(), SOCK_STREAM | SOCK_CLOEXEC, 0)} {
    if (room != 0) setsockopt(socket_.get(), SOL_SOCKET, SO_RCVBUF, &room, sizeof room);
    REQUIRE(connect(socket_.get(), address.raw(), address.raw_bytes()) == 0);
  }
  /// False when the other side has closed.
  bool say(const std::string& text) const {
    return send(socket_.get(), text.data(), text.size(), MSG_NOSIGNAL) ==
           static_cast<ssize_t>(text.size());
  }
  /// A line with its end; what there was before the close, when that comes first.
  [[nodiscard]] std::string hear(int patience_ms = 20'000) const {
    std::string line;
    while (line.empty() || line.back() != '\n') {
      pollfd waiting{socket_.get(), POLLIN, 0};
      if (poll(&waiting, 1, patience_ms) <= 0) return line + "(nothing more)";
      char one = 0;
      if (recv(socket_.get(), &one, 1, 0) <= 0) return line;
      line += one;
    }
    return line;
  }
  [[nodiscard]] Json ask(const std::string& text) const {
    REQUIRE(say(text));
    const std::string line = hear();
    INFO(line);
    return Json::parse(line);
  }

 private:
  Fd socket_;
};

}  // namespace

TEST_SUITE_BEGIN("e2e");

TEST_CASE("control: a window has the server's counts, CPU times and the host's") {
  for (const std::string control : {"127.0.0.1:0", "unix"}) {
    CAPTURE(control);
    const TempFolder folder;
    const std::string path = folder.file("control");
    Controlled serve{control == "unix" ? "unix:" + path : control};
    const Peer peer{serve.control()};
    serve.check_that_it_serves();  // not in the window
    CHECK(peer.ask(serve.token() + " begin\n")["begun_at_s"].is_number());
    serve.check_that_it_serves("400");
    const Json window = peer.ask(serve.token() + " end\n");
    REQUIRE(window["processes"].size() == 5);
    CHECK(window["processes"][0]["role"] == "master");
    std::uint64_t requests = 0;
    double cpu_s = 0;
    for (const Json& process : window["processes"]) {
      requests += process["counts"]["requests"].get<std::uint64_t>();
      cpu_s += process["cpu_s"].get<double>();
    }
    // With the verified first request of each of four connections.
    CHECK(requests == 404);
    CHECK(window["since_start"]["requests"] == 404 + 54);
    CHECK(cpu_s > 0);
    CHECK(window["window_s"] > 0);
    CHECK(window["host"]["own_s"] >= cpu_s * 0.9);
    CHECK(window["memory_kb"]["workers"] > 0);
    // Once more on the same connection; and an end needs its own begin.
    CHECK(peer.ask(serve.token() + " begin\n").contains("begun_at_s"));
    CHECK(peer.ask(serve.token() + " end\n")["processes"][1]["counts"]["requests"] == 0);
    CHECK(peer.say(serve.token() + " end\n"));
    CHECK(peer.hear() == "error: end needs a begin on the same connection\n");
    CHECK(peer.hear().empty());
    if (control == "unix") {
      struct stat about {};
      REQUIRE(stat(path.c_str(), &about) == 0);
      CHECK((about.st_mode & 077) == 0);
    }
    serve.program().signal(SIGTERM);
    CHECK(serve.program().wait().status == 0);
    CHECK(access(path.c_str(), F_OK) != 0);
  }
}

TEST_CASE("control: a port alone is of loopback, and the ready line tells all") {
  const Controlled serve{":0"};
  CHECK(serve.text("control").starts_with("127.0.0.1:"));
  CHECK(serve.text("mode") == "cluster");
  CHECK(serve.ready()["workers"] == 4);
  CHECK(serve.ready()["pid"].get<int>() > 1);
}

TEST_CASE("control: what has no token learns one line, and is closed") {
  Controlled serve{":0"};
  const std::vector<std::string> sayings{
      "hello\n",
      "\n",
      std::string(100'000, 'x'),
      "GET / HTTP/1.1\r\nHost: a\r\n\r\n",
      std::string(serve.token().size(), '0') + " begin\n",
      serve.token().substr(0, serve.token().size() - 1) + " begin\n",
      std::string{"\0\xFF\x80\n", 4}};
  for (const std::string& saying : sayings) {
    const Peer peer{serve.control()};
    static_cast<void>(peer.say(saying));
    CHECK(peer.hear() == "error: refused\n");
    CHECK(peer.hear().empty());
  }
  const Peer peer{serve.control()};
  CHECK(peer.ask(serve.token() + " begin\n").contains("begun_at_s"));
}

TEST_CASE("control: 1,000 connections and slow ones harm nobody") {
  Controlled serve{":0"};
  const std::size_t before = open_fds(serve.program().pid());
  const Peer trusted{serve.control()};
  CHECK(trusted.ask(serve.token() + " begin\n").contains("begun_at_s"));
  std::vector<Peer> slow;
  for (int count = 0; count < 1000; ++count) {
    slow.emplace_back(serve.control());
    static_cast<void>(slow.back().say(serve.token().substr(0, 20)));  // and no more
  }
  // The server's clients wait for nothing, one who knows the token gets in, and who was in stays.
  serve.check_that_it_serves("400");
  const Peer late{serve.control()};
  CHECK(late.ask(serve.token() + " begin\n").contains("begun_at_s"));
  const Json window = trusted.ask(serve.token() + " end\n");
  CHECK(window["since_start"]["requests"] == 404);
  CHECK(open_fds(serve.program().pid()) <= before + 32);
  // A line that never ends is not waited for.
  CHECK(slow.back().hear(10'000).empty());
  CHECK(wait_until([&] { return open_fds(serve.program().pid()) <= before + 2; }));
  serve.check_that_it_serves();
  serve.program().signal(SIGTERM);
  CHECK(serve.program().wait().status == 0);
}

TEST_CASE("control: who does not read the answers is let go") {
  Controlled serve{":0"};
  const Peer peer{serve.control(), 4096};
  CHECK(peer.ask(serve.token() + " begin\n").contains("begun_at_s"));
  const std::size_t before = open_fds(serve.program().pid());
  std::string orders;
  for (int count = 0; count < 200; ++count)
    orders += serve.token() + " begin\n" + serve.token() + " end\n";
  // It reads no more while its answers are not taken, and then it closes: what is said last fails.
  for (int count = 0; count < 1000 && peer.say(orders); ++count) {
  }
  CHECK(wait_until([&] { return open_fds(serve.program().pid()) < before; }));
  serve.check_that_it_serves();
}

TEST_CASE("control: it costs nothing while nobody asks") {
  Controlled serve{":0"};
  const Peer peer{serve.control()};
  CHECK(peer.ask(serve.token() + " begin\n").contains("begun_at_s"));
  const pid_t pid = serve.program().pid();
  const auto switches_before = sample_context_switches(pid);
  const auto cpu_before = sample_cpu_time(pid);
  static_cast<void>(wait_until([] { return false; }, std::chrono::milliseconds{2500}));
  const auto switches = sample_context_switches(pid);
  REQUIRE(switches);
  // It looks for shortages once a second, with and without the socket.
  CHECK(*switches - *switches_before <= 8);
  CHECK(sample_cpu_time(pid)->total - cpu_before->total < std::chrono::milliseconds{10});
}

TEST_CASE("control: the options belong together, and a token that others may read is refused") {
  const TempFolder folder;
  CHECK(run({"serve", "direct", "--control", ":0"}).status == 2);
  CHECK(run({"serve", "direct", "--control-token", folder.file("token")}).status == 2);
  folder.write("open", "0123456789abcdef\n");
  REQUIRE(chmod(folder.file("open").c_str(), 0644) == 0);
  const Outcome refused = run({"serve", "direct", "-l", "127.0.0.1:0", "--control", ":0",
                               "--control-token", folder.file("open")});
  CHECK(refused.status == 2);
  CHECK(refused.err.find("chmod 600") != std::string::npos);
}

TEST_SUITE_END();

}  // namespace urb::test
