// Exchanges whose client breaks the kernel's TLS: each failure is counted once.
#include <doctest/doctest.h>

#include <cerrno>
#include <string>
#include <string_view>

#include "fault/exchange_rig.hpp"

namespace urb {
namespace {

using test::ExchangeRig;
using test::Request;

TEST_SUITE_BEGIN("fault");

const std::string kTenBytes = "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\n";
const std::string kChunks = "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n";

/// The receive of the client's body, which other requests may surround.
Request take_body_read(ExchangeRig& rig) {
  for (const Request& request : rig.kernel.take()) {
    if (request.is(IORING_OP_RECV) && request.fd == rig.client_fd) return request;
  }
  FAIL("nobody reads the body");
  return rig.take_one(IORING_OP_RECV);
}

TEST_CASE("exchange: a broken record in a body is an error of TLS, and no reset besides") {
  for (const std::string& head : {kTenBytes, kChunks}) {
    for (const int error : {-EBADMSG, -EMSGSIZE, -EKEYEXPIRED, -ECONNRESET}) {
      CAPTURE(head);
      CAPTURE(error);
      ExchangeRig rig;
      rig.begin(head);
      rig.send_all();
      rig.deliver(take_body_read(rig).done(error));
      const unsigned of_tls = error == -ECONNRESET ? 0 : 1;
      CHECK(rig.counters.tls_errors.get() == of_tls);
      CHECK(rig.counters.connection_resets.get() == 1 - of_tls);
    }
  }
}

TEST_CASE("exchange: a fatal alert in a body is an error of TLS, and no reset besides") {
  ExchangeRig rig;
  rig.begin(kChunks);
  rig.send_all();
  rig.deliver(take_body_read(rig).done(-EIO));
  constexpr unsigned char kAlert = 21;
  rig.deliver(rig.take_one(IORING_OP_RECVMSG).brings_record(kAlert, "\x02\x32"));
  CHECK(rig.counters.tls_errors.get() == 1);
  CHECK(rig.counters.connection_resets.get() == 0);
}

TEST_SUITE_END();

}  // namespace
}  // namespace urb
