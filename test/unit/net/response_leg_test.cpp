// What the response's leg of an exchange asks for, event by event.
#include "net/response_leg.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

namespace urb {
namespace {

TEST_SUITE_BEGIN("unit");

using Action = ResponseAction;
using Actions = std::vector<ResponseAction>;
using Request = RequestState;

struct Step {
  LegEvent::Kind kind;
  std::string_view text{};                ///< that is received
  Request request = RequestState::start;  ///< that moved
};

constexpr Step kSent{LegEvent::sent};
constexpr Step kContinued{LegEvent::continued};
constexpr Step kWorkerGone{LegEvent::source_ended};
constexpr Step kClientGone{LegEvent::target_failed};
constexpr Step kGaveUp{LegEvent::gave_up};
constexpr Step received(std::string_view text) { return {LegEvent::received, text}; }
constexpr Step request_is(Request state) { return {LegEvent::request_moved, {}, state}; }
constexpr Step kRequestDone = request_is(Request::done);

constexpr std::string_view kFive = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n";
constexpr std::string_view kClosing =
    "HTTP/1.1 413 Too Large\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";

struct ResponseRig {
  explicit ResponseRig(bool is_head_method = false) : request{read_head(is_head_method), {}} {
    response.part.attach(buffer);
    response.parser.reset(is_head_method);
  }
  static ReadHead read_head(bool is_head_method) {
    ReadHead made;
    made.head.keep_alive = made.head.http11 = true;
    made.head.is_head_method = is_head_method;
    return made;
  }
  Actions run(const std::vector<Step>& steps) {
    Actions actions;
    for (const Step& step : steps) {
      if (step.kind == LegEvent::request_moved) request.state = step.request;
      const auto bytes = std::as_bytes(std::span{step.text});
      if (!bytes.empty()) std::copy(bytes.begin(), bytes.end(), response.part.room().begin());
      const LegEvent event{step.kind, static_cast<std::uint32_t>(bytes.size())};
      actions.push_back(response.resume(event, request, is_stopping));
    }
    return actions;
  }
  /// What the last action sends: the head, or what follows it.
  [[nodiscard]] std::string_view piece(std::size_t index) const {
    const iovec& part = response.message.parts[index];
    return {static_cast<const char*>(part.iov_base), part.iov_len};
  }
  [[nodiscard]] bool says_close() const {
    return piece(0).find("Connection: close\r\n") != std::string_view::npos;
  }

  std::vector<std::byte> buffer = std::vector<std::byte>(kHeadBufferBytes);
  bool is_stopping = false;
  RequestLeg request;
  ResponseLeg response;
};

TEST_CASE("response leg: a response that is read with its head is one message") {
  ResponseRig rig;
  CHECK(rig.run({kRequestDone, received(std::string{kFive} + "01234")}) ==
        Actions{Action::receive, Action::send});
  CHECK(rig.piece(0).starts_with("HTTP/1.1 200 OK\r\n"));
  CHECK(rig.piece(1) == "01234");
  CHECK_FALSE(rig.says_close());
  CHECK(rig.run({kSent}) == Actions{Action::finish});
  CHECK(rig.response.keeps_client);
  CHECK(rig.response.keeps_worker);
  CHECK(rig.response.state == ResponseState::done);
}

TEST_CASE("response leg: the rest of a body goes through the relay") {
  ResponseRig rig;
  CHECK(rig.run({kRequestDone, received(std::string{kFive} + "01"), kSent}) ==
        Actions{Action::receive, Action::send, Action::relay});
  CHECK(rig.response.left == 3);
  CHECK(rig.run({kSent}) == Actions{Action::finish});
}

TEST_CASE("response leg: HEAD has the length of a body and no body") {
  ResponseRig rig{/*is_head_method=*/true};
  CHECK(rig.run({kRequestDone, received(kFive), kSent}) ==
        Actions{Action::receive, Action::send, Action::finish});
  CHECK(rig.response.keeps_worker);
}

TEST_CASE("response leg: a head may come in pieces, behind interim ones") {
  ResponseRig rig;
  CHECK(rig.run({kRequestDone, received("HTTP/1.1 103 Early\r\n\r\nHTTP/1.1 200 "),
                 received("OK\r\nContent-Length: 0\r\n\r\n"), kSent}) ==
        Actions{Action::receive, Action::receive_rest, Action::send, Action::finish});
  CHECK(rig.piece(0).starts_with("HTTP/1.1 200 OK\r\n"));
}

TEST_CASE("response leg: a head that is wrong, too long or without a length is the worker's end") {
  for (const std::string_view text : {"SMTP 1", "HTTP/1.1 200 OK\r\n\r\n",
                                      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"}) {
    CAPTURE(text);
    CHECK(ResponseRig{}.run({kRequestDone, received(text)}) ==
          Actions{Action::receive, Action::worker_gone});
  }
  ResponseRig rig;
  const std::string name = "HTTP/1.1 200 OK\r\nA: ";
  const std::string filler(rig.response.part.room().size() - name.size(), 'a');
  CHECK(rig.run({kRequestDone, received(name), received(filler)}) ==
        Actions{Action::receive, Action::receive_rest, Action::worker_gone});
  CHECK_FALSE(rig.response.has_begun());
}

TEST_CASE("response leg: while more of the request follows, it may come, but not soon") {
  for (const Request state : {Request::relaying, Request::receiving}) {
    ResponseRig rig;
    CHECK(rig.run({request_is(state), request_is(state), kRequestDone, received(kFive)}) ==
          Actions{Action::receive_later, Action::none, Action::none, Action::send});
  }
}

TEST_CASE("response leg: an early answer that closes goes out at once") {
  ResponseRig rig;
  CHECK(rig.run({request_is(Request::relaying), received(kClosing), request_is(Request::refused),
                 kSent}) ==
        Actions{Action::receive_later, Action::send, Action::none, Action::finish});
  CHECK(rig.says_close());
  CHECK_FALSE(rig.response.keeps_client);
  CHECK_FALSE(rig.response.keeps_worker);
}

TEST_CASE("response leg: an answer that keeps is held until the request is known to be read") {
  ResponseRig rig;
  CHECK(rig.run({request_is(Request::relaying), received(kFive), request_is(Request::relaying)}) ==
        Actions{Action::receive_later, Action::none, Action::none});
  CHECK(rig.response.state == ResponseState::held);
  CHECK(rig.run({kRequestDone}) == Actions{Action::send});
  CHECK_FALSE(rig.says_close());
}

TEST_CASE("response leg: it is not held while the last chunk is on its way") {
  ResponseRig rig;
  rig.run({request_is(Request::receiving)});
  rig.request.state = Request::sending_last;
  CHECK(rig.run({received(kFive), kRequestDone, kSent}) ==
        Actions{Action::send, Action::none, Action::relay});
  CHECK(rig.response.keeps_client);
}

TEST_CASE("response leg: a worker that keeps its connection and refuses the rest is wrong") {
  CHECK(ResponseRig{}.run({request_is(Request::refused), received(kFive)}) ==
        Actions{Action::receive, Action::worker_gone});
  CHECK(ResponseRig{}.run(
            {request_is(Request::relaying), received(kFive), request_is(Request::refused)}) ==
        Actions{Action::receive_later, Action::none, Action::worker_gone});
}

TEST_CASE("response leg: it is looked for behind 100, whichever completes first") {
  for (const bool is_late : {false, true}) {
    CAPTURE(is_late);
    ResponseRig rig;
    rig.response.state = ResponseState::continuing;
    rig.request.state = Request::sending;
    if (!is_late) CHECK(rig.run({kContinued}) == Actions{Action::none});
    CHECK(rig.run({request_is(Request::relaying)}) ==
          Actions{is_late ? Action::none : Action::receive_later});
    if (is_late) CHECK(rig.run({kContinued}) == Actions{Action::receive_later});
    CHECK(rig.run({kRequestDone, received(kFive)}) == Actions{Action::none, Action::send});
  }
}

TEST_CASE("response leg: a worker may go before its answer, or within the body") {
  ResponseRig before;
  CHECK(before.run({kRequestDone, kWorkerGone}) == Actions{Action::receive, Action::worker_gone});
  CHECK_FALSE(before.response.has_begun());
  for (const Step& step : {kWorkerGone, kGaveUp}) {
    ResponseRig within;
    CHECK(within.run({kRequestDone, received(kFive), kSent, step}) ==
          Actions{Action::receive, Action::send, Action::relay, Action::worker_gone});
    CHECK(within.response.has_begun());
  }
}

TEST_CASE("response leg: a client may go at the head, or within the body") {
  for (const Step& step : {kClientGone, kGaveUp}) {
    CHECK(ResponseRig{}.run({kRequestDone, received(kFive), step}) ==
          Actions{Action::receive, Action::send, Action::client_gone});
  }
  CHECK(ResponseRig{}.run({kRequestDone, received(kFive), kSent, kClientGone}) ==
        Actions{Action::receive, Action::send, Action::relay, Action::client_gone});
}

TEST_CASE("response leg: a server that stops while it waits tells the client so") {
  ResponseRig rig;
  CHECK(rig.run({kRequestDone}) == Actions{Action::receive});
  rig.is_stopping = true;
  CHECK(rig.run({received(kFive)}) == Actions{Action::send});
  CHECK(rig.says_close());
  CHECK_FALSE(rig.response.keeps_client);
}

TEST_CASE("response leg: bytes behind the response keep its worker from being used again") {
  ResponseRig rig;
  CHECK(rig.run({kRequestDone, received(std::string{kFive} + "01234HTTP"), kSent}) ==
        Actions{Action::receive, Action::send, Action::finish});
  CHECK(rig.piece(1) == "01234");
  CHECK(rig.response.keeps_client);
  CHECK_FALSE(rig.response.keeps_worker);
}

}  // namespace
}  // namespace urb
