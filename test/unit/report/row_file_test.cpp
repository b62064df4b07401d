// The file of rows on a real file system: the header once, foreign files untouched, no torn rows.
#include "report/row_file.hpp"

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
#include "report/csv.hpp"

TEST_SUITE_BEGIN("unit");

namespace {

namespace fs = std::filesystem;

class Folder {
 public:
  Folder() {
    std::string name = (fs::temp_directory_path() / "urb-rows-XXXXXX").string();
    REQUIRE(mkdtemp(name.data()) != nullptr);
    path_ = name;
  }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  ~Folder() { fs::remove_all(path_); }
  [[nodiscard]] std::string file(const std::string& name) const { return (path_ / name).string(); }

 private:
  fs::path path_;
};

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
  const Folder folder;
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
  const Folder folder;
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
  const Folder folder;
  const std::string path = folder.file("torn.csv");
  const std::string text = header() + "1,1,half a r";
  write_file(path, text);
  CHECK_THROWS_AS(urb::RowFile{path}, urb::UsageError);
  CHECK(read_file(path) == text);
}

TEST_CASE("row_file: half a row that another run leaves is not continued either") {
  const Folder folder;
  const std::string path = folder.file("shared.csv");
  urb::RowFile file{path};
  urb::Row row;
  file.append(row);
  const std::string torn = read_file(path) + line(row).substr(0, 20);
  write_file(path, torn);
  CHECK_THROWS_WITH_AS(file.append(row), doctest::Contains("sed -i '$d'"), urb::UsageError);
  CHECK(read_file(path) == torn);
}

TEST_CASE("row_file: a row that does not fit on the disk leaves the rows before it whole") {
  const Folder folder;
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
