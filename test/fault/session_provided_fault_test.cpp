// Sessions on buffers that the kernel picks: multishot receives, whose completions go on while the
// session is busy, leaving or gone. The receives are real; when they arrive is up to the test.
#include <doctest/doctest.h>

#include <algorithm>
#include <string>

#include "fault/session_rig.hpp"

namespace urb {
namespace {

using test::kGet;
using test::Request;
using test::SessionRig;

TEST_SUITE_BEGIN("fault");

void write_all(const Fd& client, std::string_view text) {
  REQUIRE(send(client.get(), text.data(), text.size(), MSG_NOSIGNAL) ==
          static_cast<ssize_t>(text.size()));
}

// Delivers the real completions of a receive that ends, up to the last.
void deliver_until_end(SessionRig& rig) {
  while (true) {
    const Completion done = rig.kernel.wait_for_real();
    rig.deliver(done);
    if (!done.more()) return;
  }
}

TEST_CASE("session provided: one receive serves any number of requests") {
  SessionRig rig{BufferKind::provided};
  Fd client = rig.adopt();
  for (int count = 0; count < 20; ++count) {  // more than there are buffers
    write_all(client, kGet);
    rig.deliver(rig.kernel.wait_for_real());
    rig.deliver(rig.take_send().done_fully());
  }
  CHECK(rig.kernel.real_count() == 1);
  client.close();
  deliver_until_end(rig);
  rig.expect_close();
  CHECK(rig.counters.requests.get() == 20);
}

TEST_CASE("session provided: a late read gives its buffer back") {
  SessionRig rig{BufferKind::provided};
  for (int count = 0; count < 20; ++count) {  // if one were lost each time, 16 would be too few
    const Fd client = rig.adopt();
    write_all(client, kGet);
    const Completion read = rig.kernel.wait_for_real();
    rig.sessions.cut_off();
    // Its shutdown ends the receive; the first completion is held back until the slot is free.
    const Completion last = rig.kernel.wait_for_real();
    CHECK_FALSE(last.more());
    rig.deliver(last);
    rig.kernel.take_one(IORING_OP_CLOSE).closes();
    CHECK(rig.sessions.is_idle());
    rig.deliver(read);
    CHECK(rig.kernel.has_none());
  }
  CHECK(rig.counters.late_completions.get() == 20);
  CHECK(rig.counters.requests.get() == 0);
  rig.expect_idle();
}

TEST_CASE(
    "session provided: bytes for the next tenant of a slot are not mixed with a late read's") {
  SessionRig rig{BufferKind::provided};
  const Fd first = rig.adopt();
  write_all(first, "GET /first HTTP/1.1\r\n");
  const Completion late = rig.kernel.wait_for_real();
  rig.sessions.cut_off();
  rig.deliver(rig.kernel.wait_for_real());
  rig.kernel.take_one(IORING_OP_CLOSE).closes();

  const Fd second = rig.adopt();
  write_all(second, kGet.substr(0, 5));
  const Completion fresh = rig.kernel.wait_for_real();
  CHECK(fresh.token.slot_index == late.token.slot_index);
  CHECK(fresh.token.generation != late.token.generation);
  rig.deliver(fresh);
  rig.deliver(late);
  write_all(second, kGet.substr(5));
  rig.deliver(rig.kernel.wait_for_real());
  CHECK(rig.take_send().text().starts_with("HTTP/1.1 200 OK\r\n"));
  CHECK(rig.counters.late_completions.get() == 1);
  rig.sessions.cut_off();
}

// A multishot under way, a response under way, and a cut: the two ends in both orders, each with
// every kind of result.
TEST_CASE("session provided: closes once, after the last completion, in every order") {
  for (const bool read_first : {false, true}) {
    for (const int send_result : {-EPIPE, -ECANCELED, 0, 100}) {
      for (const bool has_bytes : {false, true}) {
        CAPTURE(send_result);
        SessionRig rig{BufferKind::provided};
        const Fd client = rig.adopt();
        write_all(client, kGet);
        rig.deliver(rig.kernel.wait_for_real());
        const Request send = rig.take_send();
        if (has_bytes) {
          write_all(client, kGet);
          rig.deliver(rig.kernel.wait_for_real());  // queued behind the response
        }
        rig.sessions.cut_off();
        CHECK(rig.kernel.has_none());
        if (read_first) deliver_until_end(rig);
        CHECK(rig.kernel.has_none());
        rig.deliver(send.done(send_result));
        if (!read_first) {
          CHECK(rig.kernel.has_none());
          deliver_until_end(rig);
        }
        rig.expect_close();
      }
    }
  }
}

TEST_CASE("session provided: the end of the stream during the response closes behind it") {
  SessionRig rig{BufferKind::provided};
  const Fd client = rig.adopt();
  write_all(client, kGet);
  REQUIRE(shutdown(client.get(), SHUT_WR) == 0);  // a half-close: the client still reads
  rig.deliver(rig.kernel.wait_for_real());
  const Request send = rig.take_send();
  deliver_until_end(rig);
  CHECK(rig.kernel.has_none());
  CHECK_FALSE(test::has_seen_end(client.get()));
  rig.deliver(send.done_fully());
  rig.expect_close();
  CHECK(rig.counters.connection_resets.get() == 0);
}

TEST_CASE("session provided: a client that pipelines and does not read is stopped, then goes on") {
  SessionRig rig{BufferKind::provided};
  const Fd client = rig.adopt();
  write_all(client, kGet);
  rig.deliver(rig.kernel.wait_for_real());
  const Request send = rig.take_send();
  Token receive;
  for (int count = 0; count < 4; ++count) {
    write_all(client, kGet);
    const Completion done = rig.kernel.wait_for_real();
    CHECK(done.more());
    receive = done.token;
    rig.sessions.on_completion(done);
    if (count < 3) CHECK(rig.kernel.has_none());
  }
  const Request cancel = rig.kernel.take_one(IORING_OP_ASYNC_CANCEL);
  CHECK(cancel.target() == receive);
  rig.deliver({receive, -ECANCELED, 0});  // the made-up end; the real receive goes with the ring
  CHECK(rig.kernel.real_count() == 1);
  rig.deliver(send.done_fully());
  for (int count = 0; count < 4; ++count) rig.deliver(rig.take_send().done_fully());
  CHECK(rig.counters.requests.get() == 5);
  CHECK(rig.kernel.real_count() == 2);  // everything answered: it reads again
  CHECK(rig.counters.connection_resets.get() == 0);
  rig.sessions.cut_off();
}

TEST_CASE("session provided: a shortage of buffers is counted, and the receive is armed again") {
  SessionRig rig{BufferKind::provided};
  const Fd client = rig.adopt();
  write_all(client, kGet.substr(0, 3));
  const Completion first = rig.kernel.wait_for_real();
  rig.deliver(first);
  rig.deliver({first.token, -ENOBUFS, 0});
  CHECK(rig.kernel.real_count() == 2);
  CHECK(rig.counters.buffers_starved.get() == 1);
  CHECK(rig.counters.connection_resets.get() == 0);
  rig.sessions.cut_off();
}

TEST_CASE("session provided: a bad request drops what comes before the receive has ended") {
  SessionRig rig{BufferKind::provided};
  const Fd client = rig.adopt();
  write_all(client, "rubbish\r\n\r\n");
  const Completion bad = rig.kernel.wait_for_real();
  rig.deliver(bad);
  CHECK(rig.kernel.take_one(IORING_OP_ASYNC_CANCEL).target() == bad.token);
  write_all(client, kGet);
  rig.deliver(rig.kernel.wait_for_real());
  CHECK(rig.kernel.has_none());
  rig.deliver({bad.token, -ECANCELED, 0});
  rig.expect_lingering_close("HTTP/1.1 400 ");
  CHECK(rig.counters.requests.get() == 0);
}

}  // namespace
}  // namespace urb
