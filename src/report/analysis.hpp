// Everything that is said of a set of rows, computed once: the Markdown, the page and the JSON only
// write it down.
#pragma once

#include <string>
#include <vector>

#include "report/collection.hpp"
#include "report/rankings.hpp"
#include "report/rounds.hpp"

namespace urb {

class Analysis {
 public:
  /// Throws UsageError when the files have no row at all.
  explicit Analysis(std::vector<InputFile> files);
  Analysis(const Analysis&) = delete;
  Analysis& operator=(const Analysis&) = delete;
  ~Analysis() = default;

  struct File {
    std::string name;
    std::size_t row_count;
    std::size_t repeated;
  };
  [[nodiscard]] const std::vector<File>& files() const noexcept { return files_; }
  /// In the order of the files.
  [[nodiscard]] const std::vector<Row>& rows() const noexcept { return rows_; }
  [[nodiscard]] const std::vector<Section>& sections() const noexcept { return sections_; }
  /// In the order of the cells.
  [[nodiscard]] const std::vector<RoundComparison>& comparisons() const noexcept {
    return comparisons_;
  }
  /// In the order of the settings.
  [[nodiscard]] const std::vector<Ranking>& rankings() const noexcept { return rankings_; }

 private:
  std::vector<File> files_;
  std::vector<Row> rows_;
  std::vector<Section> sections_;  // points into the rows, as what follows does into the sections
  std::vector<RoundComparison> comparisons_;
  std::vector<Ranking> rankings_;
};

}  // namespace urb
