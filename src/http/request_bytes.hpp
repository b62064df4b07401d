// The head of the request that the load generator sends: built once, sent many times.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/units.hpp"

namespace urb::http {

struct RequestOptions {
  std::string_view method = "GET";
  std::string_view path = "/";
  std::string_view host;
  /// Lines "Name: value" that are added, or that replace ours of the same name.
  std::span<const std::string> headers;
  std::optional<Bytes> body;  ///< its size, or nothing for a request without a body
  bool keep_alive = true;
};

/// The head up to and with the empty line. Throws UsageError for what could not be sent as HTTP.
/// It also throws for what contradicts the options about the body or the connection.
[[nodiscard]] std::string make_request_head(const RequestOptions& options);

}  // namespace urb::http
