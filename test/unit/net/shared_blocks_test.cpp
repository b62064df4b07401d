// Blocks of shared memory: each has one owner, and whatever was given back can be had again.
#include "net/shared_blocks.hpp"

#include <doctest/doctest.h>

#include <set>

#include "support/page_bytes.hpp"

namespace urb {
namespace {

TEST_SUITE_BEGIN("unit");

TEST_CASE("shared blocks: every block once, none beyond, and the same again after giving back") {
  const test::PageBytes memory = test::make_page_bytes(SharedBlocks::kMemoryBytes);
  const std::span<std::byte> bytes{memory.get(), SharedBlocks::kMemoryBytes};
  SharedBlocks master{bytes};
  SharedBlocks worker{bytes};  // another view, as in another process
  std::set<std::uint16_t> taken;
  std::set<const std::byte*> places;
  for (std::uint16_t count = 0; count < SharedBlocks::kCount; ++count) {
    const auto block = master.try_take();
    REQUIRE(block);
    taken.insert(*block);
    const auto place = master.memory(*block);
    CHECK(place.size() == SharedBlocks::kBytesEach);
    CHECK(place.data() >= bytes.data());
    CHECK(place.data() + place.size() <= bytes.data() + bytes.size());
    CHECK(place.data() == worker.memory(*block).data());
    places.insert(place.data());
  }
  CHECK(taken.size() == SharedBlocks::kCount);
  CHECK(places.size() == SharedBlocks::kCount);
  CHECK_FALSE(master.try_take());
  for (const std::uint16_t block : {std::uint16_t{63}, std::uint16_t{0}}) {
    worker.give_back(block);
    CHECK(master.try_take() == block);
    CHECK_FALSE(master.try_take());
  }
}

TEST_SUITE_END();

}  // namespace
}  // namespace urb
