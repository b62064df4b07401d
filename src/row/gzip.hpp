// Files that gzip(1) has made smaller.
#pragma once

#include <string>
#include <string_view>

namespace urb {

/// Whether these are the first bytes of such a file (RFC 1952, 2.3.1).
[[nodiscard]] bool is_gzip(std::string_view bytes) noexcept;

/// What was compressed; several such files behind each other give all of their contents. Throws
/// UsageError that begins with `name`, for bytes that are cut off or damaged, and where this
/// program was built without zlib.
[[nodiscard]] std::string gunzip(std::string_view bytes, const std::string& name);

}  // namespace urb
