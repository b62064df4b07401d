// The file of rows: append-only, one header, never a torn row.
#pragma once

#include <string>
#include <utility>

#include "row/record_file.hpp"
#include "row/row.hpp"

namespace urb {

class RowFile {
 public:
  /// As RecordFile does.
  explicit RowFile(std::string path);

  /// Writes one row, and throws, as RecordFile does.
  void append(const Row& row);

  [[nodiscard]] const std::string& path() const noexcept { return file_.path(); }
  [[nodiscard]] std::size_t row_count() const noexcept { return row_count_; }

 private:
  RecordFile file_;
  std::size_t row_count_ = 0;  ///< appended by this object
};

}  // namespace urb
