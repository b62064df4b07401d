// The report of a file that has all kinds of rows: its text to the letter, its HTML tag by tag.
#include "report/page.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <fstream>
#include <map>
#include <set>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"
#include "report/gnuplot.hpp"
#include "report/html.hpp"
#include "report/pictures.hpp"
#include "report/section_tables.hpp"
#include "row/row_reader.hpp"

TEST_SUITE_BEGIN("unit");

namespace {

using urb::InputFile;
using urb::Row;

constexpr const char* kRows = URB_TEST_DATA "/report/rows.csv";

std::string text_of(const std::string& path) {
  std::ifstream file{path};
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

std::vector<InputFile> all_kinds() { return {{"rows.csv", urb::read_rows(kRows)}}; }

std::size_t count(std::string_view text, std::string_view part) {
  std::size_t times = 0;
  for (std::size_t at = 0; (at = text.find(part, at)) != std::string_view::npos; ++times) ++at;
  return times;
}

// What is wrong with the nesting of tags or with an id; empty when nothing is.
std::string fault_in(std::string_view html) {
  constexpr std::array<std::string_view, 3> kVoid{"meta", "br", "img"};
  std::vector<std::string> open;
  std::set<std::string> ids;
  for (std::size_t at = 0; (at = html.find('<', at)) != std::string_view::npos;) {
    const std::size_t end = html.find('>', at);
    if (end == std::string_view::npos) return "a tag without an end";
    const std::string tag{html.substr(at + 1, end - at - 1)};
    at = end;
    if (tag.starts_with('!') || tag.starts_with('?')) continue;
    const bool is_end = tag.starts_with('/');
    const std::string name = tag.substr(is_end ? 1 : 0, tag.find_first_of(" \n\t/", 1) - is_end);
    if (is_end) {
      if (open.empty() || open.back() != name) return "</" + name + "> closes nothing";
      open.pop_back();
      continue;
    }
    for (const char* const quote : {"\"", "'"}) {
      const std::size_t id = tag.find(std::string{" id="} + quote);
      if (id == std::string::npos) continue;
      const std::string value = tag.substr(id + 5, tag.find(quote, id + 5) - id - 5);
      if (!ids.insert(value).second) return "two ids " + value;
    }
    if (tag.ends_with('/') || std::find(kVoid.begin(), kVoid.end(), name) != kVoid.end()) continue;
    open.push_back(name);
  }
  return open.empty() ? "" : "<" + open.back() + "> is not closed";
}

Row timed_row(const std::string& mode) {
  Row row;
  row.mode = mode;
  row.kernel = "6.12";
  row.workers = row.connections = 1;
  row.body_bytes = 1024;
  row.requests_per_s = 100;
  row.latency_us_p50 = 5;
  return row;
}

}  // namespace

TEST_CASE("report: every kind of row, to the letter") {
  // After a wanted change: build/uring-bench report test/data/report/rows.csv, in its folder.
  CHECK(urb::make_page(all_kinds(), false).markdown == text_of(URB_TEST_DATA "/report/report.md"));
}

TEST_CASE("report: every picture stands in the text once, and all have names of their own") {
  const urb::Page page = urb::make_page(all_kinds(), true);
  std::set<std::string> names;
  for (const urb::Picture& picture : page.pictures) {
    CHECK(names.insert(picture.name).second);
    CHECK(count(page.markdown, "](" + picture.name + ".svg)") == 1);
  }
  CHECK(names == std::set<std::string>{"cpu", "cpu-2", "growth-workers", "instructions", "latency",
                                       "latency-2", "operations", "throughput", "throughput-2"});
}

TEST_CASE("report: the HTML's tags nest, with the pictures inside, and nothing is fetched") {
  const urb::Page page = urb::make_page(all_kinds(), true);
  const bool can_draw = urb::has_gnuplot();
  if (!can_draw) MESSAGE("without gnuplot: pictures are stand-ins");
  std::map<std::string, std::string> pictures;
  for (const urb::Picture& picture : page.pictures) {
    pictures[picture.name] =
        can_draw ? urb::draw(picture)
                 : urb::finish_svg("<svg><title>x</title><g id=\"g\"></g></svg>", picture);
  }
  const std::string html = urb::make_html(page.markdown, pictures);
  CHECK(fault_in(html) == "");
  CHECK(count(html, "<svg") == page.pictures.size());
  CHECK(count(html, "<script") == 0);
  CHECK(count(html, " src=") == 0);
  CHECK(count(html, "http") == count(html, "xmlns=\"http") + count(html, "xmlns:xlink=\"http"));
  CHECK(fault_in("<p><b></p>") != "");
}

TEST_CASE("report: the same script gives the same picture") {
  if (!urb::has_gnuplot()) {
    MESSAGE("gnuplot is not installed");
    return;
  }
  const urb::Page page = urb::make_page(all_kinds(), true);
  CHECK(urb::draw(page.pictures.front()) == urb::draw(page.pictures.front()));
}

TEST_CASE("report: texts of a file neither become tags nor end a table's cell nor a string") {
  Row row = timed_row("a<b>'\"`print('x')`|c");
  row.kernel = "6.12</h2><script>";
  row.cpu_model = "x | y <img src=z>";
  row.status = urb::Status::ok;
  const urb::Page page = urb::make_page({{"<f>.csv", {row}}}, true);
  for (const urb::Picture& picture : page.pictures) {
    CHECK(count(picture.script, "`") == 0);
    CHECK(count(picture.script, "print('") == 0);
  }
  const std::string html = urb::make_html(page.markdown, {});
  CHECK(fault_in(html) == "");
  CHECK(count(html, "<script") == 0);
  CHECK(count(html, "<img") == 0);
}

TEST_CASE("report: files without rows are refused by name") {
  CHECK_THROWS_WITH_AS((void)urb::make_page({{"a.csv", {}}, {"b.csv", {}}}, false),
                       "a.csv, b.csv: no rows (measure first: uring-bench all)", urb::UsageError);
}

TEST_CASE("report: rows of another meter, machine or kernel are in no section together") {
  const Row one = timed_row("direct");
  for (const auto& change : std::vector<void (*)(Row&)>{
           [](Row& row) { row.method += 1; }, [](Row& row) { row.kernel = "6.13"; },
           [](Row& row) { row.machine = "other"; }, [](Row& row) { row.accelerator = "kvm"; },
           [](Row& row) { row.lo_mtu = 1500; }}) {
    Row other = one;
    change(other);
    CHECK(urb::collect({{"a", {one}}, {"b", {other}}}).size() == 2);
  }
  CHECK(urb::collect({{"a", {one}}, {"b", {one}}}).size() == 1);
}

TEST_CASE("report: a row of time and count is in a section of either kind") {
  Row both = timed_row("direct");
  both.instructions_per_request = 1000;
  const std::vector<urb::Section> sections = urb::collect({{"a", {both}}});
  REQUIRE(sections.size() == 2);
  CHECK_FALSE(sections[0].is_count);
  CHECK(sections[1].is_count);
}

TEST_CASE("report: kernels by version") {
  std::vector<Row> rows;
  for (const char* const kernel : {"6.12.57+deb13", "6.9.0", "7.3.0-rc7", "5.10.0-9", "7.3.1",
                                   "5.10.0-35", "7.3.0", "6.12.6"}) {
    rows.push_back(timed_row("direct"));
    rows.back().kernel = kernel;
  }
  CHECK(urb::kernels_in_order(rows) == std::vector<std::string>{"5.10.0-9", "5.10.0-35", "6.9.0",
                                                                "6.12.6", "6.12.57+deb13",
                                                                "7.3.0-rc7", "7.3.0", "7.3.1"});
  CHECK(urb::short_release("6.12.57+deb13-amd64", {"6.12.57+deb13-amd64"}) == "6.12.57");
  CHECK(urb::short_release("6.1.0-41-amd64", {"6.1.0-41-amd64"}) == "6.1.0-41");
  CHECK(urb::short_release("6.1.0-cloud", {"6.1.0-cloud", "6.1.0-rt"}) == "6.1.0-cloud");
}

TEST_CASE("report: names at the ends of lines keep their distance and their order") {
  const std::vector<double> places = urb::spread({0.5, 0.5, 0.52, 0.0, 1.0}, 0.1, 0, 1);
  std::vector<double> sorted = places;
  std::sort(sorted.begin(), sorted.end());
  for (std::size_t index = 1; index < sorted.size(); ++index) {
    CHECK(sorted[index] - sorted[index - 1] > 0.0999);
  }
  CHECK(sorted.front() >= 0);
  CHECK(sorted.back() <= 1);
  CHECK(places[2] > places[1]);
}

TEST_SUITE_END();
