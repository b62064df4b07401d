// One connection's session, fed with every result that its reads, sends and polls may have.
#include <doctest/doctest.h>

#include <string>

#include "fault/session_rig.hpp"

namespace urb {
namespace {

using test::kGet;
using test::kGetAndClose;
using test::Request;
using test::SessionRig;

TEST_SUITE_BEGIN("fault");

TEST_CASE("session: request, answer, next request, end") {
  SessionRig rig;
  Fd client = rig.adopt();
  for (int count = 0; count < 3; ++count) {
    rig.receive(kGet);
    const Request send = rig.take_send();
    CHECK(send.text().starts_with("HTTP/1.1 200 OK\r\n"));
    rig.deliver(send.done_fully());
  }
  rig.deliver(rig.take_read().done(0));
  rig.expect_close();
  CHECK(rig.counters.requests.get() == 3);
  CHECK(rig.counters.connection_resets.get() == 0);
  CHECK(test::has_seen_end(client.get()));
  client.close();
  CHECK(test::open_fd_count() == rig.fds_idle);
}

TEST_CASE("session: a head in any number of short reads") {
  SessionRig rig;
  const Fd client = rig.adopt();
  for (std::size_t at = 0; at < kGet.size(); ++at) rig.receive(kGet.substr(at, 1));
  CHECK(rig.take_send().text().starts_with("HTTP/1.1 200 OK\r\n"));
  CHECK(rig.counters.requests.get() == 1);
  rig.sessions.cut_off();
}

TEST_CASE("session: an interrupted, starved or cancelled read is asked again") {
  for (const int error : {-EINTR, -ENOBUFS, -ECANCELED}) {
    CAPTURE(error);
    SessionRig rig;
    const Fd client = rig.adopt();
    rig.receive(kGet.substr(0, 5));
    rig.deliver(rig.take_read().done(error));
    CHECK(rig.counters.buffers_starved.get() == (error == -ENOBUFS ? 1 : 0));
    rig.receive(kGet.substr(5));
    rig.deliver(rig.take_send().done_fully());
    CHECK(rig.counters.requests.get() == 1);
    rig.deliver(rig.take_read().done(0));
    rig.expect_close();
    CHECK(rig.counters.connection_resets.get() == 0);
  }
}

TEST_CASE(
    "session: the end of the stream is a reset in the middle of a message, and none between") {
  struct Stage {
    std::string_view received;
    bool is_reset;
  };
  for (const Stage& stage :
       {Stage{"", false}, Stage{"GET / HT", true}, Stage{"GET / HTTP/1.1\r\nHost: a\r\n", true},
        Stage{"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\n", true},
        Stage{"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nabcd", true},
        Stage{"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nabc", true}}) {
    CAPTURE(stage.received);
    SessionRig rig;
    const Fd client = rig.adopt();
    if (!stage.received.empty()) rig.receive(stage.received);
    rig.deliver(rig.take_read().done(0));
    rig.expect_close();
    CHECK(rig.counters.connection_resets.get() == (stage.is_reset ? 1 : 0));
    CHECK(rig.counters.requests.get() == 0);
  }
}

TEST_CASE("session: a reset ends the connection at every stage, and is counted once") {
  for (const std::string_view received :
       {"", "GET /", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nab"}) {
    for (const int error : {-ECONNRESET, -ETIMEDOUT, -EPIPE, -EIO}) {
      SessionRig rig;
      const Fd client = rig.adopt();
      if (!received.empty()) rig.receive(received);
      rig.deliver(rig.take_read().done(error));
      rig.expect_close();
      CHECK(rig.counters.connection_resets.get() == 1);
    }
  }
}

TEST_CASE("session: a send that fails ends the connection") {
  for (const int result : {-EPIPE, -ECONNRESET}) {
    CAPTURE(result);
    SessionRig rig;
    const Fd client = rig.adopt();
    rig.receive(kGet);
    rig.deliver(rig.take_send().done(result));
    rig.expect_close();
    CHECK(rig.counters.connection_resets.get() == 1);
  }
}

// The client must get head and body exactly once, in whatever pieces the kernel takes them.
TEST_CASE("session: a short send of the body goes on behind the last byte sent") {
  constexpr std::uint64_t kBody = 1'000'000;
  for (const std::size_t piece :
       {std::size_t{1000}, std::size_t{100'000}, std::size_t{10'000'000}}) {
    SessionRig rig{BufferKind::plain, kBody};
    const Fd client = rig.adopt();
    rig.receive(kGet);
    Request send = rig.kernel.take_one(IORING_OP_SENDMSG);
    const std::uint64_t all_bytes = send.text().size() + kBody;
    std::uint64_t sent = 0;
    while (send.is(IORING_OP_SENDMSG)) {
      CHECK(sent + send.bytes() <= all_bytes);
      const std::size_t taken = std::min(send.bytes(), piece);
      sent += taken;
      rig.deliver(send.done(static_cast<int>(taken)));
      send = rig.kernel.take_one();
      if (!send.is(IORING_OP_POLL_ADD)) continue;
      rig.deliver(send.done(POLLOUT));
      send = rig.kernel.take_one();
    }
    CHECK(send.is(IORING_OP_RECV));  // kept alive
    CHECK(sent == all_bytes);
    CHECK(rig.counters.response_body_bytes.get() == kBody);
    rig.sessions.cut_off();
  }
}

TEST_CASE("session: Connection: close closes when the answer is out, not before") {
  SessionRig rig;
  const Fd client = rig.adopt();
  rig.receive(kGetAndClose);
  const Request send = rig.take_send();
  CHECK(send.text().find("Connection: close\r\n") != std::string_view::npos);
  CHECK_FALSE(test::has_seen_end(client.get()));
  rig.deliver(send.done_fully());
  rig.expect_close();
}

TEST_CASE(
    "session: what follows Connection: close is not answered, and does not destroy the answer") {
  SessionRig rig;
  const Fd client = rig.adopt();
  rig.receive(std::string{kGetAndClose} + std::string{kGet});
  rig.deliver(rig.take_send().done_fully());
  // A lingering close: the rest of the client's bytes is read, so that no reset overtakes.
  const Request drain = rig.take_read();
  CHECK(drain.token().owner == SessionRig::kLingeringClose);
  rig.deliver(drain.done(0));
  rig.expect_close();
  CHECK(rig.counters.requests.get() == 1);
  CHECK(rig.counters.request_errors.get() == 0);
}

TEST_CASE("session: pipelined requests are answered one after the other") {
  SessionRig rig;
  const Fd client = rig.adopt();
  rig.receive(std::string{kGet} + std::string{kGet} + std::string{kGet.substr(0, 7)});
  rig.deliver(rig.take_send().done_fully());
  rig.deliver(rig.take_send().done_fully());
  CHECK(rig.counters.requests.get() == 2);
  rig.receive(kGet.substr(7));
  rig.deliver(rig.take_send().done_fully());
  CHECK(rig.counters.requests.get() == 3);
  rig.sessions.cut_off();
}

TEST_CASE("session: an upgrade request has one answer") {
  SessionRig rig;
  const Fd client = rig.adopt();
  rig.receive("GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n");
  rig.deliver(rig.take_send().done_fully());
  rig.receive(kGet);
  rig.deliver(rig.take_send().done_fully());
  CHECK(rig.counters.requests.get() == 2);
  CHECK(rig.kernel.take_one().is(IORING_OP_RECV));
  rig.sessions.cut_off();
}

TEST_CASE("session: a bad request behind a good one leaves the good answer alone") {
  SessionRig rig;
  const Fd client = rig.adopt();
  rig.receive(std::string{kGet} + "rubbish\r\n\r\n");
  const Request send = rig.take_send();
  CHECK(send.text().starts_with("HTTP/1.1 200 OK\r\n"));
  rig.deliver(send.done_fully());
  rig.expect_lingering_close("HTTP/1.1 400 ");
  CHECK(rig.counters.requests.get() == 1);
  CHECK(rig.counters.request_errors.get() == 1);
}

TEST_CASE("session: 100 Continue goes out once, before the body, and only to who waits") {
  constexpr std::string_view kPut =
      "PUT / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n";
  SessionRig rig;
  const Fd client = rig.adopt();
  rig.receive(kPut);
  const Request interim = rig.take_send();
  CHECK(interim.text() == http::kContinue);
  rig.deliver(interim.done_fully());
  rig.receive("abc");
  CHECK(rig.take_send().text().starts_with("HTTP/1.1 200 OK\r\n"));
  rig.sessions.cut_off();

  SessionRig impatient;
  const Fd other = impatient.adopt();
  impatient.receive(std::string{kPut} + "a");
  impatient.receive("bc");
  CHECK(impatient.take_send().text().starts_with("HTTP/1.1 200 OK\r\n"));
  impatient.sessions.cut_off();
}

TEST_CASE("session: an interim answer that does not get out ends the connection") {
  for (const int result : {-EPIPE, 0, 24}) {
    SessionRig rig;
    const Fd client = rig.adopt();
    rig.receive("PUT / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n");
    rig.deliver(rig.take_send().done(result));
    rig.expect_close();
    CHECK(rig.counters.requests.get() == 0);
  }
}

TEST_CASE("session: bytes that came with the hand-over are parsed before the socket's") {
  SessionRig rig;
  Ring other{{8, 16}};
  BufferPool pool{other, {BufferKind::plain, 1, 4096, 0}};
  BufferLease lease = pool.try_take();
  std::memcpy(lease.memory().data() + 100, kGet.data(), 10);
  test::StreamPair pair = test::make_stream_pair();
  rig.sessions.adopt(std::move(pair.near), std::move(lease), 100, 110);
  CHECK(pool.free_count() == 1);  // parsed, and back where it came from
  rig.receive(kGet.substr(10));
  CHECK(rig.take_send().text().starts_with("HTTP/1.1 200 OK\r\n"));
  rig.sessions.cut_off();
}

TEST_CASE("session: with every slot taken, a new connection is closed and counted") {
  SessionRig rig;
  std::vector<Fd> clients;
  for (int count = 0; count < 32; ++count) clients.push_back(rig.adopt());
  const Fd refused = rig.adopt();
  CHECK(test::has_seen_end(refused.get()));
  CHECK(rig.counters.accept_errors.get() == 1);
  CHECK(rig.counters.connections_opened.get() - rig.counters.connections_closed.get() == 32);
  static_cast<void>(rig.kernel.take());
  rig.sessions.cut_off();
}

}  // namespace
}  // namespace urb
