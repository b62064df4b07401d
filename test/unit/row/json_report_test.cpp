// The JSON of a run: histograms come back, files are whole.
#include "row/json_report.hpp"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <hdr/hdr_histogram.h>
#include <hdr/hdr_histogram_log.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>
#include <string>
#include <string_view>

#include "base/error.hpp"
#include "base/fd.hpp"
#include "row/json_file.hpp"

TEST_SUITE_BEGIN("unit");

using nlohmann::json;

namespace {

std::string text_of(const std::string& path) {
  std::ifstream file{path};
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

}  // namespace

TEST_CASE("json: a row keeps its types, what is unknown is null") {
  urb::Row row;
  row.mode = "socket";
  row.reuse = true;
  row.requests = 7;
  row.requests_per_s = 1234.56789012;
  row.status = urb::Status::failed;
  urb::JsonContext context;
  context.arguments = {"caf\xe9"};  // not UTF-8
  const json document = json::parse(urb::format_json_report(context, {{row, "", ""}}, true));
  const json& written = document["trials"][0]["row"];
  CHECK(written["mode"] == "socket");
  CHECK(written["reuse"] == true);
  CHECK(written["requests"] == 7);
  CHECK(written["requests_per_s"] == 1234.56789012);  // the CSV has six digits
  CHECK(written["relay"].is_null());
  CHECK(written["latency_us_p50"].is_null());
  CHECK(written["status"] == "failed");
  CHECK(document["trials"][0]["latency_histogram"].is_null());
  CHECK(document["interrupted"] == true);
}

TEST_CASE("json: HdrHistogram's decoder finds every latency in an encoded histogram") {
  urb::Histogram histogram;
  for (int us = 1; us <= 1000; ++us) histogram.record(std::chrono::microseconds{us});
  std::string encoded = histogram.encoded();
  if (encoded.empty()) {
    MESSAGE("skipped: HdrHistogram was built without zlib");
    return;
  }
  hdr_histogram* decoded = nullptr;
  REQUIRE(hdr_log_decode(&decoded, encoded.data(), encoded.size()) == 0);
  CHECK(decoded->total_count == 1000);
  CHECK(hdr_value_at_percentile(decoded, 50) / 1000 == doctest::Approx(500).epsilon(0.001));
  CHECK(hdr_max(decoded) / 1000 == doctest::Approx(1000).epsilon(0.001));
  hdr_close(decoded);
}

TEST_CASE("json: a file is there whole or as it was") {
  const std::filesystem::path folder =
      std::filesystem::temp_directory_path() / ("urb-json-" + std::to_string(getpid()));
  const std::string path = (folder / "deeper" / "a.json").string();
  urb::require_writable(path);
  CHECK_FALSE(std::filesystem::exists(path));
  urb::write_whole(path, "first");
  urb::write_whole(path, "second");
  CHECK(text_of(path) == "second");
  std::size_t count = 0;
  for (const auto& entry : std::filesystem::directory_iterator{folder / "deeper"}) {
    CHECK(entry.path() == path);
    ++count;
  }
  CHECK(count == 1);
  urb::write_whole("/dev/null", "gone");
  CHECK_THROWS_AS(urb::write_whole("/dev/full", "x"), urb::SysError);
  CHECK_THROWS_AS(urb::require_writable("/proc/no/such/file"), urb::SysError);
  CHECK_THROWS_AS(urb::write_whole(path + "/below-a-file", "x"), urb::SysError);
  std::filesystem::remove_all(folder);
}

TEST_CASE("json: a link stays one, and what it leads to keeps its mode") {
  const std::filesystem::path folder =
      std::filesystem::temp_directory_path() / ("urb-json-link-" + std::to_string(getpid()));
  std::filesystem::create_directories(folder);
  const std::string real = (folder / "real.json").string();
  const std::string link = (folder / "link.json").string();
  urb::write_whole(real, "old");
  REQUIRE(chmod(real.c_str(), 0640) == 0);
  const bool is_root = geteuid() == 0;
  if (is_root) REQUIRE(chown(real.c_str(), 65534, 65534) == 0);
  std::filesystem::create_symlink("real.json", link);
  urb::require_writable(link);
  urb::write_whole(link, "new");
  CHECK(std::filesystem::is_symlink(link));
  CHECK(text_of(real) == "new");
  struct stat status {};
  REQUIRE(stat(real.c_str(), &status) == 0);
  CHECK((status.st_mode & 07777) == 0640);
  if (is_root) CHECK(status.st_uid == 65534);
  std::filesystem::remove_all(folder);
}

TEST_CASE("json: a descriptor and a pipe are written, not replaced") {
  const std::filesystem::path folder =
      std::filesystem::temp_directory_path() / ("urb-json-pipe-" + std::to_string(getpid()));
  std::filesystem::create_directories(folder);
  const std::string file = (folder / "file").string();
  const urb::Fd open_file{
      urb::Adopt{}, urb::check(open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600), "open")};
  const std::string link = (folder / "link").string();
  std::filesystem::create_symlink("/proc/self/fd/" + std::to_string(open_file.get()), link);
  urb::write_whole(link, "one ");
  urb::write_whole(link, "two");
  CHECK(std::filesystem::is_symlink(link));
  CHECK(text_of(file) == "one two");
  CHECK_THROWS_AS(urb::require_writable("/dev/fd/987654"), urb::SysError);

  const std::string pipe = (folder / "pipe").string();
  REQUIRE(mkfifo(pipe.c_str(), 0600) == 0);
  const urb::Fd reader{urb::Adopt{},
                       urb::check(open(pipe.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC), "open")};
  urb::require_writable(pipe);
  urb::write_whole(pipe, "through");
  std::array<char, 16> bytes{};
  REQUIRE(read(reader.get(), bytes.data(), bytes.size()) == 7);
  CHECK(std::string_view{bytes.data(), 7} == "through");
  CHECK(std::filesystem::is_fifo(pipe));
  std::filesystem::remove_all(folder);
}

TEST_SUITE_END();
