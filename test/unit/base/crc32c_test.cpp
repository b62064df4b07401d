// CRC-32C against the vectors of RFC 3720, appendix B.4, and its own algebra.
#include "base/crc32c.hpp"

#include <doctest/doctest.h>

#include <string_view>
#include <vector>

namespace urb {
namespace {

TEST_SUITE_BEGIN("unit");

std::uint32_t crc_of(const std::vector<unsigned char>& bytes) {
  return crc32c(0, std::as_bytes(std::span{bytes}));
}
std::uint32_t crc_of(std::string_view text) { return crc32c(0, std::as_bytes(std::span{text})); }

TEST_CASE("crc32c: the vectors of RFC 3720") {
  CHECK(crc_of(std::vector<unsigned char>(32, 0x00)) == 0x8A9136AA);
  CHECK(crc_of(std::vector<unsigned char>(32, 0xFF)) == 0x62A8AB43);
  std::vector<unsigned char> rising;
  std::vector<unsigned char> falling;
  for (int value = 0; value < 32; ++value) {
    rising.push_back(static_cast<unsigned char>(value));
    falling.push_back(static_cast<unsigned char>(31 - value));
  }
  CHECK(crc_of(rising) == 0x46DD794E);
  CHECK(crc_of(falling) == 0x113FDB5C);
  // An iSCSI SCSI Read (10) command PDU, from the same appendix.
  CHECK(crc_of({0x01, 0xC0, 0, 0, 0, 0, 0, 0, 0,    0, 0, 0,    0, 0, 0, 0,
                0x14, 0,    0, 0, 0, 0, 4, 0, 0,    0, 0, 0x14, 0, 0, 0, 0x18,
                0x28, 0,    0, 0, 0, 0, 0, 0, 0x02, 0, 0, 0,    0, 0, 0, 0}) == 0xD9963A56);
}

TEST_CASE("crc32c: the check value of the catalogue, and nothing at all") {
  CHECK(crc_of("123456789") == 0xE3069283);
  CHECK(crc_of("") == 0);
}

// Every length up to several words, at every alignment, cut at every place: the eight-byte path,
// the rest behind it, and the continuation must agree with one call over all.
TEST_CASE("crc32c: pieces of any size and alignment give the whole") {
  std::vector<unsigned char> bytes;
  for (int value = 0; value < 64; ++value) bytes.push_back(static_cast<unsigned char>(value * 37));
  const auto all = std::as_bytes(std::span{bytes});
  for (std::size_t begin = 0; begin < 9; ++begin) {
    for (std::size_t size = 0; begin + size <= all.size(); ++size) {
      const auto piece = all.subspan(begin, size);
      std::uint32_t one_by_one = 0;
      for (std::size_t at = 0; at < size; ++at)
        one_by_one = crc32c(one_by_one, piece.subspan(at, 1));
      REQUIRE(crc32c(0, piece) == one_by_one);
      for (std::size_t cut = 0; cut <= size; cut += 3) {
        REQUIRE(crc32c(crc32c(0, piece.first(cut)), piece.subspan(cut)) == one_by_one);
      }
    }
  }
}

TEST_CASE("crc32c: every single changed bit changes the sum") {
  std::vector<unsigned char> bytes(40, 0x5A);
  const std::uint32_t clean = crc_of(bytes);
  for (std::size_t bit = 0; bit < bytes.size() * 8; ++bit) {
    bytes[bit / 8] ^= static_cast<unsigned char>(1u << (bit % 8));
    CHECK(crc_of(bytes) != clean);
    bytes[bit / 8] ^= static_cast<unsigned char>(1u << (bit % 8));
  }
}

}  // namespace
}  // namespace urb
