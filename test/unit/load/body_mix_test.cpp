// Bodies of several sizes: their shares, their order, and what is counted of them.
#include "load/body_mix.hpp"

#include <doctest/doctest.h>

#include <map>
#include <set>
#include <utility>

#include "unit/load/scripted_server.hpp"

TEST_SUITE_BEGIN("unit");

namespace urb::test {
namespace {

BodyMix mix_of(std::string_view text) {
  const auto parsed = parse_body_mix(text);
  REQUIRE(std::holds_alternative<BodyMix>(parsed));
  return std::get<BodyMix>(parsed);
}

std::vector<std::size_t> order_of(const BodyMix& mix, std::uint64_t seed, int count) {
  MixOrder order{mix, seed};
  std::vector<std::size_t> sizes;
  for (int index = 0; index < count; ++index) sizes.push_back(order.next());
  return sizes;
}

}  // namespace

TEST_CASE("a mix of bodies reads and writes the same text") {
  const BodyMix mix = mix_of("1K:99+10M:1");
  CHECK(mix == BodyMix{{Bytes{1024}, 99}, {Bytes{10 << 20}, 1}});
  CHECK(format_body_mix(mix) == "1k:99+10M:1");
  CHECK(mean_body(mix).value == (99 * 1024 + (10 << 20)) / 100);
  CHECK(format_body_mix(mix_of("0:4+5:6")) == "0:2+5:3");  // in lowest terms
  CHECK(format_body_mix(mix_of("1K+2K:3")) == "1k:1+2k:3");
}

TEST_CASE("a mix of bodies is refused where it says nothing clear") {
  for (const char* const text : {"1K:99", "1K:0+2K:1", "1K:x+2K", "1K:1+1K:2", "1K:1+", "+1K",
                                 "1K:9999+2K:2", "1K:+2K:1", "x:1+2K:1", "1K:10001+2K:1"}) {
    CAPTURE(text);
    CHECK(std::holds_alternative<ParseError>(parse_body_mix(text)));
  }
}

TEST_CASE("a mix has exactly its shares in each block, in an order of its seed") {
  const BodyMix mix = mix_of("1K:99+10M:1");
  const std::vector<std::size_t> sizes = order_of(mix, 7, 1000);
  std::set<std::size_t> places;
  for (std::size_t block = 0; block < 10; ++block) {
    std::size_t large = 0;
    for (std::size_t place = 0; place < 100; ++place) {
      if (sizes[block * 100 + place] != 1) continue;
      ++large;
      places.insert(place);
    }
    CHECK(large == 1);
  }
  CHECK(places.size() > 5);  // not always the same
  CHECK(order_of(mix, 7, 1000) == sizes);
  CHECK(order_of(mix, 8, 1000) != sizes);
}

TEST_CASE("a load of mixed bodies sends, counts and expects each size by itself") {
  std::map<std::string, int> lengths;
  const ScriptedServer server{[&](Peer& peer) {
    while (peer.read_request()) {
      constexpr std::string_view kName = "Content-Length: ";
      const std::string& head = peer.head();
      const std::size_t begin = head.find(kName) + kName.size();
      const std::string length = head.substr(begin, head.find('\r', begin) - begin);
      ++lengths[length];
      peer.write(make_response("bytes " + length + "."));
    }
  }};
  LoadOptions options = load_on(server.address());
  options.connections = 1;
  options.requests = 40;
  options.mix = mix_of("10:3+5000:1");
  options.body = mean_body(options.mix);
  options.mix_texts = {"bytes 10.", "bytes 5000."};
  LoadResult result = run(options);
  CHECK(result.errors.total() == 0);
  CHECK(lengths == std::map<std::string, int>{{"10", 30}, {"5000", 10}});
  CHECK(result.body_bytes == 30 * 10 + 10 * 5000);
  CHECK(result.total_body_bytes == result.body_bytes);
  CHECK(result.latency.count() == 40);
  CHECK(result.small_latency.count() == 30);

  std::swap(options.mix_texts[0], options.mix_texts[1]);
  result = run(options);
  CHECK(result.errors.content != 0);
  CHECK(result.requests == 0);
}

}  // namespace urb::test

TEST_SUITE_END();
