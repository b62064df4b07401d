// Verification and routing keys: what the client asks of a server, and whether a wrong answer is
// ever taken for a right one.
#include <doctest/doctest.h>
#include <fmt/format.h>

#include <cstring>
#include <mutex>
#include <set>

#include "base/crc32c.hpp"
#include "load/request_set.hpp"
#include "unit/load/scripted_server.hpp"

TEST_SUITE_BEGIN("unit");

namespace urb::test {
namespace {

LoadOptions options_for(const ScriptedServer& server, Verify verify) {
  LoadOptions options = load_on(server.address());
  options.requests = 10;
  options.body = Bytes{1000};
  options.verify = verify;
  return options;
}

bool asks_for_checksum(const Peer& peer) {
  return peer.head().find("\r\nX-Verify: crc32c\r\n") != std::string::npos;
}

/// The checksum as our server says it, spoiled with `mask`.
std::string checksum_field(const Peer& peer, std::uint32_t mask = 0) {
  if (!asks_for_checksum(peer)) return {};
  return fmt::format("X-Crc32c: {:08x}\r\n", peer.body_crc32c() ^ mask);
}

}  // namespace

TEST_CASE("the first request of each connection is verified with a random body, and not measured") {
  std::mutex mutex;
  std::multiset<std::string> bodies;
  std::atomic<unsigned> total{0};
  const ScriptedServer server{[&](Peer& peer) {
    while (peer.read_request()) {
      ++total;
      if (asks_for_checksum(peer)) {
        const std::lock_guard lock{mutex};
        bodies.insert(peer.body_begin());
      }
      peer.write(make_response("ok", checksum_field(peer)));
    }
  }};
  const LoadResult result = run(options_for(server, Verify::first));
  CHECK(result.total_errors() == 0);
  CHECK(result.requests == 10);
  CHECK(result.latency.count() == 10);
  CHECK(result.body_bytes == 10 * 1000);
  CHECK(result.total_requests == 12);
  CHECK(result.total_body_bytes == 12 * 1000);
  CHECK(result.verified_bytes == 2 * 1000);
  CHECK(total == 12);
  CHECK(result.connections == 2);
  REQUIRE(bodies.size() == 2);
  CHECK(*bodies.begin() != *bodies.rbegin());
  for (const std::string& body : bodies) {
    CHECK(std::set<char>(body.begin(), body.end()).size() > 16);  // of 64 bytes; letters have 26
    CHECK(body.find("abcdefgh") == std::string::npos);
  }
}

TEST_CASE("in the open loop verified connections go on to the planned requests") {
  const ScriptedServer server{[](Peer& peer) {
    while (peer.read_request()) peer.write(make_response("ok", checksum_field(peer)));
  }};
  LoadOptions options = options_for(server, Verify::first);
  options.rate = 1000;  // so that a connection waits, and is watched, before and after
  const LoadResult result = run(options);
  CHECK(result.total_errors() == 0);
  CHECK(result.requests == 10);
  CHECK(result.connections == 2);
}

TEST_CASE("without reuse, too, each slot's first request is verified") {
  std::atomic<unsigned> verified{0};
  const ScriptedServer server{[&](Peer& peer) {
    if (!peer.read_request()) return;
    if (asks_for_checksum(peer)) ++verified;
    peer.write(make_response("ok", checksum_field(peer) + "Connection: close\r\n"));
  }};
  LoadOptions options = options_for(server, Verify::first);
  options.reuse = false;
  const LoadResult result = run(options);
  CHECK(verified == 2);
  CHECK(result.requests == 10);
  CHECK(result.total_requests == 12);
}

TEST_CASE("a checksum that is wrong by one bit, or absent, fails the load before it begins") {
  for (const bool is_absent : {false, true}) {
    CAPTURE(is_absent);
    std::atomic<unsigned> total{0};
    const ScriptedServer server{[&](Peer& peer) {
      while (peer.read_request()) {
        ++total;
        peer.write(make_response("ok", is_absent ? "" : checksum_field(peer, 1U << 31)));
      }
    }};
    const LoadResult result = run(options_for(server, Verify::first));
    CHECK(result.errors.content == 2);
    CHECK(result.total_errors() == 2);
    CHECK(result.total_requests == 0);
    CHECK(result.verified_bytes == 0);
    CHECK(result.requests == 0);
    CHECK(total == 2);
    CHECK_FALSE(result.interrupted);
    CHECK(result.first_error.starts_with(is_absent ? "no X-Crc32c in the response"
                                                   : "the body's CRC-32C is "));
  }
}

TEST_CASE(
    "a server that loses a byte of a body in the middle of the load is found only by --verify") {
  // It counts right and answers in time, but what it saw is not what was sent. Of the requests
  // behind the first of their connection it is the third and the sixth, whichever connection has
  // them.
  std::atomic<int> later{0};
  const auto script = [&later](Peer& peer) {
    for (int count = 0; peer.read_request(); ++count) {
      const int turn = count == 0 ? 0 : ++later;
      const bool is_lost = turn == 3 || turn == 6;
      peer.write(make_response("ok", checksum_field(peer, is_lost ? 1 : 0)));
    }
  };
  const ScriptedServer server{script};
  CHECK(run(options_for(server, Verify::first)).total_errors() == 0);
  later = 0;
  const LoadResult result = run(options_for(server, Verify::all));
  CHECK(result.errors.content == 2);
  CHECK(result.requests == 8);
  CHECK(result.verified_bytes == (2 + 8) * 1000);
}

TEST_CASE("a connection that cannot be verified in time is an error, not a wait") {
  const ScriptedServer server{[](Peer& peer) { peer.read_to_end(); }};
  LoadOptions options = options_for(server, Verify::first);
  options.request_timeout = std::chrono::milliseconds{20};
  const LoadResult result = run(options);
  CHECK(result.errors.timeout == 2);
  CHECK(result.total_errors() == 2);
}

TEST_CASE("a response body of another length than was asked for is a content error") {
  const ScriptedServer server{[](Peer& peer) {
    while (peer.read_request()) peer.write(make_response("four"));
  }};
  LoadOptions options = options_for(server, Verify::none);
  options.expected_response_bytes = 4;
  CHECK(run(options).requests == 10);
  options.expected_response_bytes = 5;
  const LoadResult result = run(options);
  CHECK(result.errors.content == 10);
  CHECK(result.first_error == "a response body of 4 instead of 5 bytes");
}

TEST_CASE("verification bodies have the load's size, up to a limit, and differ") {
  LoadOptions options;
  options.host = "localhost";
  options.verify = Verify::first;
  options.body = Bytes{5000};
  {
    RequestSet requests{options};
    CHECK(requests.verification(0).image.body_bytes() == 5000);
    CHECK(requests.verification(0).crc32c != requests.verification(1).crc32c);
    CHECK(requests.verification(0).crc32c == requests.verification(4).crc32c);
    CHECK_FALSE(requests.next().crc32c.has_value());
  }
  options.body = Bytes{10 << 20};
  options.verify = Verify::all;
  RequestSet requests{options};
  CHECK(requests.verification(0).image.body_bytes() == RequestSet::kVerificationBytesMax);
  CHECK(requests.next().image.body_bytes() == 10 << 20);
  const LoadRequest& request = requests.next();
  CHECK(request.crc32c == request.image.body_crc32c());
}

TEST_CASE("the bodies of a load differ, and one in 64 of them is digested whole") {
  LoadOptions options;
  options.host = "localhost";
  options.body = Bytes{100'000};
  for (const std::size_t keys : {0, 1, 3, 40}) {
    CAPTURE(keys);
    options.routes.clear();
    for (std::size_t key = 0; key < keys; ++key) options.routes.push_back({std::to_string(key), 0});
    RequestSet requests{options};
    std::set<const LoadRequest*> seen;
    std::set<std::optional<std::uint32_t>> digests;
    for (int round = 0; round < 50; ++round) {
      unsigned whole = 0;
      for (std::uint64_t turn = 0; turn < http::BodyDigest::kWholeShare; ++turn) {
        const LoadRequest& request = requests.next();
        seen.insert(&request);
        digests.insert(request.body_digest);
        std::uint64_t word = 0;
        const std::uint64_t head_bytes = request.image.total_bytes() - options.body.value;
        std::memcpy(&word, request.image.piece_at(head_bytes).bytes.data(), sizeof word);
        whole += http::BodyDigest::is_whole(word) ? 1 : 0;
      }
      CHECK(whole == 1);
    }
    CHECK(seen.size() > RequestSet::kBodies - 2);
    CHECK(digests.size() == seen.size());
  }
}

TEST_CASE("a request without a body has no digest, and one that is too large is never whole") {
  LoadOptions options;
  options.host = "localhost";
  CHECK_FALSE(RequestSet{options}.next().has_fields());
  options.body = Bytes{RequestSet::kWholeBytesMax + 1};
  RequestSet requests{options};
  for (std::uint64_t turn = 0; turn < http::BodyDigest::kWholeShare; ++turn) {
    const LoadRequest& request = requests.next();
    std::uint64_t word = 0;
    const std::uint64_t head_bytes = request.image.total_bytes() - options.body.value;
    std::memcpy(&word, request.image.piece_at(head_bytes).bytes.data(), sizeof word);
    CHECK_FALSE(http::BodyDigest::is_whole(word));
  }
}

TEST_CASE(
    "a body's digest that comes back is compared, and one that is absent is an error on demand") {
  struct Case {
    bool is_sent;
    std::uint32_t mask;
    bool is_required;
    std::uint64_t errors;
    std::uint64_t verified;
  };
  for (const Case& made :
       {Case{true, 0, true, 0, 10}, Case{true, 0, false, 0, 10}, Case{true, 1, true, 10, 0},
        Case{true, 1, false, 10, 0}, Case{false, 0, true, 10, 0}, Case{false, 0, false, 0, 0}}) {
    CAPTURE(made.is_sent);
    CAPTURE(made.mask);
    CAPTURE(made.is_required);
    const ScriptedServer server{[&](Peer& peer) {
      while (peer.read_request()) {
        const std::string field = fmt::format("X-Body: {:08x}\r\n", peer.body_digest() ^ made.mask);
        peer.write(make_response("ok", made.is_sent ? field : ""));
      }
    }};
    LoadOptions options = options_for(server, Verify::none);
    options.requires_proof = made.is_required;
    const LoadResult result = run(options);
    CHECK(result.errors.content == made.errors);
    CHECK(result.total_errors() == made.errors);
    CHECK(result.verified_requests == made.verified);
  }
}

TEST_CASE("routing keys are sent, and what X-Worker answers is counted by worker") {
  // Two workers; the server takes a's requests to the right one and b's to the wrong one.
  const ScriptedServer server{[](Peer& peer) {
    while (peer.read_request()) {
      const bool is_a = peer.head().find("\r\nX-Route: a\r\n") != std::string::npos;
      const bool is_b = peer.head().find("\r\nX-Route: b\r\n") != std::string::npos;
      if (is_a == is_b) return;
      peer.write(make_response("ok", "X-Worker: 1\r\n"));
    }
  }};
  LoadOptions options = options_for(server, Verify::none);
  options.requests = 400;
  options.routes = {{"a", 1}, {"b", 0}};
  const LoadResult result = run(options);
  CHECK(result.total_errors() == 0);
  CHECK(result.requests_by_worker == std::vector<std::uint64_t>{0, 400});
  // A fair coin 400 times: five standard deviations.
  CHECK(result.routed_right > 150);
  CHECK(result.routed_right < 250);
}

TEST_CASE("an answer that names no worker, or one that nobody knows, is not routed right") {
  for (const std::string field : {"", "X-Worker: 7\r\n", "X-Worker: one\r\n"}) {
    CAPTURE(field);
    const ScriptedServer server{[&](Peer& peer) {
      while (peer.read_request()) peer.write(make_response("ok", field));
    }};
    LoadOptions options = options_for(server, Verify::none);
    options.routes = {{"a", 1}};
    const LoadResult result = run(options);
    CHECK(result.requests == 10);
    CHECK(result.routed_right == 0);
    CHECK(result.requests_by_worker == std::vector<std::uint64_t>{0, 0});
  }
}

}  // namespace urb::test
