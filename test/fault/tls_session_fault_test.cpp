// Sessions with TLS on a made-up kernel, under a client that does what ours never would: OpenSSL
// itself. Where the build has it.
#include <doctest/doctest.h>
#include <openssl/ssl.h>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "fault/made_up_kernel.hpp"
#include "net/lingering_close.hpp"
#include "net/session.hpp"

namespace urb {
namespace {

using test::MadeUpKernel;
using test::Request;

constexpr std::string_view kAsk = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";

struct TlsRig {
  enum Owner : std::uint8_t { kSessions = 1, kLingeringClose };

  explicit TlsRig(BufferKind kind = BufferKind::plain)
      : kernel{kind == BufferKind::provided ? static_cast<int>(IORING_OP_RECV) : -1},
        sessions{kernel.ring(), kSessions, lingering_close, counters, options(kind)},
        client_context{SSL_CTX_new(TLS_client_method())},
        client{SSL_new(client_context)} {
    SSL_set_connect_state(client);
    SSL_set_bio(client, BIO_new(BIO_s_mem()), BIO_new(BIO_s_mem()));
    test::StreamPair pair = test::make_stream_pair();
    far = std::move(pair.far);
    sessions.adopt(std::move(pair.near), {}, 0, 0);
    SSL_do_handshake(client);
    while (SSL_is_init_finished(client) == 0 || has_output()) turn();
    REQUIRE(counters.handshakes.get() == 1);
  }
  TlsRig(const TlsRig&) = delete;
  TlsRig& operator=(const TlsRig&) = delete;
  ~TlsRig() {
    SSL_free(client);
    SSL_CTX_free(client_context);
  }

  [[nodiscard]] bool has_output() const { return BIO_pending(SSL_get_wbio(client)) > 0; }
  [[nodiscard]] std::string take_output() const {
    std::string text(static_cast<std::size_t>(BIO_pending(SSL_get_wbio(client))), '\0');
    if (!text.empty()) BIO_read(SSL_get_wbio(client), text.data(), static_cast<int>(text.size()));
    return text;
  }
  static SessionOptions options(BufferKind kind) {
    static const tls::Serving serving{tls::Kind::worker, tls::make_throwaway_identity()};
    SessionOptions made;
    made.mode = "test";
    made.response_bytes = Bytes{8192};
    made.buffers = kind;
    made.tls = &serving;
    return made;
  }
  void deliver(const Completion& done) {
    done.token.owner == kLingeringClose ? lingering_close.on_completion(done)
                                        : sessions.on_completion(done);
  }
  /// Takes what is queued. The receive waits for the client's bytes. Sends that are not held reach
  /// the client.
  void collect() {
    for (const Request& request : kernel.take()) {
      if (request.is(IORING_OP_RECV)) {
        receive = request;
      } else if (request.is(IORING_OP_SEND) && !holds_sends) {
        BIO_write(SSL_get_rbio(client), request.text().data(),
                  static_cast<int>(request.text().size()));
        deliver(request.done_fully());
      } else {
        others.push_back(request);
      }
    }
  }
  /// The receive brings `bytes`.
  void bring(std::string_view bytes) {
    collect();
    if (!receive) {  // the real kernel has it
      REQUIRE(send(far.get(), bytes.data(), bytes.size(), 0) == std::ssize(bytes));
      deliver(kernel.wait_for_real());
      return collect();
    }
    const Request request = *receive;
    receive.reset();
    deliver(request.brings(bytes));
    collect();
  }
  /// One way, then the other.
  void turn() {
    collect();
    if (has_output()) bring(take_output());
    char memory[4096];
    while (int size = SSL_read(client, memory, sizeof memory)) {
      if (size <= 0) break;
      answer.append(memory, static_cast<std::size_t>(size));
    }
  }
  void say(std::string_view text) {
    SSL_write(client, text.data(), static_cast<int>(text.size()));
    turn();
    turn();
  }
  /// What is in flight is cancelled, what is queued is done, and nothing is left.
  void expect_end() {
    for (int round = 0; round < 4; ++round) {
      collect();
      if (receive) {
        const Request request = *receive;
        receive.reset();
        deliver(request.done(request.token().owner == kLingeringClose ? 0 : -ECANCELED));
      }
      for (const Request& request : std::exchange(others, {})) {
        if (request.is(IORING_OP_CLOSE)) {
          request.closes();
        } else if (!request.is_detached()) {
          deliver(request.done(-ECANCELED));
        }
      }
    }
    CHECK(sessions.is_idle());
    CHECK(lingering_close.is_idle());
    CHECK(kernel.has_none());
    CHECK(counters.connections_closed.get() == 1);
  }

  Counters counters;
  MadeUpKernel kernel;
  LingeringClose lingering_close{kernel.ring(), kLingeringClose, counters, 8};
  TlsSessionPool sessions;
  SSL_CTX* client_context;
  SSL* client;
  Fd far;
  std::optional<Request> receive;
  std::vector<Request> others;
  std::string answer;
  bool holds_sends = false;
};

TEST_SUITE_BEGIN("fault");

TEST_CASE("session with TLS: a KeyUpdate renews no deadline, a byte of HTTP begins one") {
  TlsRig rig;
  const Nanos before = rig.sessions.next_deadline();
  CHECK(before != kNever);
  for (const std::string_view begun : {std::string_view{}, kAsk.substr(0, 7)}) {
    if (!begun.empty()) rig.say(begun);
    const Nanos due = rig.sessions.next_deadline();
    for (const int kind : {SSL_KEY_UPDATE_NOT_REQUESTED, SSL_KEY_UPDATE_REQUESTED}) {
      REQUIRE(SSL_key_update(rig.client, kind) == 1);
      SSL_do_handshake(rig.client);
      rig.turn();
      rig.turn();
      CHECK(rig.sessions.next_deadline() == due);
    }
  }
  rig.say(kAsk.substr(7));
  CHECK(rig.answer.starts_with("HTTP/1.1 200 OK"));
  CHECK(rig.counters.tls_errors.get() == 0);
  rig.sessions.cut_off();
  rig.expect_end();
}

TEST_CASE("session with TLS: who asks for KeyUpdates and takes none is cut off") {
  TlsRig rig;
  rig.holds_sends = true;
  int count = 0;
  for (; count < 1000 && rig.counters.tls_errors.get() == 0; ++count) {
    REQUIRE(SSL_key_update(rig.client, SSL_KEY_UPDATE_REQUESTED) == 1);
    SSL_do_handshake(rig.client);
    rig.bring(rig.take_output());
  }
  CHECK(rig.counters.tls_errors.get() == 1);
  CHECK(count > 50);  // some KB
  rig.expect_end();
}

TEST_CASE("session with TLS: an answer that waits is no answer to KeyUpdates") {
  TlsRig rig{BufferKind::provided};
  rig.holds_sends = true;
  // What TLS says to that is on its way. It may come with a later record.
  for (int count = 0; count < 4 && rig.others.empty(); ++count) {
    REQUIRE(SSL_key_update(rig.client, SSL_KEY_UPDATE_REQUESTED) == 1);
    SSL_do_handshake(rig.client);
    rig.bring(rig.take_output());
  }
  REQUIRE(rig.others.size() == 1);
  CHECK(rig.others.front().bytes() < 100);
  for (unsigned requests = 1; requests <= 2; ++requests) {
    SSL_write(rig.client, kAsk.data(), static_cast<int>(kAsk.size()));
    rig.bring(rig.take_output());
    CHECK(rig.counters.tls_errors.get() == 0);
  }
  rig.holds_sends = false;
  for (const Request& held : std::exchange(rig.others, {})) {
    REQUIRE(held.is(IORING_OP_SEND));
    rig.deliver(held.done_fully());
  }
  rig.collect();
  CHECK(rig.counters.requests.get() == 2);
  CHECK(rig.counters.tls_errors.get() == 0);
  rig.far.close();
  for (bool goes_on = true; goes_on;) {
    rig.collect();
    const Completion done = rig.kernel.wait_for_real();
    rig.deliver(done);
    goes_on = done.more();
  }
  rig.expect_end();
}

TEST_CASE("session with TLS: a client's fatal alert ends its connection, counted and unanswered") {
  TlsRig rig;
  // A record that the client cannot open is what it sends one for.
  const std::string_view rubbish{
      "\x17\x03\x03\x00\x14"
      "01234567890123456789",
      25};
  BIO_write(SSL_get_rbio(rig.client), rubbish.data(), static_cast<int>(rubbish.size()));
  char byte = 0;
  REQUIRE(SSL_read(rig.client, &byte, 1) <= 0);
  REQUIRE(rig.has_output());
  rig.bring(rig.take_output());
  CHECK(rig.counters.tls_errors.get() == 1);
  CHECK(rig.answer.empty());
  rig.expect_end();
}

TEST_CASE("session with TLS: half a record is nothing yet, and its end is no request") {
  for (const bool comes_whole : {true, false}) {
    TlsRig rig;
    SSL_write(rig.client, kAsk.data(), static_cast<int>(kAsk.size()));
    const std::string record = rig.take_output();
    for (std::size_t at = 0; at + 1 < record.size(); ++at) {
      rig.bring(std::string_view{record}.substr(at, 1));
    }
    CHECK(rig.counters.requests.get() == 0);
    if (comes_whole) {
      rig.bring(std::string_view{record}.substr(record.size() - 1));
      rig.turn();
      CHECK(rig.counters.requests.get() == 1);
      CHECK(rig.answer.starts_with("HTTP/1.1 200 OK"));
      rig.sessions.cut_off();
    } else {
      rig.bring("");  // the end of the stream
      CHECK(rig.counters.requests.get() == 0);
    }
    rig.expect_end();
  }
}

TEST_CASE("session with TLS: a client's end is answered by ours, which is on its way first") {
  TlsRig rig;
  rig.say(kAsk);
  CHECK(rig.counters.requests.get() == 1);
  SSL_shutdown(rig.client);
  rig.turn();
  CHECK((SSL_get_shutdown(rig.client) & SSL_RECEIVED_SHUTDOWN) != 0);
  CHECK(rig.counters.tls_errors.get() == 0);
  CHECK(rig.counters.connection_resets.get() == 0);
  rig.expect_end();
}

TEST_SUITE_END();

}  // namespace
}  // namespace urb
