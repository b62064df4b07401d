// The lives.
#include "soak/clients.hpp"

#include <fmt/format.h>
#include <poll.h>

#include <algorithm>
#include <string>

#include "base/error.hpp"
#include "conformance/conformance.hpp"

namespace urb::test {
namespace {

/// All bodies are pieces of it.
const std::string& body_text() {
  static const std::string text = random_text(std::size_t{1} << 20, 11);
  return text;
}

struct BadRequest {
  int status;
  const char* bytes;
};
constexpr BadRequest kBadRequests[] = {
    {400, "nonsense\r\n\r\n"},
    {400, "GET / HTTP/1.1\r\n\r\n"},
    {400, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length : 3\r\n\r\nabc"},
    {400, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabc"},
    {400, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n"},
    {400, "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n"},
    {417, "POST / HTTP/1.1\r\nHost: a\r\nExpect: tea\r\nContent-Length: 3\r\n\r\nabc"},
    {501, "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip\r\n\r\n"},
    {505, "GET / HTTP/2.0\r\nHost: a\r\n\r\n"},
};

class Life {
 public:
  Life(const Address& server, std::mt19937_64& random, bool is_calm, Ledger& ledger)
      : client_{server}, random_{random}, is_calm_{is_calm}, ledger_{ledger} {}

  // ---- polite ----
  void post() {
    for (std::uint64_t turns = 1 + below(5); turns != 0; --turns) {
      const std::string body = some_body();
      const bool verify = below(2) == 0;
      if (!converse(make_post(body, verify ? "X-Verify: crc32c\r\n" : ""), body, verify)) return;
    }
  }
  void post_chunked() {
    const std::string body = some_body();
    std::string request =
        make_head("POST", "/", "X-Verify: crc32c\r\nTransfer-Encoding: chunked\r\n");
    for (std::size_t at = 0; at < body.size();) {
      const std::size_t size = std::min(body.size() - at, std::size_t{1} + below(100 * 1000));
      request += fmt::format("{:x};x=y\r\n{}\r\n", size, body.substr(at, size));
      at += size;
    }
    converse(request + "0\r\nX-Trailer: t\r\n\r\n", body, true);
  }
  void pipeline() {
    ledger_.sent += 3;
    const std::string body = some_body();
    const std::string one = make_post(body);
    if (!client_.try_send(one + one + one)) {
      ledger_.failed += 3;
      return;
    }
    for (int left = 3; left != 0; --left) {
      if (!take_answer(body, false)) {
        ledger_.failed += unsigned(left) - 1;
        return;
      }
    }
  }
  void expect() {
    ++ledger_.sent;
    const std::string body = some_body() + "x";
    const std::string request = make_post(body, "Expect: 100-continue\r\n");
    const std::size_t head_bytes = request.size() - body.size();
    if (!client_.try_send(request.substr(0, head_bytes))) return fail();
    const Response interim = client_.read_response();
    if (interim.status != 100) return book(interim, body, false);
    if (!client_.try_send(body)) return fail();
    take_answer(body, false);
  }
  void download() {
    ++ledger_.sent;
    const std::size_t bytes = below(3 << 20) + 1;
    if (!client_.try_send(make_head("GET", fmt::format("/?size={}", bytes)))) return fail();
    const Response response = client_.read_response();
    if (response.status == 200 && response.body.size() == bytes) {
      ++ledger_.answered;
    } else {
      book(response, "", false);
    }
  }
  // ---- rude ----
  void ask_nonsense() {
    const BadRequest& bad = kBadRequests[below(std::size(kBadRequests))];
    const bool is_second = below(2) == 0;
    if (is_second && !converse(make_post("abc"), "abc", false)) return;
    ++ledger_.sent;
    if (!client_.try_send(bad.bytes)) return fail();
    refused_with(bad.status);
  }
  void send_too_much() {
    ++ledger_.sent;
    const std::uint64_t bytes = kSoakBodyMax.value + 1;
    const std::string head = make_head("POST", "/", fmt::format("Content-Length: {}\r\n", bytes));
    // The answer comes before the end of the upload, and has to survive it.
    if (!client_.try_send(head)) return fail();
    for (int piece = 0; piece < 2 && client_.try_send(body_text()); ++piece) {
    }
    refused_with(413);
  }
  void reset_within_upload() {
    ++ledger_.sent;
    const std::string request = make_post(body_text());
    [[maybe_unused]] const bool sent = client_.try_send(request.substr(0, below(request.size())));
    client_.reset();
    ++ledger_.abandoned;
  }
  void half_close() {
    ++ledger_.sent;
    const std::string body = some_body();
    if (!client_.try_send(make_post(body))) return fail();
    client_.end_sending();
    take_answer(body, false);
  }
  void leave_unread() {
    ++ledger_.sent;
    const bool sent = client_.try_send(make_head("GET", "/?size=10485760"));
    if (sent && below(2) == 0) static_cast<void>(client_.has_input(kSoakTimeout));
    client_.reset();
    ++ledger_.abandoned;
  }
  void say_nothing() {}
  // ---- slow ----
  void stop_within_head() {
    ++ledger_.sent;
    const std::string request = make_post("abc");
    if (!client_.try_send(request.substr(0, 1 + below(request.size() - 8)))) return fail();
    refused_with(408);
  }
  void stop_within_body() {
    ++ledger_.sent;
    const std::string request = make_post(body_text());
    if (!client_.try_send(request.substr(0, 100 + below(request.size() - 101)))) return fail();
    refused_with(408);
  }
  void drip() {
    ++ledger_.sent;
    const std::string request = make_post("abc");
    for (const char byte : request) {
      if (!client_.try_send({&byte, 1})) return fail();
      poll(nullptr, 0, 1);  // a third of a second in all, far from the deadline
    }
    take_answer("abc", false);
  }
  void read_late() {
    ++ledger_.sent;
    if (!client_.try_send(make_head("GET", "/?size=10485760"))) return fail();
    poll(nullptr, 0, static_cast<int>(below(500)));
    const Response response = client_.read_response();
    if (response.status != 200) return book(response, "", false);
    ++ledger_.answered;
  }
  void never_read() {
    ++ledger_.sent;
    if (!client_.try_send(make_head("GET", "/?size=10485760"))) return fail();
    // Until the server has had enough of it and resets the connection.
    const Nanos deadline = monotonic_now() + 2 * kSoakTimeout;
    pollfd ended{client_.fd(), POLLHUP, 0};
    poll(&ended, 1, static_cast<int>((deadline - monotonic_now()).count() / 1'000'000));
    ++ledger_.abandoned;
  }

 private:
  std::uint64_t below(std::uint64_t limit) { return random_() % limit; }

  std::string some_body() {
    constexpr std::size_t kSizes[] = {0, 1, 1000, 70 * 1000, 1000 * 1000};
    const std::size_t size = kSizes[below(std::size(kSizes))];
    return body_text().substr(below(body_text().size() - size), size);
  }
  /// One request and its answer. False when the connection cannot go on.
  bool converse(const std::string& request, const std::string& body, bool verify) {
    ++ledger_.sent;
    if (!client_.try_send(request)) {
      fail();
      return false;
    }
    return take_answer(body, verify);
  }
  bool take_answer(const std::string& body, bool verify) {
    try {
      const Response response = client_.read_response();
      book(response, body, verify);
      return response.status == 200;
    } catch (const ClientTimeout&) {
      throw;
    } catch (const ClientError&) {
      fail();
      return false;
    }
  }
  void book(const Response& response, const std::string& body, bool verify) {
    if (response.status == 502 || response.status == 503) {
      if (is_calm_) return wrong(fmt::format("{} though no worker was gone", response.status));
      ++ledger_.gone;
      return;
    }
    if (response.status != 200) return wrong(fmt::format("{} for a good request", response.status));
    const std::string expected =
        fmt::format("\"bytes\":{}{}", body.size(),
                    verify ? fmt::format(",\"crc32c\":\"{:08x}\"}}", checksum(body)) : "}");
    if (response.body.find(expected) == std::string::npos) {
      return wrong(fmt::format("not {} in {}", expected, response.body));
    }
    ++ledger_.answered;
  }
  void refused_with(int status) {
    const Response response = client_.read_response();
    if (response.status == status) {
      ++ledger_.refused;
      if (!client_.is_closed_by_peer()) wrong("a refused connection goes on");
    } else if (!is_calm_ && (response.status == 502 || response.status == 503)) {
      ++ledger_.gone;
    } else {
      wrong(fmt::format("{} instead of {}", response.status, status));
    }
  }
  void fail() {
    if (is_calm_) return wrong("the connection ended without an answer");
    ++ledger_.failed;
  }
  void wrong(std::string text) { ledger_.wrong.push_back(std::move(text)); }

  TcpClient client_;
  std::mt19937_64& random_;
  bool is_calm_;
  Ledger& ledger_;
};

using Act = void (Life::*)();
constexpr Act kPolite[] = {&Life::post,     &Life::post,   &Life::post_chunked,
                           &Life::pipeline, &Life::expect, &Life::download};
constexpr Act kRude[] = {&Life::ask_nonsense,        &Life::ask_nonsense, &Life::send_too_much,
                         &Life::reset_within_upload, &Life::half_close,   &Life::leave_unread,
                         &Life::say_nothing};
constexpr Act kSlow[] = {&Life::stop_within_head, &Life::stop_within_body, &Life::drip, &Life::drip,
                         &Life::read_late,        &Life::never_read};

}  // namespace

void play(Manners manners, const Address& server, std::mt19937_64& random, bool is_calm,
          Ledger& ledger) {
  const auto choose = [&](const auto& acts) { return acts[random() % std::size(acts)]; };
  const Act act = manners == Manners::polite ? choose(kPolite)
                  : manners == Manners::rude ? choose(kRude)
                                             : choose(kSlow);
  const Nanos begin = monotonic_now();
  try {
    Life life{server, random, is_calm, ledger};
    (life.*act)();
  } catch (const ClientTimeout& cause) {
    ledger.wrong.push_back(std::string{"hangs: "} + cause.what());
  } catch (const std::exception& cause) {
    // A connect that is refused, where the listener died with its worker, has sent nothing.
    if (is_calm) {
      ledger.wrong.push_back(cause.what());
    } else {
      ledger.failed += ledger.open();
    }
  }
  if (manners == Manners::polite)
    ledger.longest = std::max(ledger.longest, monotonic_now() - begin);
}

}  // namespace urb::test
