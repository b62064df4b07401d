// What `load` makes of a server that does not close what it announced to close.
#include <doctest/doctest.h>

#include "cli/load_row.hpp"

TEST_SUITE_BEGIN("unit");

namespace urb {
namespace {

LoadMeasurement measure(std::uint64_t missing_closes, std::uint64_t unfinished) {
  LoadMeasurement measured;
  LoadResult& result = measured.result;
  result.requests = result.total_requests = 200;
  for (std::uint64_t request = 0; request < result.requests; ++request) {
    result.latency.record(std::chrono::milliseconds{1});
  }
  result.elapsed = std::chrono::seconds{1};
  result.missing_closes = missing_closes;
  result.unfinished = unfinished;
  return measured;
}

Row row_of(const LoadMeasurement& measured) {
  LoadOptions options;
  options.reuse = false;
  return make_load_outcome(options, measured, {}, {}, MachineWatch{nullptr}).row;
}

}  // namespace

TEST_CASE("load: give-ups above 1 % leave no figures, also beside requests that did not end") {
  for (const std::uint64_t unfinished : {0U, 3U}) {
    CAPTURE(unfinished);
    const Row few = row_of(measure(2, unfinished));
    CHECK(few.status == Status::ok);
    CHECK(*few.missing_closes == 2);
    CHECK(*few.errors == 2);
    const Row many = row_of(measure(3, unfinished));
    CHECK(many.status == Status::failed);
    CHECK(many.warnings.starts_with("missing_closes 3 for 200 requests"));
    CHECK_FALSE(many.requests.has_value());
  }
}

TEST_CASE("load: what a server of others did inside is unknown, not nothing") {
  const Row row = row_of(measure(0, 0));
  CHECK_FALSE(row.heads_by_master.has_value());
  CHECK_FALSE(row.handover_sockets.has_value());
  CHECK(row.buffers_used == "");
  CHECK_FALSE(row.verified_requests.has_value());
}

}  // namespace urb
