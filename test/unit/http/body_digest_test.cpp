// The digest of a body: of its bytes, however they come, and of enough of them.
#include "http/body_digest.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cstring>
#include <random>
#include <set>
#include <vector>

TEST_SUITE_BEGIN("unit");

namespace urb::http {
namespace {

using Body = std::vector<std::byte>;

Body make_body(std::size_t bytes, std::uint64_t seed) {
  std::mt19937_64 random{seed};
  Body body(bytes);
  std::ranges::generate(body, [&random] { return static_cast<std::byte>(random()); });
  return body;
}

bool is_whole(const Body& body) {
  std::uint64_t word = 0;
  std::memcpy(&word, body.data(), sizeof word);
  return BodyDigest::is_whole(word);
}

/// One that is digested whole, or one that is not.
Body make_body_of(std::size_t bytes, bool whole, std::uint64_t seed = 1) {
  Body body = make_body(bytes, seed);
  for (std::mt19937_64 random{seed}; is_whole(body) != whole;) {
    const std::uint64_t word = random();
    std::memcpy(body.data(), &word, sizeof word);
  }
  return body;
}

std::uint32_t digest_of(std::span<const std::byte> body) {
  BodyDigest digest;
  digest.add(body);
  return digest.value();
}

/// How many of the body's bytes change the digest when they change.
std::size_t count_seen(Body body) {
  const std::uint32_t before = digest_of(body);
  std::size_t seen = 0;
  for (std::size_t at = sizeof(std::uint64_t); at < body.size(); ++at) {
    body[at] ^= std::byte{1};
    seen += digest_of(body) != before ? 1 : 0;
    body[at] ^= std::byte{1};
  }
  return seen;
}

}  // namespace

TEST_CASE("body digest: any split of a body gives the same") {
  std::mt19937_64 random{7};
  for (const bool whole : {false, true}) {
    for (const std::size_t bytes : {8U, 9U, 15U, 16U, 4095U, 4096U, 4104U, 50'000U}) {
      CAPTURE(whole);
      CAPTURE(bytes);
      const Body body = make_body_of(bytes, whole, bytes);
      const std::uint32_t expected = digest_of(body);
      for (const std::size_t piece_max : {1U, 3U, 8U, 100U, 5000U}) {
        BodyDigest digest;
        for (std::span<const std::byte> left{body}; !left.empty();) {
          const std::size_t size = std::min<std::size_t>(left.size(), random() % (piece_max + 1));
          digest.add(left.first(size));  // of no bytes, too
          left = left.subspan(size);
        }
        CHECK(digest.value() == expected);
        digest.reset();
        digest.add(body);
        CHECK(digest.value() == expected);
      }
    }
  }
}

TEST_CASE("body digest: of a whole body it sees each byte, of another one word in 4 KiB") {
  constexpr std::size_t kBytes = 5 * 4096;
  CHECK(count_seen(make_body_of(kBytes, true)) == kBytes - 8);
  std::set<std::size_t> counts;
  for (std::uint64_t seed = 1; seed <= 8; ++seed) {
    counts.insert(count_seen(make_body_of(kBytes, false, seed)));
  }
  CHECK(*counts.rbegin() == 5 * 8);
  CHECK(*counts.begin() >= 4 * 8);  // in the first block it may be the first word once more
}

TEST_CASE("body digest: changes of a whole body do not cancel out, wherever they are") {
  Body body = make_body_of(4096, true);
  const std::uint32_t before = digest_of(body);
  for (std::size_t first = 8; first + 7 < 200; first += 8) {
    for (std::size_t second = first + 8; second + 7 < 200; second += 8) {
      for (const std::size_t byte : {0U, 7U}) {  // the lowest bits, the highest
        for (const std::byte bit : {std::byte{0x01}, std::byte{0x80}}) {
          body[first + byte] ^= bit;
          body[second + byte] ^= bit;
          CHECK(digest_of(body) != before);
          body[first + byte] ^= bit;
          body[second + byte] ^= bit;
        }
      }
    }
  }
}

TEST_CASE("body digest: where it looks differs from body to body, and is anywhere") {
  constexpr std::size_t kBytes = 4 * 4096;
  std::vector<unsigned> seen(kBytes / 8);
  for (std::uint64_t seed = 0; seed < 300; ++seed) {
    Body body = make_body_of(kBytes, false, seed);
    const std::uint32_t before = digest_of(body);
    for (std::size_t word = 1; word < seen.size(); ++word) {
      body[word * 8] ^= std::byte{1};
      seen[word] += digest_of(body) != before ? 1 : 0;
      body[word * 8] ^= std::byte{1};
    }
  }
  CHECK(*std::ranges::max_element(seen) <= 8);  // of 300, each with a chance of 1 in 512
  CHECK(std::ranges::count_if(seen, [](unsigned count) { return count != 0; }) > 700);  // of 2,047
}

TEST_CASE("body digest: one body of 64 is digested whole") {
  unsigned whole = 0;
  std::mt19937_64 random{3};
  for (int count = 0; count < 64'000; ++count) whole += BodyDigest::is_whole(random()) ? 1 : 0;
  CHECK(whole > 850);  // of 1,000, within five standard deviations
  CHECK(whole < 1150);
}

TEST_CASE("body digest: short bodies are digested whole, and their length counts") {
  std::set<std::uint32_t> seen;
  for (std::size_t bytes = 1; bytes < 20; ++bytes) {
    seen.insert(digest_of(Body(bytes)));
    if (bytes >= 8) continue;
    Body body = make_body(bytes, bytes);
    const std::uint32_t before = digest_of(body);
    for (std::byte& byte : body) {
      byte ^= std::byte{0x80};
      CHECK(digest_of(body) != before);
      byte ^= std::byte{0x80};
    }
  }
  CHECK(seen.size() == 19);
}

}  // namespace urb::http
