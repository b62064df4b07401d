// The file of rows: append-only, one header, never a torn row.
#pragma once

#include <string>

#include "base/fd.hpp"
#include "row/row.hpp"

namespace urb {

class RowFile {
 public:
  /// Opens `path` for appending, or creates it (and the folders above it) with the header. "-" is
  /// stdout; what find_target() knows as a stream or descriptor is written. Throws UsageError for a
  /// file with another header or half a row at its end, which is left as it is; SysError for one
  /// that cannot be opened.
  explicit RowFile(std::string path);

  /// Writes one row, behind the line end that the one before may lack, and waits until it is on the
  /// disk. Throws SysError after taking back what was
  /// written of it, UsageError when another run has left half a row at the end meanwhile.
  void append(const Row& row);

  [[nodiscard]] const std::string& path() const noexcept { return path_; }
  [[nodiscard]] std::size_t row_count() const noexcept { return row_count_; }

 private:
  void start_file();
  [[nodiscard]] std::string find_missing_end() const;
  void write_record(const std::string& line);

  [[nodiscard]] std::string name() const { return path_ == "-" ? "to standard output" : path_; }

  std::string path_;
  Fd file_;
  std::size_t row_count_ = 0;  ///< appended by this object
};

}  // namespace urb
