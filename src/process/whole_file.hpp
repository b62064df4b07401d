// A text on its way to a file: there whole or not at all.
#pragma once

#include <string>

namespace urb {

/// Writes `text` to `path`, "-" is stdout. A file is written under a temporary name in the same
/// folder, brought to the disk and renamed, so that a reader finds the old one or the new one; it
/// keeps the mode and, for root, the owner of the old one. Links are followed first. A descriptor
/// (/dev/stdout, /dev/fd/3), a pipe or a device is written to, never replaced; so is a file that
/// cannot be renamed over. Folders above it are created. Throws SysError and leaves nothing behind,
/// UsageError for what is no file.
void write_whole(const std::string& path, const std::string& text);

/// Throws what write_whole() would throw: better before hours of trials. Writes
/// nothing, but makes the folders.
void require_writable(const std::string& path);

}  // namespace urb
