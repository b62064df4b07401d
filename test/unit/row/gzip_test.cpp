// What gzip(1) makes, and what is left of it when it is cut off.
#include "row/gzip.hpp"

#include <doctest/doctest.h>
#include <zlib.h>

#include <string>

#include "base/error.hpp"

TEST_SUITE_BEGIN("unit");

namespace {

// As `gzip` does.
std::string compress(std::string text) {
  z_stream stream{};
  REQUIRE(deflateInit2(&stream, 6, Z_DEFLATED, 16 + MAX_WBITS, 8, Z_DEFAULT_STRATEGY) == Z_OK);
  std::string bytes(deflateBound(&stream, text.size()), '\0');
  stream.next_in = reinterpret_cast<Bytef*>(text.data());
  stream.avail_in = static_cast<uInt>(text.size());
  stream.next_out = reinterpret_cast<Bytef*>(bytes.data());
  stream.avail_out = static_cast<uInt>(bytes.size());
  REQUIRE(deflate(&stream, Z_FINISH) == Z_STREAM_END);
  bytes.resize(bytes.size() - stream.avail_out);
  deflateEnd(&stream);
  return bytes;
}

}  // namespace

TEST_CASE("gzip: one file, or several behind each other") {
  std::string large;
  while (large.size() < 300'000) large += std::to_string(large.size()) + ',';
  CHECK_FALSE(urb::is_gzip("schema,method"));
  CHECK_FALSE(urb::is_gzip("\x1f"));
  const std::string bytes = compress(large);
  CHECK(urb::is_gzip(bytes));
  CHECK(urb::gunzip(bytes, "x") == large);
  CHECK(urb::gunzip(compress("") + bytes + compress("end"), "x") == large + "end");
}

TEST_CASE("gzip: cut off, damaged, or followed by something else") {
  const std::string bytes = compress("schema,method\n");
  for (std::size_t size = 2; size < bytes.size(); ++size) {
    CAPTURE(size);
    CHECK_THROWS_WITH_AS(urb::gunzip(bytes.substr(0, size), "rows.csv.gz"),
                         "rows.csv.gz: its compression is cut off or damaged", urb::UsageError);
  }
  std::string damaged = bytes;
  damaged[bytes.size() - 5] = static_cast<char>(damaged[bytes.size() - 5] + 1);
  CHECK_THROWS_AS(urb::gunzip(damaged, "x"), urb::UsageError);
  CHECK_THROWS_AS(urb::gunzip(bytes + "rows", "x"), urb::UsageError);
}

TEST_SUITE_END();
