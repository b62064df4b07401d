// Types of a made-up kernel, and those of this one.
#include "micro/kernel_types.hpp"

#include <doctest/doctest.h>

#include <array>
#include <cstring>
#include <stdexcept>
#include <string>

#include "base/error.hpp"

namespace urb::test {
namespace {

constexpr std::uint32_t kInfoOfStruct = 4U << 24U;
constexpr std::uint32_t kInfoOfFunction = 12U << 24U;
constexpr std::uint32_t kInfoOfInteger = 1U << 24U;

// An integer, a structure `pair` of two members, and a function of the structure's name.
std::string made_up_types() {
  const std::string strings{"\0int\0pair\0", 10};
  const std::array<std::uint32_t, 17> types{1,  kInfoOfInteger,    4, 32,  // 1
                                            5,  kInfoOfStruct | 2, 8, 1,  1, 0, 1, 7,
                                            32,  // 2: its second member has a type of its own
                                            5,  kInfoOfFunction,   7, 0};
  const std::uint32_t type_bytes = 16 * 4;  // the last word belongs to nothing
  std::array<std::uint32_t, 6> header{
      0x0001eb9f, 24, 0, type_bytes, sizeof types, static_cast<std::uint32_t>(strings.size())};
  std::string btf(sizeof header + sizeof types, '\0');
  std::memcpy(btf.data(), header.data(), sizeof header);
  std::memcpy(btf.data() + sizeof header, types.data(), sizeof types);
  return btf + strings;
}

}  // namespace

TEST_SUITE_BEGIN("unit");

TEST_CASE("kernel types: found by name and kind, with sizes and offsets") {
  const KernelTypes types{made_up_types()};
  CHECK(types.find("pair", TypeKind::structure) == 2U);
  CHECK(types.find("pair", TypeKind::function) == 3U);
  CHECK_FALSE(types.find("int", TypeKind::structure).has_value());
  CHECK_FALSE(types.find("pai", TypeKind::structure).has_value());
  CHECK(types.size_of(2) == 8);
  CHECK(types.offset_of(2, 1) == 0U);
  CHECK(types.offset_of(2, 7) == 4U);
  CHECK_FALSE(types.offset_of(2, 3).has_value());
}

TEST_CASE("kernel types: what is cut off or unknown is refused") {
  const std::string whole = made_up_types();
  for (std::size_t bytes = 0; bytes < 24 + 64; bytes += 4) {
    CAPTURE(bytes);
    CHECK_THROWS_AS(KernelTypes{whole.substr(0, bytes)}, std::runtime_error);
  }
  std::string other = whole;
  other[24 + 7] = 31;  // a kind that does not exist
  CHECK_THROWS_AS(KernelTypes{other}, std::runtime_error);
  other = whole;
  other[0] = 0;
  CHECK_THROWS_AS(KernelTypes{other}, std::runtime_error);
}

TEST_CASE("kernel types: this kernel has those of a ring") {
  try {
    const KernelTypes types = KernelTypes::read();
    const auto ring = types.find("io_ring_ctx", TypeKind::structure);
    REQUIRE(ring.has_value());
    CHECK(types.size_of(*ring) > 100);
  } catch (const Unsupported& error) {
    MESSAGE("skipped on this kernel: ", std::string{error.what()});
  }
}

TEST_SUITE_END();

}  // namespace urb::test
