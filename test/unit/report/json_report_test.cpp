// The JSON of a run: its schema names every column, histograms come back, files are whole.
#include "report/json_report.hpp"

#include <doctest/doctest.h>
#include <hdr/hdr_histogram.h>
#include <hdr/hdr_histogram_log.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <set>
#include <sstream>
#include <string>

#include "base/error.hpp"
#include "report/json_file.hpp"

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

TEST_CASE("json: the schema has the CSV's columns, each required, and no other") {
  const json schema = json::parse(text_of(URB_TEST_DATA "/../../docs/schema/run.schema.json"));
  const json& row = schema["properties"]["trials"]["items"]["properties"]["row"];
  std::set<std::string> described;
  for (const auto& [name, type] : row["properties"].items()) described.insert(name);
  const std::set<std::string> columns(urb::column_names().begin(), urb::column_names().end());
  CHECK(described == columns);
  CHECK(row["required"].get<std::set<std::string>>() == columns);
  CHECK(row["additionalProperties"] == false);
}

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

TEST_SUITE_END();
