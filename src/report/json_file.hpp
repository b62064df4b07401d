// A JSON text on its way to a file: there whole or not at all.
#pragma once

#include <string>

namespace urb {

/// Writes `text` to `path`, "-" is stdout. A file is written under a temporary name in the same
/// folder, brought to the disk and renamed, so that a reader finds the old one or the new one.
/// Folders above it are created. Throws SysError and leaves nothing behind.
void write_whole(const std::string& path, const std::string& text);

/// Throws SysError when write_whole() could not create its file: better before hours of trials.
void require_writable(const std::string& path);

}  // namespace urb
