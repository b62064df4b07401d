// A second, short-lived parse goes over a complete head and emits the forwarded one.
#include "http/forward.hpp"

#include <fmt/compile.h>
#include <llhttp.h>

#include <algorithm>
#include <array>
#include <cstring>

#include "http/short_text.hpp"

namespace urb::http {
namespace {

struct Field {
  std::string_view name;
  std::string_view value;
};

/// What a parse collects. The head is contiguous, so every piece is a view into it.
struct Collected {
  std::string_view target;
  std::string_view reason;
  std::array<Field, kFieldCountMax + 1> fields;
  std::size_t field_count = 0;
  bool too_many = false;
};

// Pieces of one element are adjacent in memory. The end moves, and the start stays.
void extend(std::string_view& view, const char* at, std::size_t size) noexcept {
  view =
      view.empty() ? std::string_view{at, size} : std::string_view{view.data(), view.size() + size};
}

Collected& collected(llhttp_t* parser) noexcept { return *static_cast<Collected*>(parser->data); }

int on_url(llhttp_t* parser, const char* at, std::size_t size) noexcept {
  extend(collected(parser).target, at, size);
  return 0;
}
int on_status(llhttp_t* parser, const char* at, std::size_t size) noexcept {
  extend(collected(parser).reason, at, size);
  return 0;
}
int on_name(llhttp_t* parser, const char* at, std::size_t size) noexcept {
  Collected& all = collected(parser);
  if (all.field_count >= all.fields.size()) all.too_many = true;
  if (!all.too_many) extend(all.fields[all.field_count].name, at, size);
  return 0;
}
int on_value(llhttp_t* parser, const char* at, std::size_t size) noexcept {
  Collected& all = collected(parser);
  if (!all.too_many) extend(all.fields[all.field_count].value, at, size);
  return 0;
}
int on_field_end(llhttp_t* parser) noexcept {
  ++collected(parser).field_count;
  return 0;
}
int on_head_end(llhttp_t*) noexcept { return HPE_PAUSED; }

const llhttp_settings_t& settings() noexcept {
  static const llhttp_settings_t made = [] {
    llhttp_settings_t all;
    llhttp_settings_init(&all);
    all.on_url = on_url;
    all.on_status = on_status;
    all.on_header_field = on_name;
    all.on_header_value = on_value;
    all.on_header_value_complete = on_field_end;
    all.on_headers_complete = on_head_end;
    return all;
  }();
  return made;
}

bool collect(llhttp_t& parser, llhttp_type type, std::span<const std::byte> source,
             Collected& out) noexcept {
  llhttp_init(&parser, type, &settings());
  parser.data = &out;
  const llhttp_errno error =
      llhttp_execute(&parser, reinterpret_cast<const char*>(source.data()), source.size());
  return error == HPE_PAUSED && !out.too_many && out.field_count <= kFieldCountMax;
}

bool same(std::string_view a, std::string_view b) noexcept {
  return a.size() == b.size() && strncasecmp(a.data(), b.data(), a.size()) == 0;
}

bool is_hop_by_hop(std::string_view name) noexcept {
  constexpr std::array<std::string_view, 12> kNames{"connection",
                                                    "keep-alive",
                                                    "proxy-connection",
                                                    "te",
                                                    "trailer",
                                                    "transfer-encoding",
                                                    "upgrade",
                                                    "http2-settings",
                                                    "proxy-authenticate",
                                                    "proxy-authorization",
                                                    "content-length",
                                                    "expect"};
  for (const std::string_view known : kNames) {
    if (same(name, known)) return true;
  }
  return false;
}

// Whether a Connection field lists `name`.
bool is_named_by_connection(const Collected& all, std::string_view name) noexcept {
  for (std::size_t index = 0; index < all.field_count; ++index) {
    if (!same(all.fields[index].name, "connection")) continue;
    std::string_view rest = all.fields[index].value;
    while (!rest.empty()) {
      const std::size_t comma = rest.find(',');
      std::string_view option = rest.substr(0, comma);
      rest = comma == std::string_view::npos ? std::string_view{} : rest.substr(comma + 1);
      while (!option.empty() && (option.front() == ' ' || option.front() == '\t'))
        option.remove_prefix(1);
      while (!option.empty() && (option.back() == ' ' || option.back() == '\t'))
        option.remove_suffix(1);
      // Host and framing are never hop-by-hop, whatever a client says. That would be a hole.
      if (same(option, name) && !same(name, "host")) return true;
    }
  }
  return false;
}

/// A target in its parts. The authority is empty unless the target was absolute.
struct Target {
  std::string_view authority;
  std::string_view path;
};

// An origin gets the path alone (RFC 9112, 3.2.1). The parser has seen that Host says the same.
Target split(std::string_view target, bool is_options) noexcept {
  if (target.starts_with('/') || target.starts_with('*')) return {{}, target};
  const std::string_view rest = target.substr(target.find("://") + 3);
  const std::size_t end = std::min(rest.find_first_of("/?"), rest.size());
  if (end == rest.size()) return {rest, is_options ? "*" : "/"};
  return {rest.substr(0, end), rest.substr(end)};
}

/// Appends to a fixed buffer. One overflow spoils the whole.
class Writer {
 public:
  explicit Writer(std::span<std::byte> out) noexcept
      : begin_{reinterpret_cast<char*>(out.data())}, at_{begin_}, end_{begin_ + out.size()} {}
  void text(std::string_view text) noexcept {
    if (text.empty()) return;  // it may be no address at all, which memcpy must not be given
    if (static_cast<std::size_t>(end_ - at_) < text.size()) {
      overflow_ = true;
      return;
    }
    std::memcpy(at_, text.data(), text.size());
    at_ += text.size();
  }
  void number(std::uint64_t value) noexcept {
    char digits[24];
    const char* const last = fmt::format_to(digits, FMT_COMPILE("{}"), value);
    text({digits, static_cast<std::size_t>(last - digits)});
  }
  void end_to_end_fields(const Collected& all) noexcept {
    for (std::size_t index = 0; index < all.field_count; ++index) {
      const Field& field = all.fields[index];
      if (is_hop_by_hop(field.name) || is_named_by_connection(all, field.name)) continue;
      text(field.name);
      text(": ");
      text(field.value);
      text("\r\n");
    }
  }
  [[nodiscard]] std::optional<std::size_t> finish() noexcept {
    text("\r\n");
    if (overflow_) return {};
    return static_cast<std::size_t>(at_ - begin_);
  }

 private:
  char* begin_;
  char* at_;
  char* end_;
  bool overflow_ = false;
};

}  // namespace

std::optional<std::size_t> write_forwarded_request(std::span<const std::byte> source,
                                                   const RequestHead& head,
                                                   std::span<std::byte> out) noexcept {
  llhttp_t parser;
  Collected all;
  if (!collect(parser, HTTP_REQUEST, source, all)) return {};
  Writer writer{out};
  writer.text(llhttp_method_name(static_cast<llhttp_method_t>(parser.method)));
  const Target target = split(all.target, parser.method == HTTP_OPTIONS);
  writer.text(target.path.starts_with('?') ? " /" : " ");
  writer.text(target.path);
  writer.text(" HTTP/1.1\r\n");
  writer.end_to_end_fields(all);
  if (!head.has_host) {  // HTTP/1.0
    writer.text("Host: ");
    writer.text(target.authority);
    writer.text("\r\n");
  }
  if (head.chunked) {
    writer.text("Transfer-Encoding: chunked\r\n");
  } else if (head.has_content_length) {
    writer.text("Content-Length: ");
    writer.number(head.content_length);
    writer.text("\r\n");
  }
  writer.text(head.http11 ? "Via: 1.1 uring-bench\r\n" : "Via: 1.0 uring-bench\r\n");
  return writer.finish();
}

std::optional<std::size_t> write_forwarded_response(std::span<const std::byte> source, bool http11,
                                                    bool keep_alive,
                                                    std::span<std::byte> out) noexcept {
  llhttp_t parser;
  Collected all;
  // Of a reason llhttp passes on any byte except CR and LF.
  if (!collect(parser, HTTP_RESPONSE, source, all) || has_control(all.reason)) return {};
  Writer writer{out};
  writer.text("HTTP/1.1 ");
  writer.number(parser.status_code);
  writer.text(" ");
  writer.text(all.reason);
  writer.text("\r\n");
  writer.end_to_end_fields(all);
  if ((parser.flags & F_CONTENT_LENGTH) != 0) {
    writer.text("Content-Length: ");
    writer.number(parser.content_length);
    writer.text("\r\n");
  }
  if (!keep_alive) {
    writer.text("Connection: close\r\n");
  } else if (!http11) {
    writer.text("Connection: keep-alive\r\n");
  }
  return writer.finish();
}

}  // namespace urb::http
