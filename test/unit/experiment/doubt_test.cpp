// What is doubtful about a trial: how connections ended, whether the client ran, and whose CPU it
// was.
#include <doctest/doctest.h>

#include "experiment/figures.hpp"

TEST_SUITE_BEGIN("unit");

namespace {

using namespace std::chrono_literals;

// A thousand answers of 3 ms in 2 s, by a server of a master and a worker.
struct Made {
  urb::WindowSample begin;
  urb::WindowSample end;
  urb::LoadResult load;

  Made() {
    begin.processes.resize(2);
    begin.processes[0].role = urb::ProcessRole::master;
    for (urb::ProcessSample& process : begin.processes) process.cpu = urb::CpuTime{100ms, 0ms};
    end = begin;
    end.client.total = 100ms;
    for (urb::ProcessSample& process : end.processes) process.cpu = urb::CpuTime{130ms, 0ms};
    load.requests = 1000;
    load.elapsed = 2s;
    for (int count = 0; count < 1000; ++count) load.latency.record(3ms);
  }
  [[nodiscard]] urb::Row row() const {
    urb::Row row;
    fill_figures(row, load, begin, end, {});
    return row;
  }
};

}  // namespace

TEST_CASE("doubt: closes that were missing are named, and forbid figures above 1 % of requests") {
  using urb::Warning;
  Made made;
  made.load.total_requests = 1000;
  made.load.missing_closes = 10;
  CHECK(describe_failure(made.load) == "");
  CHECK(*made.row().errors == 10);
  CHECK(find_trial_warnings(made.row(), made.load, made.begin, made.end)
            .contains(Warning::missing_closes));
  made.load.missing_closes = 11;
  CHECK(describe_failure(made.load).starts_with("missing_closes 11 for 1000 requests: "));
}

TEST_CASE("doubt: how connections ended is said where it shaped the figures") {
  using urb::Warning;
  Made made;
  made.load.total_requests = 1000;
  const auto warnings = [&] {
    return find_trial_warnings(made.row(), made.load, made.begin, made.end);
  };
  made.load.idle_closes = 10;
  made.load.awaited_closes = 1000;
  made.load.close_wait = 2900ms;  // an answer takes 3 ms
  CHECK(warnings().empty());
  made.load.idle_closes = 11;
  made.load.close_wait = 3100ms;
  made.load.ignored_closes = 1;
  CHECK(warnings() ==
        urb::Warnings{Warning::ignored_closes, Warning::late_closes, Warning::idle_closes});
}

TEST_CASE("doubt: a client that did not run, and a quota that was used up, are said") {
  using urb::Warning;
  Made made;
  made.load.stalled = 100ms;  // of 2 s
  made.begin.cpu_periods = {{"/a", {100, 7}}, {"/b", {100, 0}}, {"/old", {5, 5}}};
  made.end.cpu_periods = {{"/a", {120, 7}}, {"/b", {120, 0}}, {"/new", {90, 90}}};
  CHECK(find_trial_warnings(made.row(), made.load, made.begin, made.end).empty());
  made.load.stalled = 101ms;
  made.end.cpu_periods["/a"].throttled = 8;
  CHECK(find_trial_warnings(made.row(), made.load, made.begin, made.end) ==
        urb::Warnings{Warning::window_stalled, Warning::cpu_throttled});
  CHECK(made.row().bottleneck == "none");
  made.end.cpu_periods["/a"].throttled = 17;
  CHECK(made.row().bottleneck == "cpu");
}

TEST_CASE("doubt: a CPU clock that goes back is another process', and known is nothing") {
  Made made;
  made.end.processes[1].cpu->total = 99ms;
  CHECK_FALSE(made.row().cpu_us_per_request_workers.has_value());
  CHECK(made.row().cpu_us_per_request_master.has_value());
}

TEST_SUITE_END();
