// zlib's inflate() over bytes in memory.
#include "row/gzip.hpp"

#include <fmt/format.h>

#include <array>

#include "base/error.hpp"

#ifdef URB_HAS_ZLIB
#include <zlib.h>
#endif

namespace urb {

bool is_gzip(std::string_view bytes) noexcept { return bytes.starts_with("\x1f\x8b"); }

#ifdef URB_HAS_ZLIB

namespace {

constexpr int kWithGzipHeader = 16 + MAX_WBITS;  // windowBits of inflateInit2(), by zlib's manual

struct Inflater {
  z_stream stream{};
  Inflater() {
    if (inflateInit2(&stream, kWithGzipHeader) != Z_OK) throw SysError("inflateInit2", ENOMEM);
  }
  Inflater(const Inflater&) = delete;
  Inflater& operator=(const Inflater&) = delete;
  ~Inflater() { inflateEnd(&stream); }
};

}  // namespace

std::string gunzip(std::string_view bytes, const std::string& name) {
  Inflater inflater;
  z_stream& stream = inflater.stream;
  // zlib does not write to it; its interface is older than const.
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
  stream.avail_in = static_cast<uInt>(bytes.size());
  std::string text;
  std::array<char, 65536> piece{};
  while (true) {
    stream.next_out = reinterpret_cast<Bytef*>(piece.data());
    stream.avail_out = piece.size();
    const int state = inflate(&stream, Z_NO_FLUSH);
    text.append(piece.data(), piece.size() - stream.avail_out);
    if (state == Z_STREAM_END) {
      if (stream.avail_in == 0) return text;
      inflateReset(&stream);
    } else if (state != Z_OK) {
      throw UsageError(fmt::format("{}: its compression is cut off or damaged", name));
    }
  }
}

#else

std::string gunzip(std::string_view, const std::string& name) {
  throw UsageError(fmt::format(
      "{}: it is compressed, and this program was built without zlib (gunzip the file)", name));
}

#endif

}  // namespace urb
