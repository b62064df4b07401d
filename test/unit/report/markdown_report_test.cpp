// The report of a file that has all kinds of rows: its text to the letter.
#include "report/markdown_report.hpp"

#include <doctest/doctest.h>

#include <fstream>
#include <sstream>
#include <string_view>

#include "base/error.hpp"
#include "row/row_reader.hpp"
#include "unit/report/made_up.hpp"

TEST_SUITE_BEGIN("unit");

namespace {

using urb::Analysis;
using urb::Row;

std::string text_of(const std::string& path) {
  std::ifstream file{path};
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

}  // namespace

TEST_CASE("report: every kind of row, to the letter") {
  // After a wanted change: build/uring-bench report rows.csv >report.md, in the folder of both.
  const Analysis analysis{{{"rows.csv", urb::read_rows(URB_TEST_DATA "/report/rows.csv")}}};
  CHECK(urb::make_markdown_report(analysis) == text_of(URB_TEST_DATA "/report/report.md"));
}

TEST_CASE("report: texts of a file become neither Markdown nor HTML") {
  Row row = urb::test::made_up_row("a<b>'\"`print('x')`|c");
  row.requests_per_s = 1;
  row.kernel = "6.12</h2><script>";
  row.cpu_model = "x | y <img src=z>";
  row.client = "<i>";
  row.bottleneck = "|";
  row.warnings = "<u>";
  Row refused = row;
  refused.status = urb::Status::failed;
  const std::string text = urb::make_markdown_report(Analysis{{{"<f>.csv", {row, refused}}}});
  for (std::size_t at = 0; (at = text.find_first_of("<`", at)) != std::string::npos; ++at) {
    CAPTURE(text.substr(at, 20));
    CHECK(text[at - 1] == '\\');
  }
}

TEST_CASE("report: files without rows are refused by name") {
  CHECK_THROWS_WITH_AS((Analysis{{{"a.csv", {}}, {"b.csv", {}}}}),
                       "a.csv, b.csv: no rows (measure first: uring-bench all)", urb::UsageError);
}

TEST_SUITE_END();
