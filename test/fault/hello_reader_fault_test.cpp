// Looking at hellos in the master, with every result that a look may have. Nothing is ever taken.
#include <doctest/doctest.h>
#include <poll.h>

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "fault/hello_rig.hpp"

namespace urb {
namespace {

using test::HelloRig;
using test::Request;

const std::string kHello = test::hello_for("a.example");

TEST_SUITE_BEGIN("fault");

TEST_CASE("hello_reader: a hello that is there is seen at the first look, and left there") {
  HelloRig rig;
  const Fd client = rig.begin();
  rig.look(kHello + "what follows");
  rig.expect_seen("a.example");
}

TEST_CASE("hello_reader: wherever it is cut, the kernel wakes when what is needed is there") {
  for (std::size_t cut = 1; cut < kHello.size(); ++cut) {
    CAPTURE(cut);
    HelloRig rig;
    const Fd client = rig.begin();
    const Nanos due = rig.hellos.next_deadline();
    rig.look(std::string_view{kHello}.substr(0, cut));
    CHECK_FALSE(rig.seen);
    CHECK(rig.low_water() == static_cast<int>(cut < 5 ? 5 : kHello.size()));
    rig.poll(POLLIN);
    if (cut < 5) {
      rig.look(std::string_view{kHello}.substr(0, 5));
      CHECK(rig.low_water() == static_cast<int>(kHello.size()));
      rig.poll(POLLIN);
    }
    CHECK(rig.hellos.next_deadline() == due);  // for all of it
    rig.look(kHello);
    rig.expect_seen("a.example");
  }
}

TEST_CASE("hello_reader: a socket that is readable with nothing new is not asked at once again") {
  HelloRig rig;
  const Fd client = rig.begin();
  const std::string_view half = std::string_view{kHello}.substr(0, 60);
  rig.look(half);
  for (int time = 0; time < 3; ++time) {
    rig.poll(POLLIN);
    rig.look(half);
    // Not a poll, which would be over at once.
    rig.deliver(rig.kernel.take_one(IORING_OP_TIMEOUT).done(-ETIME));
  }
  rig.poll(POLLIN);
  rig.look(kHello);
  rig.expect_seen("a.example");
}

TEST_CASE("hello_reader: a client that has ended says no more") {
  for (const int event : {POLLRDHUP, POLLHUP, POLLERR}) {
    HelloRig rig;
    const Fd client = rig.begin();
    rig.look(std::string_view{kHello}.substr(0, 60));
    rig.poll(POLLIN | event);
    rig.look(std::string_view{kHello}.substr(0, 60));
    rig.expect_close();
  }
  HelloRig rig;  // with the last of its hello
  const Fd client = rig.begin();
  rig.look(std::string_view{kHello}.substr(0, 60));
  rig.poll(POLLIN | POLLRDHUP);
  rig.look(kHello);
  rig.expect_seen("a.example");
}

TEST_CASE("hello_reader: the end or an error closes, an interruption does not") {
  for (const int result : {0, -ECONNRESET, -ETIMEDOUT, -EIO}) {
    HelloRig rig;
    const Fd client = rig.begin();
    rig.deliver(rig.take_look().done(result));
    rig.expect_close();
  }
  HelloRig rig;
  const Fd client = rig.begin();
  rig.deliver(rig.take_look().done(-EINTR));
  rig.look(kHello);
  rig.expect_seen("a.example");
}

TEST_CASE("hello_reader: a poll that failed is followed by a look, which says why") {
  HelloRig rig;
  const Fd client = rig.begin();
  rig.look(std::string_view{kHello}.substr(0, 60));
  rig.poll(-EIO);
  rig.deliver(rig.take_look().done(-EIO));
  rig.expect_close();
}

TEST_CASE("hello_reader: who speaks no TLS gets no answer, who does it wrong gets an alert") {
  for (const bool is_tls : {false, true}) {
    HelloRig rig;
    const Fd client = rig.begin();
    rig.look(is_tls ? std::string_view{"\x16\x03\x01\x40\x01"} : std::string_view{"GET /"});
    CHECK(rig.hellos.is_idle());
    CHECK(rig.counters.handshake_errors.get() == 1);
    if (is_tls) {
      const Request send = rig.kernel.take_one(IORING_OP_SEND);
      CHECK(send.text() == std::string_view{"\x15\x03\x01\x00\x02\x02\x16", 7});  // too large
      rig.deliver(send.done_fully());
    }
    // What it still sends is dropped, so that no reset destroys the alert.
    CHECK(test::has_seen_end(client.get()));
    rig.deliver(rig.kernel.take_one(IORING_OP_RECV).done(0));
    rig.kernel.take_one(IORING_OP_CLOSE).closes();
    rig.expect_idle();
  }
}

// What may be in flight when the deadline passes or the server stops.
void begin_stage(HelloRig& rig, int stage) {
  if (stage == 0) return;
  rig.look(std::string_view{kHello}.substr(0, 60));
  if (stage == 1) return;
  rig.poll(POLLIN);
  rig.look(std::string_view{kHello}.substr(0, 60));
}

TEST_CASE("hello_reader: deadline and stop close at each stage, whatever comes meanwhile") {
  for (const int stage : {0, 1, 2}) {
    for (const bool is_stop : {false, true}) {
      for (const bool is_late : {false, true}) {
        CAPTURE(stage);
        HelloRig rig;
        const Fd client = rig.begin();
        begin_stage(rig, stage);
        const Request waiting = rig.kernel.take_one();
        if (is_stop) {
          rig.hellos.begin_stop();
        } else {
          rig.hellos.on_deadline(rig.hellos.next_deadline() - Nanos{1});
          CHECK(rig.kernel.has_none());
          rig.hellos.on_deadline(rig.hellos.next_deadline());
        }
        CHECK(rig.hellos.next_deadline() == kNever);
        const Request cancel = rig.kernel.take_one(IORING_OP_ASYNC_CANCEL);
        CHECK(cancel.target() == waiting.token());
        CHECK_FALSE(rig.hellos.is_idle());
        if (is_late && waiting.is(IORING_OP_RECV)) {
          rig.deliver(waiting.brings(kHello));
        } else {
          rig.deliver(waiting.done(is_late ? POLLIN : -ECANCELED));
        }
        rig.expect_close();
      }
    }
  }
}

TEST_CASE("hello_reader: stopped, it takes nobody in") {
  HelloRig rig;
  rig.hellos.begin_stop();
  const Fd client = rig.begin();
  rig.expect_close();
}

TEST_CASE("hello_reader: when buffers are few it polls first, and whoever finds none waits") {
  constexpr std::size_t kMany = 36;
  HelloRig rig;
  std::vector<Fd> clients;
  for (std::size_t count = 0; count < kMany; ++count) clients.push_back(rig.begin());
  std::vector<Request> looks = rig.kernel.take();
  REQUIRE(looks.size() == kMany);
  const auto is_look = [](const Request& request) { return request.is(IORING_OP_RECV); };
  CHECK(std::count_if(looks.begin(), looks.end(), is_look) == 16);
  // All become readable at once: four of them find no buffer.
  std::vector<Request> more;
  for (const Request& request : looks) {
    if (is_look(request)) continue;
    rig.deliver(request.done(POLLIN));
  }
  for (const Request& request : rig.kernel.take()) more.push_back(request);
  CHECK(more.size() == 16);
  CHECK(rig.counters.buffers_starved.get() == 4);
  std::size_t seen = 0;
  std::vector<Request> open;
  std::copy_if(looks.begin(), looks.end(), std::back_inserter(open), is_look);
  open.insert(open.end(), more.begin(), more.end());
  while (!open.empty()) {
    for (const Request& request : open) {
      rig.deliver(request.brings(kHello));
      seen += rig.seen ? 1 : 0;
      rig.seen.reset();
    }
    rig.hellos.on_batch_end(Nanos{0});
    open = rig.kernel.take();
  }
  CHECK(seen == kMany);
  rig.expect_idle();
}

TEST_CASE("hello_reader: whoever waits for a buffer has its deadline, too") {
  HelloRig rig;
  std::vector<Fd> clients;
  for (std::size_t count = 0; count < 33; ++count) clients.push_back(rig.begin());
  std::vector<Request> all = rig.kernel.take();
  for (const Request& request : all) {
    if (request.is(IORING_OP_POLL_ADD)) rig.deliver(request.done(POLLIN));
  }
  for (const Request& request : rig.kernel.take()) all.push_back(request);
  CHECK(rig.counters.buffers_starved.get() == 1);
  rig.hellos.begin_stop();
  std::size_t closed = 0;
  const auto close_all = [&] {
    for (const Request& request : rig.kernel.take()) {
      if (!request.is(IORING_OP_CLOSE)) continue;
      request.closes();
      ++closed;
    }
  };
  close_all();
  CHECK(closed == 1);
  for (const Request& request : all) {
    if (request.is(IORING_OP_RECV)) rig.deliver(request.done(-ECANCELED));
  }
  close_all();
  CHECK(closed == 33);
  rig.expect_idle();
}

TEST_CASE("hello_reader: a connection beyond the capacity is dropped, and counted") {
  HelloRig rig;
  std::vector<Fd> clients;
  for (int count = 0; count < 41; ++count) clients.push_back(rig.begin());
  CHECK(rig.counters.slots_exhausted.get() == 1);
  CHECK(rig.counters.accept_errors.get() == 1);
  CHECK(rig.counters.connections_closed.get() == 1);
  CHECK(test::has_seen_end(clients.back().get()));
  std::vector<Request> all = rig.kernel.take();
  rig.hellos.cut_off();
  static_cast<void>(rig.kernel.take());
  for (const Request& request : all) rig.deliver(request.done(-ECANCELED));
  for (const Request& request : rig.kernel.take()) request.closes();
  rig.expect_idle();
}

TEST_SUITE_END();

}  // namespace
}  // namespace urb
