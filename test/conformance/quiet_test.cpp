// While nothing moves, nothing works: no process of the server uses CPU, and no kernel thread
// stands behind a client, whatever the clients have begun and however they have left it.
#include <sys/socket.h>

#include <algorithm>
#include <array>

#include "conformance/conformance.hpp"
#include "stats/usage.hpp"

TEST_SUITE_BEGIN("conformance");

namespace urb::test {
namespace {

constexpr std::size_t kClients = 12;  // more than a worker has receive buffers
constexpr std::string_view kLongAnswer = "/?size=10485760";

/// How far an exchange has come when the client stops.
struct Stage {
  std::string_view name;
  std::string sent;
  bool has_body_begun;  ///< the next byte of the client belongs to a body
};

std::vector<Stage> stages() {
  const std::string large = make_post(std::string(1 << 20, 'b'));
  const std::string chunked = make_head("POST", "/", "Transfer-Encoding: chunked\r\n");
  const std::string get = make_head("GET", kLongAnswer);
  std::string many;
  for (int index = 0; index < 20; ++index) many += get;
  return {
      {"nothing", "", false},
      {"half a head", large.substr(0, 20), false},
      {"a head", large.substr(0, large.find("\r\n\r\n") + 4), true},
      {"half a body", large.substr(0, 500 * 1000), true},
      {"half a chunk", chunked + "10\r\nabc", true},
      {"a head that expects 100",
       make_head("POST", "/", "Expect: 100-continue\r\nContent-Length: 9\r\n"), true},
      {"a request, its answer unread", get, false},
      {"a request and a byte of the next, its answer unread", get + "G", false},
      {"requests, their answers unread", many, false},
      {"an upload, its answer unread", make_post(std::string(100 * 1000, 'b'), "X-A: b\r\n"),
       false},
      {"nonsense", "nonsense\r\n\r\n", false},
      {"answers unread, then nonsense", many + "nonsense\r\n\r\n", false},
  };
}

enum class Leaving { stays, ends_sending, urgent_byte };

void leave(TcpClient& client, Leaving how) {
  if (how == Leaving::ends_sending) client.end_sending();
  if (how == Leaving::urgent_byte) {
    // The server may have closed, which is an answer too.
    [[maybe_unused]] const ssize_t sent = ::send(client.fd(), "!", 1, MSG_OOB | MSG_NOSIGNAL);
    [[maybe_unused]] const bool taken = client.try_send("more");
  }
}

Nanos cpu_time(const Server& server) {
  Nanos sum{0};
  for (const ServerProcess& process : server.processes()) {
    if (const auto time = sample_cpu_time(process.pid)) sum += time->total;
  }
  return sum;
}

/// At most a twentieth of a CPU in a window of its own.
bool is_quiet(const Server& server) {
  constexpr Nanos kWindow = std::chrono::milliseconds{100};
  const Nanos before = cpu_time(server);
  const Nanos ends = monotonic_now() + kWindow;
  CHECK_FALSE(wait_until([] { return false; }, kWindow));
  const Nanos took = monotonic_now() - ends + kWindow;
  return cpu_time(server) - before <= took / 20;
}

std::size_t most_kernel_threads(const Server& server) {
  std::size_t most = 0;
  for (const ServerProcess& process : server.processes()) {
    most = std::max(most, iowq_threads(process.pid));
  }
  return most;
}

TEST_CASE("while nothing moves, nothing works") {
  const auto server = start_server(configured_server());
  for (const Stage& stage : stages()) {
    for (const Leaving how : {Leaving::stays, Leaving::ends_sending, Leaving::urgent_byte}) {
      CAPTURE(stage.name);
      CAPTURE(static_cast<int>(how));
      std::vector<TcpClient> clients;
      for (std::size_t index = 0; index < kClients; ++index) {
        clients.emplace_back(server->address(), /*receive_buffer_bytes=*/4096);
        [[maybe_unused]] const bool taken = clients.back().try_send(stage.sent);
        leave(clients.back(), how);
      }
      CHECK(wait_until([&] { return is_quiet(*server); }));
      // One that has just become idle stays for a moment; one behind a client would stay.
      CHECK(wait_until([&] { return most_kernel_threads(*server) <= 2; }));
      for (int index = 0; index < 4; ++index) check_healthy(*server);
    }
  }
  check_no_sockets_left(*server);
}

// Linux's TLS does (6.12), so that the next record is a bad one.
bool takes_urgent_bytes_for_records() { return configured_server().tls.kind == tls::Kind::ktls; }

TEST_CASE("an urgent byte in a body stops neither the body nor its answer") {
  if (takes_urgent_bytes_for_records()) return;
  const auto server = start_server(configured_server());
  const std::string body = random_text(1 << 20, 7);
  for (const std::size_t at : {std::size_t{0}, std::size_t{1}, std::size_t{400 * 1000}}) {
    CAPTURE(at);
    TcpClient client{server->address()};
    client.send(make_head("POST", "/", "X-Verify: crc32c\r\nContent-Length: 1048576\r\n"));
    client.send(std::string_view{body}.substr(0, at));
    REQUIRE(::send(client.fd(), "!", 1, MSG_OOB | MSG_NOSIGNAL) == 1);
    client.send(std::string_view{body}.substr(at));
    check_receipt(*server, client.read_response(), body.size(), checksum(body));
  }
}

// The rest of the body lies behind the mark, and the end right behind it.
TEST_CASE("an urgent byte shortly before the client's end hides nothing") {
  if (takes_urgent_bytes_for_records()) return;
  const auto server = start_server(configured_server());
  const std::string body = random_text(100 * 1000, 8);
  TcpClient client{server->address()};
  client.send(make_head("POST", "/", "X-Verify: crc32c\r\nContent-Length: 100000\r\n"));
  client.send(std::string_view{body}.substr(0, 99'990));
  REQUIRE(::send(client.fd(), "!", 1, MSG_OOB | MSG_NOSIGNAL) == 1);
  client.send(std::string_view{body}.substr(99'990));
  client.end_sending();
  check_receipt(*server, client.read_response(), body.size(), checksum(body));
}

}  // namespace
}  // namespace urb::test

TEST_SUITE_END();
