// `load` against servers that are not ours: it speaks HTTP, not a dialect of its own.
#include <doctest/doctest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "e2e/program.hpp"

namespace urb::test {
namespace {

/// A foreign server, which prints its port in its first line, as the last number of it.
class Peer {
 public:
  explicit Peer(const std::vector<std::string>& command) : program_{command} {
    const bool ready =
        wait_until([this] { return program_.out().find('\n') != std::string::npos; });
    REQUIRE_MESSAGE(ready, "the server did not start: ", program_.err());
    const std::string line = program_.out().substr(0, program_.out().find('\n'));
    const std::size_t end = line.find_last_of("0123456789");
    REQUIRE(end != std::string::npos);
    const std::size_t before = line.find_last_not_of("0123456789", end);
    const std::size_t begin = before == std::string::npos ? 0 : before + 1;
    port_ = line.substr(begin, end + 1 - begin);
  }
  [[nodiscard]] std::string url(const std::string& path) const {
    return "http://127.0.0.1:" + port_ + path;
  }

 private:
  Program program_;
  std::string port_;
};

// The numbers of the table's rows in the column called `name`.
std::vector<std::string> column(const std::string& table, const std::string& name) {
  std::vector<std::string> values;
  std::size_t wanted = std::string::npos;
  for (std::size_t at = 0; at < table.size();) {
    const std::size_t line_end = std::min(table.find('\n', at), table.size());
    const std::string line = table.substr(at, line_end - at);
    at = line_end + 1;
    if (line.empty() || line[0] != '|') continue;
    std::size_t index = 0;
    for (std::size_t cell = 1; cell < line.size(); ++index) {
      const std::size_t end = std::min(line.find('|', cell), line.size());
      const std::size_t first = line.find_first_not_of(' ', cell);
      const std::size_t last = line.find_last_not_of(' ', end - 1);
      const std::string text = first <= last ? line.substr(first, last + 1 - first) : "";
      if (text == name) {
        wanted = index;
      } else if (index == wanted && text.find("--") == std::string::npos) {
        values.push_back(text);
      }
      cell = end + 1;
    }
  }
  return values;
}

// A row without reuse and a row with it.
std::vector<std::string> both(const std::string& value) { return {value, value}; }

TEST_SUITE_BEGIN("e2e");

TEST_CASE("load: ab as the client, with the server's processes measured") {
  if (!is_installed("ab")) return;
  Serve server{{"cluster", "-w", "2"}};
  const Outcome outcome = run({"load", server.url(), "--client", "ab", "-b", "64K", "-n", "60",
                               "--server-pid", std::to_string(server.program().pid())});
  INFO(outcome.out, outcome.err);
  CHECK(outcome.status == 0);
  CHECK(column(outcome.out, "requests") == both("60"));
  for (const std::string& cpu : column(outcome.out, "server µs/req")) CHECK(std::stod(cpu) > 0);
}

TEST_CASE("load: CPU time of processes that /proc hides is unknown, not small") {
  if (geteuid() != 0) return;
  Serve server{{"cluster", "-w", "2"}};
  const std::string pid = std::to_string(server.program().pid());
  const Outcome outcome = run_program({"unshare", "-m", "sh", "-c",
                                       "mount -t proc -o hidepid=2 proc /proc && exec setpriv "
                                       "--reuid=65534 --regid=65534 --clear-groups "
                                       "\"$0\" load \"$1\" -b 0 -n 2000 --server-pid \"$2\"",
                                       binary(), server.url(), pid});
  INFO(outcome.out, outcome.err);
  CHECK(outcome.status == 0);
  CHECK(column(outcome.out, "server µs/req") == both("–"));
  CHECK(outcome.err.find("warning: /proc does not show all") != std::string::npos);
}

TEST_CASE("load: what --client ab and --server-pid refuse") {
  for (const std::vector<std::string>& more :
       {std::vector<std::string>{"--client", "ab", "--rate", "10"},
        {"--client", "ab", "--verify"},
        {"--client", "ab", "-H", "X-Route: 1"},
        {"--server-pid", "0"},
        {"--server-pid", "4194304"},
        {"--server-pid", "2147483647"}}) {
    std::vector<std::string> arguments{"load", "http://127.0.0.1:1/"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    const Outcome outcome = run(arguments);
    INFO(outcome.err);
    CHECK(outcome.status == 2);
  }
}

TEST_CASE("load: an HTTP/1.0 server that closes every connection") {
  if (!is_installed("python3")) return;
  const TempFolder folder;
  const Peer peer{{"python3", "-u", "-m", "http.server", "--bind", "127.0.0.1", "--directory",
                   folder.path().string(), "0"}};
  const Outcome good =
      run({"load", peer.url("/"), "-b", "0", "-c", "4", "-n", "50", "--warmup", "0s"});
  INFO(good.out, good.err);
  CHECK(good.status == 0);
  CHECK(column(good.out, "requests") == both("50"));
  CHECK(column(good.out, "errors") == both("0"));
  const Outcome bad =
      run({"load", peer.url("/none"), "-b", "0", "-c", "4", "-n", "50", "--warmup", "0s"});
  INFO(bad.out, bad.err);
  CHECK(bad.status == 1);
  CHECK(column(bad.out, "errors") == both("50"));
  CHECK(bad.err.find("404") != std::string::npos);
}

// Checks the body's length itself, and answers in chunks.
constexpr const char* kNodeServer = R"(
const server = require('http').createServer((request, response) => {
  let bytes = 0;
  request.on('data', data => bytes += data.length);
  request.on('end', () => {
    response.statusCode = bytes === Number(request.headers['content-length']) ? 200 : 500;
    response.write('some');
    response.end('thing');
  });
});
server.listen(0, '127.0.0.1', () => console.log('port', server.address().port));
)";

TEST_CASE("load: a server that keeps connections and answers in chunks") {
  if (!is_installed("node")) return;
  const Peer peer{{"node", "-e", kNodeServer}};
  const Outcome outcome =
      run({"load", peer.url("/"), "-b", "300k", "-c", "4", "-n", "50", "--warmup", "0s"});
  INFO(outcome.out, outcome.err);
  CHECK(outcome.status == 0);
  CHECK(column(outcome.out, "requests") == both("50"));
  CHECK(column(outcome.out, "errors") == both("0"));
}

TEST_SUITE_END();

}  // namespace
}  // namespace urb::test
