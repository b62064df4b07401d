// Where the kernel seals: the last bytes of answers, half records, and workers that die. Runs with
// URB_TLS=ktls, mostly in guests.
#include <signal.h>

#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <fstream>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "conformance/conformance.hpp"
#include "support/guest_tests.hpp"
#include "support/ktls_client.hpp"

TEST_SUITE_BEGIN("conformance");

namespace urb::test {
namespace {

bool has_ktls() { return configured_server().tls.kind == tls::Kind::ktls; }

/// Of all processes.
std::uint64_t total(const Server& server, Counter Counters::*counter) {
  std::uint64_t sum = 0;
  for (const ServerProcess& process : server.processes()) sum += (process.counters->*counter).get();
  return sum;
}

// A change for all of the guest, for as long as it lives.
class SmallSendBuffers {
 public:
  SmallSendBuffers() { set("4096 4096 4096"); }
  SmallSendBuffers(const SmallSendBuffers&) = delete;
  SmallSendBuffers& operator=(const SmallSendBuffers&) = delete;
  ~SmallSendBuffers() { set("4096 16384 4194304"); }

 private:
  static void set(const char* sizes) { std::ofstream{"/proc/sys/net/ipv4/tcp_wmem"} << sizes; }
};

TEST_CASE("ktls: the last bytes of an answer, when the send buffer was full") {
  if (!has_ktls() || !is_in_guest()) return;
  const SmallSendBuffers small;
  const auto server = start_server(configured_server());
  for (const std::size_t bytes : {std::size_t{20'000}, std::size_t{60'000}, std::size_t{94'000}}) {
    for (const bool half_closes : {false, true}) {
      for (int round = 0; round < 5; ++round) {
        CAPTURE(bytes);
        CAPTURE(half_closes);
        TcpClient client{server->address(), /*receive_buffer_bytes=*/4096};
        client.send(make_head("GET", "/?size=" + std::to_string(bytes), "Connection: close\r\n"));
        if (half_closes) client.end_sending();
        std::this_thread::sleep_for(std::chrono::milliseconds{300});
        check_filler(client.read_response(), bytes);
        CHECK(client.is_closed_by_peer());
        CHECK(client.has_clean_end());
      }
    }
  }
  check_no_sockets_left(*server);
  CHECK(total(*server, &Counters::tls_ends_cut) == 0);
}

TEST_CASE("ktls: an answer that a client does not take is counted as cut") {
  if (!has_ktls() || !is_in_guest()) return;
  const SmallSendBuffers small;
  const auto server = start_server(configured_server());
  TcpClient client{server->address(), /*receive_buffer_bytes=*/4096};
  client.send(make_head("GET", "/?size=14000", "Connection: close\r\n"));
  check_no_sockets_left(*server);
  CHECK(total(*server, &Counters::tls_ends_cut) == 1);
  CHECK_THROWS_AS((void)client.read_response(), ClientError);
  check_healthy(*server);
}

TEST_CASE("ktls: half records, wherever a connection is handed over") {
  if (!has_ktls()) return;
  const auto server = start_server(configured_server());
  const std::string body = random_text(40 * 1000, 9);
  const std::string request = make_post(body, "X-Verify: crc32c\r\n");
  const std::size_t head = request.find("\r\n\r\n") + 4;
  for (const std::size_t piece : {std::size_t{1000}, std::size_t{7}, std::size_t{20'000}}) {
    TcpClient client{server->address()};
    for (int round = 0; round < 2; ++round) {  // the head in a record of its own, or not
      const std::size_t first = round == 0 ? head : 0;
      client.send_in_pieces(std::string_view{request}.substr(0, first), piece);
      client.send_in_pieces(std::string_view{request}.substr(first), piece);
      check_receipt(*server, client.read_response(), body.size(), checksum(body));
    }
  }
  check_no_sockets_left(*server);
}

/// What became of a connection: the answer came whole, as it should be, and with an end that was
/// told.
struct Fate {
  bool is_whole = false;
  bool is_right = false;
  bool is_clean = false;
};

/// By a handshake of its own, of TLS 1.3 where the library gives that to the kernel.
Fate play_whole(const Address& server, const std::string& request, const std::string& crc) {
  TcpClient client{server};
  client.send(request);
  const Response response = client.read_response();
  return {response.status == 200, response.body.find(crc) != std::string::npos,
          client.is_closed_by_peer() && client.has_clean_end()};
}

/// By the ticket of the connection before, of TLS 1.2: a tenth of the instructions.
Fate play_resumed(const Address& server, const std::string& request, const std::string& crc,
                  Ticket& ticket) {
  KtlsClient client{server, KtlsClient::Version::tls12, std::exchange(ticket, {})};
  client.send(request);
  const KtlsClient::End end = client.read_to_end();
  ticket = client.ticket();
  return {end.text.starts_with("HTTP/1.1 200 ") && end.text.ends_with("}"),
          end.text.find(crc) != std::string::npos, end.is_clean};
}

TEST_CASE("ktls: many connections are handed over while workers die, and no byte is lost") {
  if (!has_ktls()) return;
  const char* const asked = std::getenv("URB_KTLS_CONNECTIONS");
  const bool are_many = asked != nullptr;
  const unsigned wanted = !are_many ? 150 : static_cast<unsigned>(std::atoi(asked));
  constexpr unsigned kClients = 4;
  constexpr unsigned kKillEvery = 50;
  constexpr unsigned kTellEvery = 500;
  ServerConfig config = configured_server();
  config.workers = 2;
  config.tls.resumes = are_many;
  const auto server = start_server(config);
  const std::string body = random_text(10 * 1000, 11);
  const std::string request = make_post(body, "X-Verify: crc32c\r\nConnection: close\r\n");
  char crc[16];
  std::snprintf(crc, sizeof crc, "%08x", checksum(body));
  std::atomic<unsigned> right{0};
  std::atomic<unsigned> wrong{0};
  std::atomic<unsigned> cut{0};      // lost with the worker
  std::atomic<unsigned> unended{0};  // whole, and then the worker was gone
  const auto play = [&](bool resumes) {
    Ticket ticket;
    while (right < wanted) {
      Fate fate;
      try {
        fate = resumes ? play_resumed(server->address(), request, crc, ticket)
                       : play_whole(server->address(), request, crc);
      } catch (const std::exception&) {
        // It was cut.
      }
      ++(!fate.is_whole ? cut : !fate.is_right ? wrong : !fate.is_clean ? unended : right);
    }
  };
  std::vector<std::thread> threads;
  for (unsigned index = 0; index < kClients; ++index) {
    threads.emplace_back(play, are_many && index % 2 == 1);
  }
  unsigned kills = 0;
  unsigned told = 0;
  const auto tell = [&] {
    MESSAGE(right.load(), " connections right, ", wrong.load(), " wrong, ", cut.load(), " cut and ",
            unended.load(), " without an end with ", kills, " workers, ",
            total(*server, &Counters::handshakes_resumed), " resumed");
    std::fflush(stdout);  // a guest's is a pipe
  };
  while (right < wanted) {
    if (right / kTellEvery != told / kTellEvery) {
      told = right;
      tell();
    }
    static_cast<void>(server->take_news());
    if (right > (kills + 1) * kKillEvery) {
      const ServerProcess& worker = server->processes()[1 + kills % config.workers];
      if (kill(worker.pid, SIGKILL) == 0) ++kills;
    }
    std::this_thread::sleep_for(std::chrono::milliseconds{5});
  }
  for (std::thread& thread : threads) thread.join();
  tell();
  CHECK(kills > 0);
  CHECK(wrong == 0);
  CHECK(cut + unended <= kClients * kills);
  CHECK((total(*server, &Counters::handshakes_resumed) > 0) == are_many);
  check_healthy(*server);
  check_no_sockets_left(*server);
  CHECK(total(*server, &Counters::tls_not_offloaded) == 0);
  CHECK(total(*server, &Counters::tls_ends_cut) == 0);
}

}  // namespace
}  // namespace urb::test

TEST_SUITE_END();
