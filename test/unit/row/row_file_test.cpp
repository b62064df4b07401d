// The file of rows on a real file system: the header once, foreign files untouched, no torn rows.
#include "row/row_file.hpp"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/resource.h>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>

#include "base/error.hpp"
#include "row/csv.hpp"
#include "support/temp_folder.hpp"

TEST_SUITE_BEGIN("unit");

namespace {

namespace fs = std::filesystem;

std::string read_file(const std::string& path) {
  std::ostringstream text;
  text << std::ifstream(path).rdbuf();
  return text.str();
}

void write_file(const std::string& path, const std::string& text) { std::ofstream(path) << text; }

std::string header() { return urb::format_csv_record(urb::column_names()); }
std::string line(const urb::Row& row) { return urb::format_csv_record(urb::format_row(row)); }

}  // namespace

TEST_CASE("row_file: a new file gets folders and header, an old one only rows") {
  const urb::test::TempFolder folder;
  const std::string path = folder.file("results/6.1.csv");
  urb::Row row;
  row.mode = "cluster";
  {
    urb::RowFile file{path};
    CHECK(read_file(path) == header());
    file.append(row);
    CHECK(read_file(path) == header() + line(row));
  }
  urb::RowFile again{path};
  again.append(row);
  CHECK(again.row_count() == 1);
  CHECK(read_file(path) == header() + line(row) + line(row));
}

TEST_CASE("row_file: a file with another header is refused and left as it was") {
  const urb::test::TempFolder folder;
  const std::string path = folder.file("other.csv");
  for (const std::string& text :
       {std::string{"a,b\n1,2\n"}, header().substr(0, 40), std::string{"x"}.append(header()),
        header().substr(0, header().size() - 1) + ",x\n"}) {
    write_file(path, text);
    CHECK_THROWS_AS(urb::RowFile{path}, urb::UsageError);
    CHECK(read_file(path) == text);
  }
}

TEST_CASE("row_file: a torn last line is refused, not continued") {
  const urb::test::TempFolder folder;
  const std::string path = folder.file("torn.csv");
  const std::string text = header() + "1,1,half a r";
  write_file(path, text);
  CHECK_THROWS_AS(urb::RowFile{path}, urb::UsageError);
  CHECK(read_file(path) == text);
}

TEST_CASE("row_file: half a row that another run leaves is not continued either") {
  const urb::test::TempFolder folder;
  const std::string path = folder.file("shared.csv");
  urb::RowFile file{path};
  urb::Row row;
  file.append(row);
  const std::string torn = read_file(path) + line(row).substr(0, 20);
  write_file(path, torn);
  CHECK_THROWS_WITH_AS(file.append(row), doctest::Contains("sed -i '$d'"), urb::UsageError);
  CHECK(read_file(path) == torn);
}

TEST_CASE("row_file: a whole last row gets the line end that it lacks, with the next row") {
  const urb::test::TempFolder folder;
  const std::string path = folder.file("edited.csv");
  const urb::Row row;
  for (const std::string& text : {header(), header() + line(row), "\xEF\xBB\xBF" + header()}) {
    const std::string cut = text.substr(0, text.size() - 1);
    write_file(path, cut);
    urb::RowFile file{path};
    CHECK(read_file(path) == cut);  // not before there is something to add
    file.append(row);
    CHECK(read_file(path) == text + line(row));
  }
}

TEST_CASE("row_file: a file of an older schema is refused by its number, with the remedy") {
  const urb::test::TempFolder folder;
  const std::string path = folder.file("old.csv");
  const std::string old = urb::format_csv_record(urb::column_names(1)) + "1,2\n";
  write_file(path, old);
  CHECK_THROWS_WITH_AS(urb::RowFile{path},
                       (path + ": its rows are of schema 1, and this version writes schema " +
                        std::to_string(urb::kSchema) +
                        " (move the file away, or choose another file with --csv; report "
                        "reads both)")
                           .c_str(),
                       urb::UsageError);
  CHECK(read_file(path) == old);
}

TEST_CASE("row_file: the remedy for half a row is one for this path, and none for a whole line") {
  const urb::test::TempFolder folder;
  const std::string path = folder.file("it's torn.csv");
  write_file(path, header() + "1,1,half a r");
  const std::string shown = folder.file("it'\\''s torn.csv'");
  CHECK_THROWS_WITH_AS(urb::RowFile{path}, doctest::Contains(("sed -i '$d' '" + shown).c_str()),
                       urb::UsageError);
  std::string odd = line(urb::Row{});
  odd.replace(odd.size() - 3, 3, "fine");
  write_file(path, header() + odd);
  try {
    const urb::RowFile file{path};
    FAIL("no row was taken for one");
  } catch (const urb::UsageError& error) {
    CHECK(std::string{error.what()}.find("sed") == std::string::npos);
  }
}

TEST_CASE("row_file: a link leads to its file, and the first cause is told") {
  const urb::test::TempFolder folder;
  fs::create_symlink("real.csv", folder.file("link.csv"));
  urb::RowFile file{folder.file("link.csv")};
  CHECK(fs::is_symlink(folder.file("link.csv")));
  CHECK(read_file(folder.file("real.csv")) == header());
  CHECK_THROWS_AS(urb::RowFile{""}, urb::UsageError);
  CHECK_THROWS_AS(urb::RowFile{folder.file("new/")}, urb::UsageError);
  CHECK_THROWS_WITH_AS(urb::RowFile{folder.file("real.csv/below/rows.csv")},
                       doctest::Contains("Not a directory (choose another file with --csv)"),
                       urb::SysError);
}

TEST_CASE("row_file: a row that does not fit on the disk leaves the rows before it whole") {
  const urb::test::TempFolder folder;
  const std::string path = folder.file("full.csv");
  urb::RowFile file{path};
  urb::Row row;
  file.append(row);
  const std::string before = read_file(path);
  // A limit of the file's size stops the write in its middle, as a full disk does.
  rlimit old{};
  REQUIRE(getrlimit(RLIMIT_FSIZE, &old) == 0);
  const auto old_handler = std::signal(SIGXFSZ, SIG_IGN);
  const rlimit small{before.size() + 10, old.rlim_max};
  REQUIRE(setrlimit(RLIMIT_FSIZE, &small) == 0);
  CHECK_THROWS_AS(file.append(row), urb::SysError);
  REQUIRE(setrlimit(RLIMIT_FSIZE, &old) == 0);
  std::signal(SIGXFSZ, old_handler);
  CHECK(read_file(path) == before);
  CHECK(file.row_count() == 1);
  file.append(row);
  CHECK(read_file(path) == before + line(row));
}

TEST_CASE("row_file: a place that cannot be written names the remedy") {
  CHECK_THROWS_WITH_AS(urb::RowFile{"/proc/none/rows.csv"}, doctest::Contains("--csv"),
                       urb::SysError);
}

TEST_SUITE_END();
