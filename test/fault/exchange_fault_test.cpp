// Exchanges at the mercy of clients, workers and the kernel.
#include <doctest/doctest.h>
#include <poll.h>

#include <string>
#include <utility>
#include <vector>

#include "fault/exchange_rig.hpp"

namespace urb {
namespace {

using test::ExchangeRig;
using test::Request;

TEST_SUITE_BEGIN("fault");

const std::string kGetHead = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
const std::string kPostTen = "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\n";
const std::string kPostChunked = "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n";
const std::string kOk = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n";
const std::string kTooLarge =
    "HTTP/1.1 413 Too Large\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";

/// Takes all buffers but `left`.
std::vector<BufferLease> starve(ExchangeRig& rig, std::uint32_t left) {
  std::vector<BufferLease> taken;
  while (rig.buffers.free_count() > left) taken.push_back(rig.buffers.try_take());
  return taken;
}

TEST_CASE("exchange: both connections are kept, with what the client sent behind its request") {
  ExchangeRig rig;
  rig.begin(kGetHead + "GET /next");
  const Request request = rig.take_one(IORING_OP_SENDMSG);
  CHECK(request.fd == rig.upstream);
  CHECK(request.text().starts_with("GET / HTTP/1.1\r\n"));
  rig.deliver(request.done_fully());
  rig.receive(kOk + "ok");
  const Request response = rig.take_one(IORING_OP_SENDMSG);
  CHECK(response.fd == rig.client_fd);
  rig.deliver(response.done_fully());
  const ExchangeEnd end = rig.expect_end(/*is_kept=*/true);
  CHECK(end.end - end.begin == std::string_view{"GET /next"}.size());
  CHECK(end.lease.is_held());
  CHECK(rig.worker_is_kept());
}

TEST_CASE("exchange: while a worker thinks, its exchange has no buffer if few are left") {
  ExchangeRig rig;
  rig.begin(kGetHead + "GET /next");
  std::vector<BufferLease> others = starve(rig, 2);
  rig.send_all();
  const Request poll = rig.take_one(IORING_OP_POLL_ADD);
  CHECK(poll.fd == rig.upstream);
  CHECK(rig.buffers.free_count() == 3);
  const std::vector<BufferLease> rest = starve(rig, 0);
  rig.deliver(poll.done(POLLIN));
  CHECK(rig.kernel.has_none());
  CHECK(rig.counters.buffers_starved.get() == 1);
  others.clear();
  rig.exchanges.on_batch_end(rig.kernel.ring().now());
  rig.receive(kOk + "ok");
  rig.send_all();
  const ExchangeEnd end = std::move(*rig.exchanges.take_ended());
  CHECK(end.client.is_open());
  CHECK(end.parked.size() == std::string_view{"GET /next"}.size());
}

TEST_CASE("exchange: a worker that stops taking a head gets the rest when it has room") {
  ExchangeRig rig;
  rig.begin(kGetHead);
  const Request send = rig.take_one(IORING_OP_SENDMSG);
  const std::string whole{send.text()};
  rig.deliver(send.done(5));
  CHECK(rig.buffers.free_count() == ExchangeRig::kBuffers);  // the rest is a copy
  rig.deliver(rig.take_one(IORING_OP_POLL_ADD).done(POLLOUT));
  const Request rest = rig.take_one(IORING_OP_SENDMSG);
  CHECK(rest.text() == whole.substr(5));
  rig.deliver(rest.done_fully());
  rig.receive(kOk + "ok");
  rig.send_all();
  CHECK(rig.expect_end(/*is_kept=*/true).client.is_open());
}

TEST_CASE("exchange: a client that stops taking its answer gets the rest when it has room") {
  for (const int result : {-EAGAIN, -EINTR, 0, 7}) {
    CAPTURE(result);
    ExchangeRig rig;
    rig.begin(kGetHead);
    rig.send_all();
    rig.receive(kOk + "ok");
    rig.deliver(rig.take_one(IORING_OP_SENDMSG).done(result));
    CHECK(rig.buffers.free_count() == ExchangeRig::kBuffers);
    const Request wait = rig.take_one(IORING_OP_POLL_ADD);
    CHECK(wait.fd == rig.client_fd);
    rig.deliver(wait.done(POLLOUT));
    rig.send_all();
    CHECK(rig.expect_end(/*is_kept=*/true).client.is_open());
    CHECK(rig.worker_is_kept());
  }
}

TEST_CASE("exchange: a worker that dies before its answer is a 502, and is not used again") {
  for (const int result : {0, -ECONNRESET}) {
    ExchangeRig rig;
    rig.begin(kGetHead);
    rig.send_all();
    rig.deliver(rig.take_one(IORING_OP_RECV).done(result));
    rig.expect_lingering_close("HTTP/1.1 502");
    CHECK_FALSE(rig.worker_is_kept());
  }
}

TEST_CASE("exchange: a worker that dies within its answer is a close") {
  ExchangeRig rig;
  rig.begin(kGetHead);
  rig.send_all();
  rig.receive(kOk + "o");
  rig.send_all();
  rig.deliver(rig.take_one(IORING_OP_RECV).done(0));  // the relay's
  rig.expect_close();
  CHECK(rig.counters.connection_resets.get() == 0);
}

TEST_CASE("exchange: a client that goes is closed and counted, and the worker's answer dropped") {
  ExchangeRig rig;
  rig.begin(kGetHead);
  rig.send_all();
  rig.receive(kOk + "ok");
  rig.deliver(rig.take_one(IORING_OP_SENDMSG).done(-EPIPE));
  rig.expect_close();
  CHECK(rig.counters.connection_resets.get() == 1);
  CHECK_FALSE(rig.worker_is_kept());
}

TEST_CASE("exchange: 100 goes first, and a client without room for it does without") {
  for (const int result : {25, -EAGAIN}) {
    ExchangeRig rig;
    rig.begin("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\nExpect: 100-continue\r\n\r\n");
    const auto sends = rig.take({IORING_OP_SEND, IORING_OP_SENDMSG});
    CHECK(sends[0].text() == "HTTP/1.1 100 Continue\r\n\r\n");
    rig.deliver(sends[0].done(result));
    rig.deliver(sends[1].done_fully());
    // The answer may come before the body has ended; the relay reads the body.
    CHECK(rig.take({IORING_OP_POLL_ADD, IORING_OP_RECV})[1].fd == rig.client_fd);
  }
  ExchangeRig rig;
  rig.begin("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\nExpect: 100-continue\r\n\r\n");
  const auto sends = rig.take({IORING_OP_SEND, IORING_OP_SENDMSG});
  rig.deliver(sends[0].done(-EPIPE));
  CHECK(rig.take_one(IORING_OP_ASYNC_CANCEL).target() == sends[1].token());
  rig.deliver(sends[1].done_fully());
  rig.expect_close();
}

TEST_CASE("exchange: an early answer reaches a client whose body the worker does not take") {
  ExchangeRig rig;
  rig.begin(kPostTen);
  rig.send_all();
  const auto queued = rig.take({IORING_OP_POLL_ADD, IORING_OP_RECV});
  rig.deliver(queued[1].brings("0123456789"));
  rig.deliver(rig.take_one(IORING_OP_SEND).done(-EPIPE));  // the relay's
  CHECK(rig.kernel.has_none());                            // the poll is still there
  rig.deliver(queued[0].done(POLLIN));
  rig.receive(kTooLarge);
  const Request answer = rig.take_one(IORING_OP_SENDMSG);
  CHECK(answer.text().find("Connection: close\r\n") != std::string_view::npos);
  rig.deliver(answer.done_fully());
  rig.expect_lingering_close("");
  CHECK_FALSE(rig.worker_is_kept());
}

TEST_CASE("exchange: both legs of a chunked body may wait for a buffer, and share one") {
  ExchangeRig rig;
  rig.begin(kPostChunked);
  std::vector<BufferLease> others = starve(rig, 0);
  rig.send_all();
  const auto polls = rig.take({IORING_OP_POLL_ADD, IORING_OP_POLL_ADD});
  others.push_back(rig.buffers.try_take());
  for (const Request& poll : polls) rig.deliver(poll.done(POLLIN));
  CHECK(rig.kernel.has_none());
  CHECK(rig.counters.buffers_starved.get() == 1);
  others.pop_back();
  rig.exchanges.on_batch_end(rig.kernel.ring().now());
  const auto reads = rig.take({IORING_OP_RECV, IORING_OP_RECV});
  CHECK(reads[0].fd == rig.client_fd);
  CHECK(reads[1].fd == rig.upstream);
  rig.deliver(reads[0].brings("0\r\n\r\n"));
  rig.send_all();
  rig.deliver(reads[1].brings(kOk + "ok"));
  rig.send_all();
  CHECK(rig.exchanges.take_ended()->client.is_open());
}

TEST_CASE("exchange: a chunk that is wrong is answered, and the worker's connection closed") {
  ExchangeRig rig;
  rig.begin(kPostChunked);
  rig.send_all();
  const auto queued = rig.take({IORING_OP_POLL_ADD, IORING_OP_RECV});
  rig.deliver(queued[1].brings("zz\r\n"));
  CHECK(rig.take_one(IORING_OP_ASYNC_CANCEL).target() == queued[0].token());
  rig.deliver(queued[0].done(-ECANCELED));
  rig.expect_lingering_close("HTTP/1.1 400");
  CHECK_FALSE(rig.worker_is_kept());
}

TEST_CASE("exchange: who is late is told so: the worker, the client, or nobody any more") {
  const auto is_late = [](ExchangeRig& rig) {
    // The first look remembers how much has moved.
    const Nanos now = rig.kernel.ring().now() + ExchangeRig::kBodyTimeout;
    rig.exchanges.on_deadline(now);
    rig.exchanges.on_deadline(now + ExchangeRig::kBodyTimeout);
    for (const Request& request : rig.kernel.take()) {
      if (request.is(IORING_OP_ASYNC_CANCEL)) rig.deliver({request.target(), -ECANCELED, 0});
    }
  };
  {
    ExchangeRig rig;
    rig.begin(kGetHead);
    rig.send_all();
    is_late(rig);
    rig.expect_lingering_close("HTTP/1.1 502");
  }
  {
    ExchangeRig rig;
    rig.begin(kPostTen);
    rig.send_all();
    is_late(rig);
    rig.expect_lingering_close("HTTP/1.1 408");
  }
  {
    ExchangeRig rig;
    rig.begin(kGetHead);
    rig.send_all();
    rig.receive(kOk);
    rig.send_all();
    is_late(rig);
    rig.expect_close();
  }
}

TEST_CASE("exchange: a server that stops finishes what it has, and keeps nothing") {
  ExchangeRig rig;
  rig.begin(kGetHead);
  rig.send_all();
  rig.exchanges.begin_stop();
  rig.receive(kOk + "ok");
  const Request answer = rig.take_one(IORING_OP_SENDMSG);
  CHECK(answer.text().find("Connection: close\r\n") != std::string_view::npos);
  rig.deliver(answer.done_fully());
  rig.expect_close();
  CHECK_FALSE(rig.worker_is_kept());
}

TEST_CASE("exchange: cut off, it waits for what is in flight, in any order") {
  for (const bool backwards : {false, true}) {
    ExchangeRig rig;
    rig.begin(kPostTen);
    rig.send_all();
    auto queued = rig.take({IORING_OP_POLL_ADD, IORING_OP_RECV});
    rig.exchanges.cut_off();
    CHECK(rig.take({IORING_OP_ASYNC_CANCEL, IORING_OP_ASYNC_CANCEL}).size() == 2);
    if (backwards) std::swap(queued[0], queued[1]);
    rig.deliver(queued[0].done(-ECANCELED));
    CHECK(rig.kernel.has_none());
    rig.deliver(queued[1].done(-ECANCELED));
    rig.expect_close();
  }
}

TEST_CASE("exchange: when all slots are taken, the client gets 503") {
  ExchangeRig rig;
  for (std::size_t count = 0; count < ExchangeRig::kCapacity; ++count) rig.begin(kGetHead);
  const Fd first_client = std::move(rig.client);
  CHECK(rig.kernel.take().size() == ExchangeRig::kCapacity);
  rig.begin(kGetHead);
  CHECK(rig.take_one(IORING_OP_SEND).text().starts_with("HTTP/1.1 503"));
  CHECK_FALSE(rig.exchanges.take_ended()->client.is_open());
}

}  // namespace
}  // namespace urb
