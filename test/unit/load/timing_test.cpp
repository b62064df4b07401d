// What latencies and the measured time consist of: each bound is another clock reading, none a
// wish.
#include <doctest/doctest.h>
#include <sys/socket.h>

#include <thread>

#include "base/clock.hpp"
#include "base/error.hpp"
#include "unit/load/scripted_server.hpp"

TEST_SUITE_BEGIN("unit");

namespace urb::test {
namespace {

using std::chrono::milliseconds;

LoadOptions one_connection(const Address& target, std::uint64_t requests) {
  LoadOptions options = load_on(target);
  options.connections = 1;
  options.requests = requests;
  return options;
}

// A server that takes its time, or a hook that does.
void pass(Nanos amount) {
  for (const Nanos end = monotonic_now() + amount; monotonic_now() < end;) {
    std::this_thread::yield();
  }
}

}  // namespace

// The body fits into no buffer, so its last byte goes when the server has begun to read it.
TEST_CASE("a latency begins with the first byte sent and ends with the last received") {
  constexpr Nanos kBefore = milliseconds{40};
  constexpr Nanos kWithin = milliseconds{50};
  const ScriptedServer server{[](Peer& peer) {
    while (peer.read_head()) {
      pass(kBefore);
      if (!peer.read_body()) return;
      peer.write("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\no");
      pass(kWithin);
      peer.write("k");
    }
  }};
  LoadOptions options = one_connection(server.address(), 2);
  options.body = Bytes{64 << 20};
  const LoadResult result = run(options);
  CHECK(result.requests == 2);
  CHECK(result.latency.quantile(0) * 1.001 >= kBefore + kWithin);
}

TEST_CASE("latencies of one connection fit into the time that they took") {
  const ScriptedServer server{[](Peer& peer) {
    while (peer.read_request()) peer.write(make_response("ok"));
  }};
  const Nanos begin = monotonic_now();
  const LoadResult result = run(one_connection(server.address(), 200));
  CHECK(result.latency.count() == 200);
  CHECK(result.latency.mean() * 200 <= monotonic_now() - begin);
}

TEST_CASE("the window is the time between the two looks at the server") {
  const ScriptedServer server{[](Peer& peer) {
    while (peer.read_request()) peer.write(make_response("ok"));
  }};
  Nanos begin_looked{0};
  Nanos end_looks{0};
  LoadHooks hooks;
  hooks.on_window_begin = [&] {
    pass(milliseconds{20});
    begin_looked = monotonic_now();
  };
  hooks.on_window_end = [&] {
    end_looks = monotonic_now();
    pass(milliseconds{20});
  };
  const LoadResult result = run(one_connection(server.address(), 1), hooks);
  CHECK(result.requests == 1);
  CHECK(result.elapsed <= end_looks - begin_looked);
}

TEST_CASE("without reuse a connection is left, even if the server would keep it") {
  const ScriptedServer server{[](Peer& peer) {
    while (peer.read_request()) peer.write(make_response("ok"));
  }};
  LoadOptions options = one_connection(server.address(), 5);
  options.reuse = false;
  const LoadResult result = run(options);
  CHECK(result.requests == 5);
  CHECK(server.connection_count() == 5);
}

// A full listen queue drops the client's SYN, and the kernel sends the next one a second later.
TEST_CASE("the connect is part of a request without reuse, and of none with it") {
  for (const bool reuse : {false, true}) {
    CAPTURE(reuse);
    const Fd listener{Adopt{}, check(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), "socket")};
    const Address any = Address::loopback(0);
    check(::bind(listener.get(), any.raw(), any.raw_bytes()), "bind");
    check(::listen(listener.get(), 0), "listen");
    const Address address = Address::of_socket(listener.get());
    const Fd filler{Adopt{}, check(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), "socket")};
    check(::connect(filler.get(), address.raw(), address.raw_bytes()), "connect");

    Nanos made_room{0};
    std::thread serving;
    LoadHooks hooks;
    hooks.on_progress = [&](Nanos elapsed, std::uint64_t) {
      // By then the SYN has been dropped, and the next is not due for as long again.
      if (elapsed < milliseconds{500} || made_room != Nanos{0}) return true;
      made_room = monotonic_now();
      serving = std::thread{[&] {
        const Fd filled{Adopt{}, accept4(listener.get(), nullptr, nullptr, SOCK_CLOEXEC)};
        const Fd client{Adopt{}, accept4(listener.get(), nullptr, nullptr, SOCK_CLOEXEC)};
        Peer peer{client.get(), 0};
        if (peer.read_request()) peer.write(make_response("ok"));
        peer.read_to_end();
      }};
      return true;
    };
    Nanos answered{0};
    hooks.on_window_end = [&] { answered = monotonic_now(); };
    LoadOptions options = one_connection(address, 1);
    options.reuse = reuse;
    const Nanos begin = monotonic_now();
    const LoadResult result = run(options, hooks);
    REQUIRE(made_room != Nanos{0});
    serving.join();
    CHECK(result.requests == 1);
    // Nothing can have been sent before there was room.
    CHECK((result.latency.max() <= answered - made_room) == reuse);
    CHECK(result.latency.max() <= answered - begin);
  }
}

}  // namespace urb::test
