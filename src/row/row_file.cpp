#include "row/row_file.hpp"

#include "row/csv.hpp"
#include "row/row_reader.hpp"

namespace urb {

RowFile::RowFile(std::string path) : file_{row_records(), std::move(path)} {}

void RowFile::append(const Row& row) {
  file_.append(format_csv_record(format_row(row)));
  ++row_count_;
}

}  // namespace urb
