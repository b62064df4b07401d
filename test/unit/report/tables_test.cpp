// The printed report from made-up trials: the study's tables, shares, merged latencies, reasons.
#include "report/tables.hpp"

#include <doctest/doctest.h>

#include <string>

#include "report/boot_table.hpp"
#include "report/console.hpp"
#include "report/markdown.hpp"
#include "report/open_loop_table.hpp"

TEST_SUITE_BEGIN("unit");

namespace {

using namespace std::chrono_literals;
using urb::Bytes;
using urb::Cell;
using urb::Row;

constexpr Bytes kMega{1024 * 1024};

Row row_with(double requests_per_s) {
  Row row;
  row.requests_per_s = requests_per_s;
  row.bytes_per_s = requests_per_s * 1e6;
  row.run_id = "run";
  return row;
}

Cell cell_of(const std::string& mode, Bytes body, bool reuse, std::initializer_list<double> rates) {
  Cell cell;
  cell.mode = mode;
  cell.body = body;
  cell.reuse = reuse;
  for (const double rate : rates) {
    Row row = row_with(rate);
    row.repeat = cell.rows.size() + 1;
    cell.add(row);
  }
  return cell;
}

std::string text_of(const urb::Report& report) { return urb::format_report(report, false); }

bool contains(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("tables: the study's two tables, largest body first, ready to paste") {
  const Bytes ten{10 * kMega.value};
  std::vector<Cell> cells{
      cell_of("cluster", kMega, false, {2540, 2535, 2545, 2550, 2530}),
      cell_of("cluster", ten, false, {374, 370, 380, 372, 376}),
      cell_of("cluster", kMega, true, {1}),
      cell_of("cluster", ten, true, {2}),
      cell_of("direct", kMega, false, {}),
      cell_of("direct", ten, false, {99.5, 99.5}),
  };
  for (Row& row : cells.back().rows) row.bottleneck = "client";
  const std::string text = text_of(urb::study_tables(cells));
  CHECK(contains(text, "≥: the client was the limit in most trials"));
  CHECK(contains(text,
                 "Connection reuse: NO\n\n"
                 "| Test    |      Thruput w/ 10MB Req |     Thruput w/ 1MB Req |\n"
                 "| ------- | -----------------------: | ---------------------: |\n"
                 "| cluster |      374 (370–380) req/s | 2540 (2530–2550) req/s |\n"
                 "| direct  | ≥ 99.5 (99.5–99.5) req/s |                      – |\n"));
  CHECK(contains(text, "Connection reuse: YES\n\n"));
  CHECK(contains(text, "| cluster |          2.00 req/s |         1.00 req/s |\n"));
  CHECK(contains(text, "5 repeats reach 93.75 %: their whole range"));
  CHECK(contains(text, "one repeat has no interval"));
}

TEST_CASE("tables: six repeats need no excuse") {
  const std::vector<Cell> cells{cell_of("cluster", kMega, false, {1, 2, 3, 4, 5, 6})};
  CHECK_FALSE(contains(text_of(urb::study_tables(cells)), "reach"));
}

TEST_CASE("tables: a cell without figures shows its status") {
  Cell cell = cell_of("socket", kMega, false, {});
  Row row;
  row.status = urb::Status::unsupported;
  row.warnings = "needs Linux 6.1 (boot a newer kernel)";
  cell.add(row);
  const std::vector<Cell> cells{cell};
  CHECK(contains(text_of(urb::study_tables(cells)), "|        unsupported |"));
  CHECK(urb::latency_table(cells, urb::RateColumn::hidden).empty());
  CHECK(contains(text_of(urb::failures_and_warnings(cells)),
                 "socket, 1MB, reuse no: 1 of 1 trials unsupported: needs Linux 6.1"));
}

TEST_CASE("tables: shares are of direct in the same body and reuse") {
  const std::vector<Cell> cells{
      cell_of("cluster", kMega, false, {50}), cell_of("cluster", kMega, true, {80}),
      cell_of("direct", kMega, false, {100}), cell_of("direct", kMega, true, {400})};
  const std::string text = text_of(urb::latency_table(cells, urb::RateColumn::hidden));
  // GB/s: 10^6 bytes a request here.
  CHECK(contains(text, "| cluster | 1MB  | no    | 0.0500 |        50.0 |"));
  CHECK(contains(text, "| cluster | 1MB  | yes   | 0.0800 |        20.0 |"));
  CHECK(contains(text, "| direct  | 1MB  | yes   |   0.40 |         100 |"));
}

TEST_CASE("tables: ratios to the reference within rounds come first, with its imbalance") {
  std::vector<Cell> cells{cell_of("cluster", kMega, false, {40, 90, 44, 45, 46, 47}),
                          cell_of("direct", kMega, false, {80, 180, 88, 90, 92, 94})};
  for (Row& row : cells.back().rows) row.worker_imbalance = 1.6;
  const std::string text = text_of(urb::make_report(cells));
  CHECK(text.starts_with("By direct, within rounds\n"));
  CHECK(contains(text, "| cluster | 1MB  | no    | 0.50 (0.50–0.50) |"));
  CHECK(contains(text, "96.88 % interval"));
  CHECK(contains(text, "its busiest worker answered up to 1.60 times the mean"));
  for (Row& row : cells.back().rows) row.bottleneck = "client";
  CHECK(contains(text_of(urb::make_report(cells)), "| cluster | 1MB  | no    |     – |"));
  cells.pop_back();
  CHECK_FALSE(contains(text_of(urb::make_report(cells)), "within rounds"));
}

TEST_CASE("tables: disturbed trials are left out, counted, and named where nothing else is") {
  Cell some = cell_of("cluster", kMega, false, {10, 11, 12});
  some.rows.front().cpu_us_per_request_client = 5;
  Cell none = cell_of("socket", kMega, true, {});
  Row row = row_with(99);
  row.disturbed = "foreign;yardstick";
  some.add(row);
  none.add(row);
  row.disturbed = "foreign";
  none.add(row);
  const std::string note =
      "3 of 6 trials were disturbed (foreign 3, yardstick 2) and are left out. No other trial is "
      "there of: socket 1MB reuse.\n";
  const std::vector<Cell> cells{some, none};
  CHECK(urb::disturbed_note(cells) == note);
  const std::string text = text_of(urb::study_tables(cells));
  CHECK(contains(text, note));
  CHECK(contains(text, "| cluster | 11.0 (10.0–12.0) req/s |"));
  CHECK(contains(text, "| socket |                  – |"));
  CHECK(contains(text_of(urb::latency_table(cells, urb::RateColumn::shown)), note));
  CHECK(contains(text_of(urb::kernel_work_table(cells)), note));
  CHECK(contains(text_of(urb::cpu_table(cells)), note));
  CHECK(urb::disturbed_note({cell_of("cluster", kMega, false, {1})}).empty());
}

TEST_CASE("tables: several boots of a cell show how far their medians lie apart") {
  Cell cell = cell_of("cluster", kMega, false, {100, 102, 104, 110, 112, 114});
  CHECK(urb::boot_table({cell}).empty());
  for (std::size_t index = 0; index < 6; ++index) {
    cell.rows[index].boot_id = index < 3 ? "first" : "second";
  }
  CHECK(contains(text_of(urb::boot_table({cell})), "| 102–112 (9.8 %) |"));
  cell.rows.resize(3);
  CHECK(urb::boot_table({cell}).empty());
}

TEST_CASE("tables: without direct there is no share") {
  const std::vector<Cell> cells{cell_of("cluster", kMega, false, {50})};
  CHECK(contains(text_of(urb::latency_table(cells, urb::RateColumn::hidden)), "|           – |"));
}

TEST_CASE("tables: percentiles are those of all repeats together, not averages of theirs") {
  Cell cell = cell_of("cluster", kMega, false, {});
  urb::Histogram fast;
  urb::Histogram slow;
  for (int count = 0; count < 99; ++count) fast.record(100us);
  slow.record(100ms);
  Row fast_row = row_with(1);
  fast_row.latency_us_p50 = fast_row.latency_us_p99 = 100;
  Row slow_row = row_with(1);
  slow_row.latency_us_p50 = slow_row.latency_us_p99 = 100'000;
  cell.add(fast_row, fast);
  cell.add(slow_row, slow);
  const std::vector<Cell> cells{cell};
  const std::string text = text_of(urb::latency_table(cells, urb::RateColumn::hidden));
  // Of 100 requests, 99 took 100 µs: the mean of the two medians would be 50 ms.
  CHECK(contains(text, "|    100 |    100 |"));
  CHECK(contains(text, "| 100000 |"));
}

TEST_CASE("tables: CPU per GB follows from CPU per request and the body") {
  Cell cell = cell_of("passthru", Bytes{1'000'000}, false, {});
  Row row = row_with(1);
  row.cpu_us_per_request_client = 100;
  row.cpu_us_per_request_master = 250;
  row.cpu_us_per_request_workers = 300;
  cell.add(row);
  const std::string text = text_of(urb::cpu_table({cell}));
  // 1000 requests make 1 GB: 250 µs each are 0.25 s.
  CHECK(contains(text, "|           550 |          650 |           100 |           250 |"));
  CHECK(contains(text, "|        0.55 |       0.65 |"));
  CHECK_FALSE(contains(text, "host µs/req"));
  cell.rows.front().host_cpu_us_per_request = 700;
  CHECK(contains(text_of(urb::cpu_table({cell})), "|          650 |         700 |"));
}

TEST_CASE("tables: a body of nothing has no GB") {
  Cell cell = cell_of("cluster", Bytes{0}, true, {10});
  cell.rows[0].cpu_us_per_request_client = 100;
  CHECK(contains(text_of(urb::latency_table({cell}, urb::RateColumn::hidden)),
                 "| cluster | 0B   | yes   |    – |"));
  CHECK_FALSE(contains(text_of(urb::cpu_table({cell})), "inf"));
}

TEST_CASE("tables: a warning is printed once, with its remedy and where it applies") {
  Cell left = cell_of("cluster", kMega, false, {1});
  Cell right = cell_of("socket", kMega, true, {1});
  left.warnings = {urb::Warning::load_high, urb::Warning::few_requests};
  right.warnings = {urb::Warning::load_high};
  const std::string text = text_of(urb::failures_and_warnings({left, right}));
  CHECK(contains(text, "measure again\n"));
  CHECK(contains(text, "use a longer --duration (cluster 1MB no reuse)\n"));
  CHECK(text.find("load average") == text.rfind("load average"));
}

TEST_CASE("tables: figures keep three digits") {
  CHECK(urb::format_short(std::nullopt) == "–");
  CHECK(urb::format_short(0) == "0");
  CHECK(urb::format_short(0.01234) == "0.0123");
  CHECK(urb::format_short(0.5) == "0.50");
  CHECK(urb::format_short(9.999) == "10.0");
  CHECK(urb::format_short(99.96) == "100");
  CHECK(urb::format_short(123456) == "123456");
  CHECK(urb::format_body(kMega) == "1MB");
  CHECK(urb::format_body(Bytes{1500}) == "1500B");
}

TEST_CASE("markdown: columns are as wide as what they show, not as its bytes") {
  urb::MarkdownTable table{{"a", "µs"}, 1};
  table.add({"long", "≥1"});
  CHECK(table.render() == "| a    |  µs |\n| ---- | --: |\n| long |  ≥1 |\n");
  CHECK(urb::shown_width("≥ 374 µs – ") == 11);
}

TEST_CASE("tables: routing is shown where requests carried keys, and beside it what chance gives") {
  Cell cell = cell_of("socket", kMega, true, {1});
  CHECK_FALSE(contains(text_of(urb::make_report({cell})), "Routing by key"));
  cell.rows.front().routing_fidelity = 0.625;
  cell.rows.front().workers = 5;
  const std::string text = text_of(urb::make_report({cell}));
  CHECK(contains(text, "Routing by key"));
  CHECK(contains(text, " 62.5 |"));
  CHECK(contains(text, " 20.0 |"));
}

TEST_CASE(
    "tables: the open loop shows both latencies, merged over the trials, and what was missed") {
  Cell cell = cell_of("direct", kMega, true, {});
  CHECK_FALSE(contains(text_of(urb::make_report({cell})), "Open loop"));
  for (const auto service : {1ms, 3ms}) {
    urb::Histogram latency;
    latency.record(10 * service);
    Row row = row_with(90);
    row.rate_requested = 100;
    cell.add(row, latency);
    urb::OpenLoop open_loop;
    open_loop.service.record(service);
    open_loop.lateness.record(50us);
    open_loop.missed = 4;
    open_loop.unsent = 3;
    cell.add(open_loop);
  }
  const std::string text = text_of(urb::open_loop_table({cell}));
  CHECK(contains(text, "|             100 |           90.0 |      8 |      6 |"));
  CHECK(contains(text, "|          10002 |          30000 |          30000 |"));
  CHECK(contains(text, "        1000 |        3000 |        3000 |        50.0 |"));
}

TEST_SUITE_END();
