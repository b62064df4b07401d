// A file of records of one kind: append-only, one header, never a torn row.
#pragma once

#include <string>

#include "base/fd.hpp"
#include "row/record_kind.hpp"

namespace urb {

class RecordFile {
 public:
  /// Opens `path` for appending, or creates it (and the folders above it) with the header. "-" is
  /// stdout; what find_target() knows as a stream or descriptor is written. Throws UsageError for a
  /// file with another header or half a row at its end, which is left as it is; SysError for one
  /// that cannot be opened. `kind` outlives it.
  RecordFile(const RecordKind& kind, std::string path);

  /// Writes whole records, behind the line end that the one before may lack, and waits until they
  /// are on the disk. Throws SysError after taking back what was written of them, UsageError when
  /// another run has left half a row at the end meanwhile.
  void append(const std::string& records);

  [[nodiscard]] const std::string& path() const noexcept { return path_; }

 private:
  void start_file();
  [[nodiscard]] std::string find_missing_end() const;
  void write_records(const std::string& records);

  [[nodiscard]] std::string name() const { return path_ == "-" ? "to standard output" : path_; }

  const RecordKind* kind_;
  std::string path_;
  Fd file_;
};

}  // namespace urb
