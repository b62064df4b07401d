// Sessions on a ring whose completion queue is far too small for them: slower, and nothing else.
#include <doctest/doctest.h>
#include <sys/socket.h>

#include <array>
#include <string>
#include <string_view>
#include <vector>

#include "net/lingering_close.hpp"
#include "net/session.hpp"
#include "support/deadline.hpp"
#include "support/open_fds.hpp"
#include "support/ring_turn.hpp"

namespace urb {
namespace {

TEST_SUITE_BEGIN("unit");

constexpr std::string_view kRequest =
    "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello";

struct TinyQueue {
  explicit TinyQueue(BufferKind kind)
      : sessions{ring, 1, lingering_close, counters, options(kind)} {}

  static SessionOptions options(BufferKind kind) {
    SessionOptions made;
    made.mode = "test";
    made.buffers = kind;
    made.connection_capacity = 64;
    return made;
  }
  void turn() {
    test::turn(ring, [this](const Completion& done) {
      done.token.owner == 2 ? lingering_close.on_completion(done) : sessions.on_completion(done);
    });
    sessions.on_batch_end(monotonic_now());
  }

  Counters counters;
  Ring ring{{16, 16}};
  LingeringClose lingering_close{ring, 2, counters, 8};
  SessionPool sessions;
};

// Three requests on each of 64 connections, all there at once.
TEST_CASE("session: with a completion queue that overflows, every request is answered once") {
  const std::size_t fds_before = test::open_fd_count();
  for (const BufferKind kind : {BufferKind::registered, BufferKind::provided,
                                BufferKind::provided_inc, BufferKind::plain}) {
    if (kind == BufferKind::provided_inc && !kernel_features().has(Feature::provided_inc)) continue;
    CAPTURE(name_of(kind));
    TinyQueue server{kind};
    std::vector<Fd> clients;
    for (int index = 0; index < 64; ++index) {
      int ends[2] = {-1, -1};
      REQUIRE(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) == 0);
      clients.emplace_back(Adopt{}, ends[0]);
      server.sessions.adopt(Fd{Adopt{}, ends[1]}, {}, 0, 0);
    }
    server.ring.submit();
    for (unsigned round = 1; round <= 3; ++round) {
      for (const Fd& client : clients) {
        REQUIRE(send(client.get(), kRequest.data(), kRequest.size(), 0) ==
                static_cast<ssize_t>(kRequest.size()));
      }
      REQUIRE(test::wait_until([&] {
        server.turn();
        return server.counters.requests.get() == std::uint64_t{round} * clients.size();
      }));
      for (const Fd& client : clients) {
        std::array<char, 1024> answer{};
        ssize_t size = 0;
        REQUIRE(test::wait_until([&] {
          server.turn();
          return (size = recv(client.get(), answer.data(), answer.size(), MSG_DONTWAIT)) > 0;
        }));
        const std::string_view text{answer.data(), static_cast<std::size_t>(size)};
        CHECK(text.starts_with("HTTP/1.1 200 "));
        CHECK(text.find("HTTP/1.1", 1) == std::string_view::npos);  // one answer, not two
        CHECK(text.ends_with("\"bytes\":5}"));
      }
    }
    CHECK(server.ring.counters().cq_overflow_count != 0);
    CHECK(server.counters.connection_resets.get() == 0);
    clients.clear();
    CHECK(test::wait_until([&] {
      server.turn();
      return server.sessions.is_idle();
    }));
    CHECK(server.counters.connections_closed.get() == 64);
    server.ring.drain();
  }
  CHECK(test::open_fd_count() == fds_before);
}

}  // namespace
}  // namespace urb
