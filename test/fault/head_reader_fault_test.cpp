// Reading heads in the master, with every result that a read may have.
#include <doctest/doctest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "fault/head_rig.hpp"

namespace urb {
namespace {

using test::bytes_of;
using test::HeadRig;
using test::kHead;
using test::Request;

TEST_SUITE_BEGIN("fault");

TEST_CASE("head_reader: a head leaves with every byte read, wherever it was split") {
  const std::string all = std::string{kHead} + "hello";
  for (std::size_t cut = 1; cut < all.size(); ++cut) {
    CAPTURE(cut);
    HeadRig rig;
    const Fd client = rig.begin();
    rig.receive(all.substr(0, cut));
    if (cut < kHead.size()) {
      CHECK_FALSE(rig.read);
      rig.receive(all.substr(cut));
    }
    REQUIRE(rig.read);
    CHECK(rig.kernel.has_none());  // nothing in flight on a socket that leaves
    CHECK(rig.read->head_bytes == kHead.size());
    CHECK(bytes_of(*rig.read) ==
          all.substr(0, std::max(cut, cut < kHead.size() ? all.size() : cut)));
    CHECK(rig.read->head.content_length == 5);
    CHECK(rig.read->socket.is_open());
    CHECK(rig.heads.next_deadline() == kNever);
    rig.read.reset();
    rig.expect_idle();
  }
}

TEST_CASE("head_reader: byte by byte, the first deadline stands") {
  HeadRig rig;
  const Fd client = rig.begin();
  const Nanos due = rig.heads.next_deadline();
  for (std::size_t at = 0; at < kHead.size(); ++at) {
    CHECK(rig.heads.next_deadline() == due);
    rig.receive(kHead.substr(at, 1));
  }
  REQUIRE(rig.read);
  CHECK(bytes_of(*rig.read) == kHead);
}

TEST_CASE("head_reader: the end of the stream is a reset within a head, and none before") {
  for (const std::string_view received : {"", "G", "GET / HTTP/1.1\r\nHost: a\r\n"}) {
    HeadRig rig;
    const Fd client = rig.begin();
    if (!received.empty()) rig.receive(received);
    rig.deliver(rig.kernel.take_one(IORING_OP_RECV).done(0));
    rig.expect_close();
    CHECK(rig.counters.connection_resets.get() == (received.empty() ? 0 : 1));
  }
}

TEST_CASE("head_reader: an error ends the connection, an interruption does not") {
  for (const int error : {-ECONNRESET, -ETIMEDOUT, -ENOTCONN, -EIO}) {
    HeadRig rig;
    const Fd client = rig.begin();
    rig.deliver(rig.kernel.take_one(IORING_OP_RECV).done(error));
    rig.expect_close();
    CHECK(rig.counters.connection_resets.get() == 1);
  }
  HeadRig rig;
  const Fd client = rig.begin();
  rig.receive(kHead.substr(0, 3));
  rig.deliver(rig.kernel.take_one(IORING_OP_RECV).done(-EINTR));
  rig.receive(kHead.substr(3));
  REQUIRE(rig.read);
  CHECK(bytes_of(*rig.read) == kHead);
}

TEST_CASE("head_reader: a record that is no data, within a head") {
  struct Case {
    unsigned char type;
    std::string_view bytes;
    std::uint64_t resets;
    std::uint64_t tls_errors;
  };
  using namespace std::string_view_literals;
  for (const Case& record :
       {Case{21, "\x01\x5a"sv, 0, 0}, Case{21, "\x01\x00"sv, 1, 0}, Case{21, "\x02\x28"sv, 0, 1}}) {
    HeadRig rig{HeadRig::kBuffers, EndBy::close_notify};
    const Fd client = rig.begin();
    rig.receive(kHead.substr(0, 3));
    rig.deliver(rig.kernel.take_one(IORING_OP_RECV).done(-EIO));
    const Request read = rig.kernel.take_one(IORING_OP_RECVMSG);
    rig.deliver(read.brings_record(record.type, record.bytes));
    const bool goes_on = record.resets + record.tls_errors == 0;
    if (goes_on) {
      rig.receive(kHead.substr(3));
      REQUIRE(rig.read);
      CHECK(bytes_of(*rig.read) == kHead);
    } else {
      rig.expect_close();
    }
    CHECK(rig.counters.connection_resets.get() == record.resets);
    CHECK(rig.counters.tls_errors.get() == record.tls_errors);
  }
}

TEST_CASE("head_reader: a wrong head is answered, and its buffer is back before the answer") {
  HeadRig rig;
  const Fd client = rig.begin();
  rig.receive("GET / HTTP/1.1\r\n\r\n");
  rig.expect_lingering_close("HTTP/1.1 400 ");
  CHECK(rig.counters.request_errors.get() == 1);
}

TEST_CASE("head_reader: a head without end is refused before its buffer is full") {
  HeadRig rig;
  const Fd client = rig.begin();
  rig.receive("GET / HTTP/1.1\r\nX-A:");
  std::size_t bytes = 0;
  while (true) {
    const Request request = rig.kernel.take_one();
    if (!request.is(IORING_OP_RECV)) {
      CHECK(request.text().starts_with("HTTP/1.1 431 "));
      break;
    }
    REQUIRE(bytes < kHeadReadArea);
    const std::string blanks(std::min<std::size_t>(request.bytes(), 5000), ' ');
    bytes += blanks.size();
    rig.deliver(request.brings(blanks));
  }
  CHECK(rig.heads.is_idle());
  rig.lingering_close.cut_off();
}

TEST_CASE("head_reader: a pipelined head is there at once, moved to the front") {
  HeadRig rig;
  const Fd client = rig.begin_next(std::string{kHead} + "he");
  REQUIRE(rig.read);
  CHECK(rig.read->begin == 0);
  CHECK(bytes_of(*rig.read) == std::string{kHead} + "he");
  CHECK(rig.kernel.has_none());
  rig.read.reset();
  rig.expect_idle();
}

TEST_CASE("head_reader: the rest of a pipelined head follows what was there") {
  HeadRig rig;
  const Fd client = rig.begin_next(kHead.substr(0, 20));
  CHECK_FALSE(rig.read);
  rig.receive(kHead.substr(20));
  REQUIRE(rig.read);
  CHECK(bytes_of(*rig.read) == kHead);
}

TEST_CASE("head_reader: a kept connection may idle longer than a head may take") {
  const Nanos begin = monotonic_now();
  HeadRig rig;
  // The deadline was armed between the beginning of this test and now.
  const auto is_due_after = [&](Nanos length) {
    const Nanos due = rig.heads.next_deadline();
    return due >= begin + length && due <= monotonic_now() + length;
  };
  const Fd fresh = rig.begin();
  CHECK(is_due_after(http::Limits{}.header_timeout));
  rig.deliver(rig.kernel.take_one(IORING_OP_RECV).done(0));
  rig.kernel.take_one(IORING_OP_CLOSE).closes();
  test::StreamPair pair = test::make_stream_pair();
  rig.read = rig.heads.begin_next(std::move(pair.near), {}, 0, 0);
  CHECK(is_due_after(http::Limits{}.idle_timeout));
  rig.receive("G");  // from here on it is a head
  CHECK(is_due_after(http::Limits{}.header_timeout));
  rig.heads.cut_off();
}

TEST_CASE("head reader of TLS: an end before a head is answered by ours, and not waited for") {
  HeadRig rig{HeadRig::kBuffers, EndBy::close_notify};
  const Fd client = rig.begin();
  rig.deliver(rig.kernel.take_one(IORING_OP_RECV).done(-EIO));
  constexpr unsigned char kAlert = 21;
  constexpr std::string_view kEnd{"\x01\x00", 2};
  rig.deliver(rig.kernel.take_one(IORING_OP_RECVMSG).brings_record(kAlert, kEnd));
  rig.deliver(rig.kernel.take_one(IORING_OP_SENDMSG).done_fully());
  rig.expect_close();
}

}  // namespace
}  // namespace urb
