#include "report/analysis.hpp"

#include <iterator>
#include <utility>

#include "base/error.hpp"

namespace urb {
namespace {

template <class T>
void append(std::vector<T>& all, std::vector<T> more) {
  all.insert(all.end(), std::make_move_iterator(more.begin()), std::make_move_iterator(more.end()));
}

}  // namespace

Analysis::Analysis(std::vector<InputFile> files) {
  std::string names;
  for (InputFile& file : files) {
    names += (names.empty() ? "" : ", ") + file.name;
    files_.push_back({std::move(file.name), file.rows.size(), file.repeated});
    append(rows_, std::move(file.rows));
  }
  if (rows_.empty()) throw UsageError(names + ": no rows (measure first: uring-bench all)");
  sections_ = collect(rows_);
  for (const Section& section : sections_) {
    for (const Setting& setting : section.settings) {
      if (!setting.is_operations) {
        append(comparisons_, compare_all(setting.cells, section.is_count));
      }
      if (!section.is_count) append(rankings_, rank_cells(section, setting));
    }
  }
}

}  // namespace urb
