// What the request's leg of an exchange asks for, event by event.
#include "net/request_leg.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

namespace urb {
namespace {

TEST_SUITE_BEGIN("unit");

using Action = RequestAction;
using Actions = std::vector<RequestAction>;

struct Step {
  LegEvent::Kind kind;
  std::string_view text{};  ///< that is received
};

constexpr Step kStart{LegEvent::start};
constexpr Step kSent{LegEvent::sent};
constexpr Step kClientGone{LegEvent::source_ended};
constexpr Step kRefused{LegEvent::target_failed};
constexpr Step kGaveUp{LegEvent::gave_up};
constexpr Step received(std::string_view text) { return {LegEvent::received, text}; }

/// A leg whose client has sent `text`, which begins with a whole head.
struct RequestRig {
  explicit RequestRig(std::string_view text, std::optional<Bytes> body_max = {})
      : leg{read(text), body_max} {
    leg.part.attach(buffer);
  }
  ReadHead read(std::string_view text) {
    http::RequestParser parser;
    const auto bytes = std::as_bytes(std::span{text});
    const http::ParseStep step = parser.parse(bytes);
    REQUIRE(step.status == http::ParseStatus::head_complete);
    head_bytes = static_cast<std::uint32_t>(step.consumed);
    std::copy(bytes.begin(), bytes.end(), buffer.begin());
    ReadHead made;
    made.end = text.size();
    made.head = parser.head();
    return made;
  }
  Actions run(const std::vector<Step>& steps) {
    Actions actions;
    for (const Step& step : steps) {
      LegEvent event{step.kind, head_bytes};
      if (step.kind == LegEvent::received) {
        const auto bytes = std::as_bytes(std::span{step.text});
        std::copy(bytes.begin(), bytes.end(), leg.part.room().begin());
        event.bytes = static_cast<std::uint32_t>(step.text.size());
      }
      actions.push_back(leg.resume(event));
    }
    return actions;
  }
  /// What the last action sends behind the head.
  [[nodiscard]] std::string_view body() const {
    const iovec& piece = leg.message.parts[1];
    return {static_cast<const char*>(piece.iov_base), piece.iov_len};
  }
  [[nodiscard]] std::string_view sent_head() const {
    const iovec& piece = leg.message.parts[0];
    return {static_cast<const char*>(piece.iov_base), piece.iov_len};
  }
  [[nodiscard]] std::string unforwarded() const {
    const auto bytes = leg.part.bytes();
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
  }

  std::vector<std::byte> buffer = std::vector<std::byte>(kHeadBufferBytes);
  std::uint32_t head_bytes = 0;
  RequestLeg leg;
};

std::string head_with(std::string_view fields) {
  return "POST / HTTP/1.1\r\nHost: a\r\n" + std::string{fields} + "\r\n\r\n";
}
const std::string kChunked = head_with("Transfer-Encoding: chunked");
const std::string kTen = head_with("Content-Length: 10");

TEST_CASE("request leg: without a body, one message is all") {
  RequestRig rig{"GET / HTTP/1.1\r\nHost: a\r\n\r\n"};
  CHECK(rig.run({kStart}) == Actions{Action::send});
  CHECK(rig.sent_head().starts_with("GET / HTTP/1.1\r\n"));
  CHECK(rig.body().empty());
  CHECK(rig.leg.is_read());
  CHECK(rig.run({kSent}) == Actions{Action::await_response});
  CHECK(rig.leg.state == RequestState::done);
}

TEST_CASE("request leg: a body that came with the head goes with it, and not what follows") {
  RequestRig rig{kTen + "0123456789GET / "};
  CHECK(rig.run({kStart, kSent}) == Actions{Action::send, Action::await_response});
  CHECK(rig.body() == "0123456789");
  CHECK(rig.unforwarded() == "GET / ");
  CHECK(rig.leg.state == RequestState::done);
}

TEST_CASE("request leg: the rest of a body of known length goes through the relay") {
  RequestRig rig{kTen + "0123"};
  CHECK(rig.run({kStart, kSent}) == Actions{Action::send, Action::relay});
  CHECK(rig.body() == "0123");
  CHECK(rig.leg.left == 6);
  CHECK_FALSE(rig.leg.is_read());
  CHECK(rig.run({kSent}) == Actions{Action::await_response});
  CHECK(rig.leg.is_read());
}

TEST_CASE("request leg: whoever expects 100 gets it, unless its body has begun") {
  const std::string head = head_with("Content-Length: 3\r\nExpect: 100-continue");
  CHECK(RequestRig{head}.run({kStart, kSent, kSent}) ==
        Actions{Action::send_with_continue, Action::relay, Action::await_response});
  CHECK(RequestRig{head + "a"}.run({kStart, kSent}) == Actions{Action::send, Action::relay});
  const std::string chunked = head_with("Transfer-Encoding: chunked\r\nExpect: 100-continue");
  CHECK(RequestRig{chunked}.run({kStart, kSent}) ==
        Actions{Action::send_with_continue, Action::receive});
  const std::string bodiless = head_with("Content-Length: 0\r\nExpect: 100-continue");
  CHECK(RequestRig{bodiless}.run({kStart}) == Actions{Action::send});
}

TEST_CASE("request leg: chunks are forwarded piece by piece until the last") {
  RequestRig rig{kChunked + "3\r\nab"};
  CHECK(rig.run({kStart, kSent}) == Actions{Action::send, Action::receive});
  CHECK(rig.body() == "3\r\nab");
  CHECK(rig.run({received("c\r\n0\r")}) == Actions{Action::send});
  CHECK(rig.body() == "c\r\n0\r");
  CHECK(rig.sent_head().empty());
  CHECK_FALSE(rig.leg.is_read());
  CHECK(rig.run({kSent, received("\n\r\nGET")}) == Actions{Action::receive, Action::send});
  CHECK(rig.body() == "\n\r\n");
  CHECK(rig.leg.is_read());
  CHECK(rig.run({kSent}) == Actions{Action::await_response});
  CHECK(rig.unforwarded() == "GET");
}

TEST_CASE("request leg: chunks that are all there go with the head") {
  RequestRig rig{kChunked + "1\r\na\r\n0\r\n\r\n"};
  CHECK(rig.run({kStart, kSent}) == Actions{Action::send, Action::await_response});
  CHECK(rig.leg.state == RequestState::done);
}

TEST_CASE("request leg: a wrong chunk is refused, at once or later") {
  RequestRig rig{kChunked + "zz\r\n"};
  CHECK(rig.run({kStart}) == Actions{Action::refuse});
  CHECK(rig.leg.parser.error_status() == 400);
  CHECK(RequestRig{kChunked}.run({kStart, kSent, received("zz\r\n")}) ==
        Actions{Action::send, Action::receive, Action::refuse});
}

TEST_CASE("request leg: chunks beyond the limit are refused") {
  RequestRig rig{kChunked, Bytes{4}};
  CHECK(rig.run({kStart, kSent, received("5\r\nabcde\r\n")}) ==
        Actions{Action::send, Action::receive, Action::refuse});
  CHECK(rig.leg.parser.error_status() == 413);
}

TEST_CASE("request leg: a client may go while its chunks are awaited") {
  CHECK(RequestRig{kChunked}.run({kStart, kSent, kClientGone}) ==
        Actions{Action::send, Action::receive, Action::client_gone});
}

TEST_CASE("request leg: a client may go while its body is relayed") {
  CHECK(RequestRig{kTen}.run({kStart, kSent, kClientGone}) ==
        Actions{Action::send, Action::relay, Action::client_gone});
}

TEST_CASE("request leg: a worker that takes no more may have answered") {
  for (const std::string& head : {kTen, kTen + "0123456789", kChunked}) {
    CAPTURE(head);
    RequestRig rig{head};
    CHECK(rig.run({kStart, kRefused}) == Actions{Action::send, Action::await_response});
    CHECK(rig.leg.state == RequestState::refused);
    CHECK_FALSE(rig.leg.is_read());
  }
}

TEST_CASE("request leg: a worker may stop taking a relayed body, or the next chunk") {
  RequestRig relayed{kTen};
  CHECK(relayed.run({kStart, kSent, kRefused}) ==
        Actions{Action::send, Action::relay, Action::await_response});
  CHECK(relayed.leg.state == RequestState::refused);
  RequestRig chunked{kChunked};
  CHECK(chunked.run({kStart, kSent, received("1\r\na\r\n0\r\n\r\n"), kRefused}) ==
        Actions{Action::send, Action::receive, Action::send, Action::await_response});
  CHECK(chunked.leg.state == RequestState::refused);
}

TEST_CASE("request leg: a worker that is given up while a piece is on its way is gone") {
  CHECK(RequestRig{kTen}.run({kStart, kGaveUp}) == Actions{Action::send, Action::worker_gone});
  CHECK(RequestRig{kTen + "0123456789"}.run({kStart, kGaveUp}) ==
        Actions{Action::send, Action::worker_gone});
}

TEST_CASE("request leg: so is one whose relay has been given up for others") {
  CHECK(RequestRig{kTen}.run({kStart, kSent, kGaveUp}) ==
        Actions{Action::send, Action::relay, Action::worker_gone});
}

}  // namespace
}  // namespace urb
