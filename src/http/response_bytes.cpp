#include "http/response_bytes.hpp"

#include <fmt/compile.h>
#include <time.h>

#include <algorithm>
#include <chrono>

#include "base/assert.hpp"

namespace urb::http {
namespace {

std::string_view connection_line(const ResponseOptions& options) noexcept {
  if (!options.keep_alive) return "Connection: close\r\n";
  // 1.1 keeps alive by default, and 1.0 has to be told.
  return options.http11 ? std::string_view{} : std::string_view{"Connection: keep-alive\r\n"};
}

// By hand, since every answer to a body has it: a third of what the formatter takes.
char* write_body_digest(char* out, std::uint32_t digest) noexcept {
  constexpr std::string_view kName = "X-Body: ";
  out = std::copy(kName.begin(), kName.end(), out);
  for (int shift = 28; shift >= 0; shift -= 4) *out++ = "0123456789abcdef"[(digest >> shift) & 15];
  *out++ = '\r';
  *out++ = '\n';
  return out;
}

std::size_t finish(std::span<char> out, const fmt::format_to_n_result<char*>& result) noexcept {
  URB_ASSERT(result.size <= out.size());
  return result.size;
}

}  // namespace

std::string_view DateText::at(Nanos now) noexcept {
  if (now >= valid_until_) {
    timespec wall{};
    clock_gettime(CLOCK_REALTIME, &wall);
    tm parts{};
    gmtime_r(&wall.tv_sec, &parts);
    size_ = strftime(text_, sizeof text_, "%a, %d %b %Y %H:%M:%S GMT", &parts);
    valid_until_ = now + (std::chrono::seconds{1} - Nanos{wall.tv_nsec});
  }
  return {text_, size_};
}

std::size_t write_receipt(std::span<char> out, const Receipt& receipt,
                          const ResponseOptions& options, std::string_view date) noexcept {
  char body[192];
  std::size_t body_size = 0;
  std::string_view type = "application/octet-stream";
  if (!options.body_bytes) {
    type = "application/json";
    auto made = fmt::format_to_n(
        body, sizeof body, FMT_COMPILE(R"({{"mode":"{}","worker":{},"pid":{},"bytes":{})"),
        receipt.mode, receipt.worker_index, receipt.pid, receipt.body_bytes);
    char* end = made.out;
    if (receipt.crc32c) {
      end = fmt::format_to(end, FMT_COMPILE(R"(,"crc32c":"{:08x}")"), *receipt.crc32c);
    }
    *end++ = '}';
    body_size = static_cast<std::size_t>(end - body);
  }
  const std::string_view sent{body, options.head_only ? 0 : body_size};
  char proofs[48];
  char* proofs_end = proofs;
  if (receipt.body_digest) {
    proofs_end = write_body_digest(proofs_end, *receipt.body_digest);
  }
  if (receipt.crc32c) {
    proofs_end = fmt::format_to(proofs_end, FMT_COMPILE("X-Crc32c: {:08x}\r\n"), *receipt.crc32c);
  }
  return finish(out, fmt::format_to_n(
                         out.data(), out.size(),
                         FMT_COMPILE("HTTP/1.1 200 OK\r\nDate: {}\r\nContent-Type: {}\r\n"
                                     "Content-Length: {}\r\nX-Worker: {}\r\n{}{}\r\n{}"),
                         date, type, options.body_bytes.value_or(body_size), receipt.worker_index,
                         std::string_view{proofs, static_cast<std::size_t>(proofs_end - proofs)},
                         connection_line(options), sent));
}

std::size_t write_error(std::span<char> out, int status, bool head_only,
                        std::string_view date) noexcept {
  char body[96];
  const auto made =
      fmt::format_to_n(body, sizeof body, FMT_COMPILE(R"({{"status":{},"error":"{}"}})"), status,
                       reason_phrase(status));
  return finish(out,
                fmt::format_to_n(
                    out.data(), out.size(),
                    FMT_COMPILE("HTTP/1.1 {} {}\r\nDate: {}\r\nContent-Type: application/json\r\n"
                                "Content-Length: {}\r\nConnection: close\r\n\r\n{}"),
                    status, reason_phrase(status), date, made.size,
                    std::string_view{body, head_only ? 0 : made.size}));
}

std::string_view reason_phrase(int status) noexcept {
  switch (status) {
    case 400: return "Bad Request";
    case 405: return "Method Not Allowed";
    case 408: return "Request Timeout";
    case 413: return "Content Too Large";
    case 414: return "URI Too Long";
    case 417: return "Expectation Failed";
    case 431: return "Request Header Fields Too Large";
    case 501: return "Not Implemented";
    case 502: return "Bad Gateway";
    case 503: return "Service Unavailable";
    case 505: return "HTTP Version Not Supported";
    default: return "Error";
  }
}

}  // namespace urb::http
