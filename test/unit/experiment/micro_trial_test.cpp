// One trial of a kernel operation: its row, and what becomes of a failure and of a stop.
#include "experiment/micro_trial.hpp"

#include <doctest/doctest.h>

#include <string>

TEST_SUITE_BEGIN("unit");

namespace urb {
namespace {

TrialSpec spec_of(const std::string& mode) {
  return {.cell = {{mode}, Bytes{0}, false}, .cell_index = 0, .repeat = 2, .order = 7};
}

TEST_CASE("micro trial: a request is an operation, and the CPU time is the client's") {
  const std::atomic<bool> stop{false};
  Row common;
  common.run_id = "run";
  const TrialOutcome outcome = run_micro_trial(common, spec_of("micro-nop-32"),
                                               {Nanos{0}, Nanos{0}, 320}, {}, nullptr, stop);
  const Row& row = outcome.row;
  REQUIRE(row.status == Status::ok);
  CHECK(row.run_id == "run");
  CHECK(row.mode == "micro-nop-32");
  CHECK(row.repeat == 2);
  CHECK(row.trial_order == 7);
  CHECK(*row.requests == 320);
  CHECK(*row.errors == 0);
  CHECK(*row.enters_per_request == doctest::Approx(1.0 / 32));
  CHECK(*row.sqes_per_request == 1);
  CHECK(*row.requests_per_s > 0);
  CHECK(row.cpu_us_per_request_client.has_value());
  CHECK_FALSE(row.cpu_us_per_request_workers.has_value());
  CHECK(row.host_cpu_us_per_request.has_value());
  CHECK_FALSE(row.started_at.empty());
  CHECK_FALSE(row.features.empty());
}

TEST_CASE("micro trial: a stop leaves no row, and no operation in the time is a failure") {
  const std::atomic<bool> stop{true};
  CHECK(run_micro_trial({}, spec_of("micro-nop"), {Nanos{0}, Nanos{0}, 10}, {}, nullptr, stop)
            .interrupted);
  const std::atomic<bool> go_on{false};
  const TrialOutcome nothing =
      run_micro_trial({}, spec_of("micro-nop"), {Nanos{0}, Nanos{0}, {}}, {}, nullptr, go_on);
  CHECK_FALSE(nothing.interrupted);
  CHECK(nothing.row.status == Status::failed);
  CHECK(nothing.row.warnings.find("--duration") != std::string::npos);
  CHECK_FALSE(nothing.row.requests.has_value());
}

TEST_CASE("micro trial: cells are the operations named, or those that modes are made of") {
  const Grid some = make_micro_grid({find_micro("nop")}, 3);
  CHECK(some.subjects == std::vector<Subject>{{"micro-nop"}});
  CHECK(some.repeats == 3);
  CHECK(make_cells(some).size() == 1);
  const Grid usual = make_micro_grid({}, 1);
  CHECK(usual.subjects.size() > 1);
  for (const Subject& subject : usual.subjects) {
    CHECK_FALSE(find_micro(subject.mode)->by_name_only);
  }
  REQUIRE(find_micro("bpf-copy-4k") != nullptr);
  CHECK(find_micro("bpf-copy-4k")->by_name_only);
}

}  // namespace
}  // namespace urb

TEST_SUITE_END();
