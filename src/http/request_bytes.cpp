#include "http/request_bytes.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/error.hpp"
#include "http/short_text.hpp"

namespace urb::http {
namespace {

bool is_token(std::string_view text) noexcept {
  constexpr std::string_view kMarks = "!#$%&'*+-.^_`|~";  // RFC 9110, 5.6.2
  return !text.empty() && std::all_of(text.begin(), text.end(), [&](char c) {
    return (c >= '0' && c <= '9') || (to_lower(c) >= 'a' && to_lower(c) <= 'z') ||
           kMarks.find(c) != std::string_view::npos;
  });
}

std::string_view name_of_line(std::string_view line) noexcept {
  return line.substr(0, line.find(':'));
}

void check_line(std::string_view line) {
  const std::string_view name = name_of_line(line);
  if (name.size() == line.size() || !is_token(name) || has_control(line)) {
    throw UsageError(fmt::format("header \"{}\": a header is \"Name: value\", on one line", line));
  }
  for (const std::string_view fixed : {"Content-Length", "Transfer-Encoding", "Connection"}) {
    if (equals_ignoring_case(name, fixed)) {
      throw UsageError(
          fmt::format("header {}: it follows from the body size and the reuse", fixed));
    }
  }
}

}  // namespace

std::string make_request_head(const RequestOptions& options) {
  if (!is_token(options.method)) {
    throw UsageError(fmt::format("method \"{}\" is none", options.method));
  }
  const bool is_absolute = options.path.starts_with('/') || options.path == "*";
  if (!is_absolute || has_control(options.path) ||
      options.path.find_first_of(" \t") != std::string_view::npos) {
    throw UsageError(fmt::format("path \"{}\": it begins with / and has no spaces", options.path));
  }
  if (has_control(options.host)) throw UsageError("the host has control characters");

  std::string head = fmt::format("{} {} HTTP/1.1\r\n", options.method, options.path);
  for (const std::string& line : options.headers) check_line(line);
  const auto add = [&](std::string_view name, std::string_view value) {
    const bool is_replaced = std::any_of(
        options.headers.begin(), options.headers.end(),
        [&](const std::string& line) { return equals_ignoring_case(name_of_line(line), name); });
    if (!is_replaced) head += fmt::format("{}: {}\r\n", name, value);
  };
  add("Host", options.host);
  add("User-Agent", "uring-bench");
  add("Accept", "*/*");
  if (options.body) {
    add("Content-Type", "application/octet-stream");
    head += fmt::format("Content-Length: {}\r\n", options.body->value);
  }
  if (!options.keep_alive) head += "Connection: close\r\n";
  for (const std::string& line : options.headers) head += line + "\r\n";
  head += "\r\n";
  return head;
}

}  // namespace urb::http
