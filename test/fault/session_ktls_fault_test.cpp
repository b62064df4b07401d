// Sessions whose records the kernel seals: records that are no data, and ends that must not cut an
// answer off.
#include <doctest/doctest.h>
#include <poll.h>

#include <string>

#include "fault/session_rig.hpp"

namespace urb {
namespace {

using namespace std::string_view_literals;
using test::kGet;
using test::kGetAndClose;
using test::KtlsSessionRig;
using test::Request;

TEST_SUITE_BEGIN("fault");

constexpr unsigned char kAlert = 21;
constexpr unsigned char kHandshake = 22;
constexpr std::string_view kEnd = "\x01\x00"sv;
constexpr std::string_view kRefusal = "\x02\x0a"sv;

/// The record that follows an EIO of the one read queued.
Request take_record(KtlsSessionRig& rig) {
  rig.deliver(rig.take_read().done(-EIO));
  return rig.kernel.take_one(IORING_OP_RECVMSG);
}

/// Our end is sent, and the client's is awaited.
Request take_end(KtlsSessionRig& rig) {
  const Request end = rig.kernel.take_one(IORING_OP_SENDMSG);
  CHECK(end.record_type() == kAlert);
  CHECK(end.text() == kEnd);
  rig.deliver(end.done_fully());
  return rig.kernel.take_one(IORING_OP_RECVMSG);
}

TEST_CASE("ktls session: the last answer, our end, the client's, and only then the close") {
  for (const bool says_end : {false, true}) {
    KtlsSessionRig rig;
    Fd client = rig.adopt();
    rig.receive(kGetAndClose);
    const Request send = rig.take_send();
    CHECK(send.text().starts_with("HTTP/1.1 200 OK\r\n"));
    rig.deliver(send.done_fully());
    const Request drain = take_end(rig);
    CHECK_FALSE(test::has_seen_end(client.get()));  // no shutdown: it would cut records off
    rig.deliver(says_end ? drain.brings_record(kAlert, kEnd) : drain.done(0));
    rig.expect_close();
    CHECK(rig.counters.tls_ends_cut.get() == 0);
  }
}

TEST_CASE("ktls session: a warning renews nothing, a KeyUpdate is refused with an alert") {
  KtlsSessionRig rig;
  Fd client = rig.adopt();
  rig.receive(kGet.substr(0, 5));
  const Nanos deadline = rig.sessions.next_deadline();
  rig.deliver(take_record(rig).brings_record(kAlert, "\x01\x5a"sv));
  CHECK(rig.sessions.next_deadline() == deadline);
  rig.deliver(take_record(rig).brings_record(kHandshake, "\x18\x00\x00\x01\x00"sv));
  CHECK(rig.counters.tls_errors.get() == 1);
  const Request alert = rig.kernel.take_one(IORING_OP_SENDMSG);
  CHECK(alert.record_type() == kAlert);
  CHECK(alert.text() == kRefusal);
  rig.deliver(alert.done_fully());
  rig.deliver(rig.kernel.take_one(IORING_OP_POLL_ADD).done(POLLRDHUP));
  rig.expect_close();
}

TEST_CASE("ktls session: a bad record is TLS's matter, a reset is none") {
  for (const int error : {-EBADMSG, -ECONNRESET}) {
    KtlsSessionRig rig;
    Fd client = rig.adopt();
    rig.deliver(rig.take_read().done(error));
    rig.expect_close();
    CHECK(rig.counters.tls_errors.get() == (error == -EBADMSG ? 1 : 0));
    CHECK(rig.counters.connection_resets.get() == (error == -EBADMSG ? 0 : 1));
  }
}

TEST_CASE("ktls session: an end between requests is answered by ours, and is not waited for") {
  KtlsSessionRig rig;
  const Fd client = rig.adopt();
  rig.deliver(take_record(rig).brings_record(kAlert, kEnd));
  const Request end = rig.kernel.take_one(IORING_OP_SENDMSG);
  CHECK(end.text() == kEnd);
  rig.deliver(end.done_fully());
  rig.expect_close();
}

}  // namespace
}  // namespace urb
