// From samples of a window to the columns that say whose the machine was.
#include <doctest/doctest.h>

#include <chrono>

#include "experiment/figures.hpp"

TEST_SUITE_BEGIN("unit");

using namespace std::chrono_literals;
using urb::ProcessRole;
using urb::ProcessSample;
using urb::WindowSample;

TEST_CASE("figures: shares of the CPUs' time, and what the whole host did for a request") {
  const urb::HostUse host{.capacity_s = 4,
                          .busy_s = 3,
                          .own_s = 2.4,
                          .interrupts_s = 0.2,
                          .steal_s = 0.1,
                          .foreign_s = 0.3,
                          .busiest = {}};
  urb::LoadResult load;
  load.requests = 1000;
  load.elapsed = 2s;
  urb::Row row;
  fill_figures(row, load, {}, {}, {});
  CHECK_FALSE(row.host_busy_share.has_value());
  fill_figures(row, load, {}, {}, host);
  CHECK(*row.host_busy_share == doctest::Approx(0.75));
  CHECK(*row.own_cpu_share == doctest::Approx(0.6));
  CHECK(*row.interrupt_share == doctest::Approx(0.05));
  CHECK(*row.steal_share == doctest::Approx(0.025));
  CHECK(*row.foreign_share == doctest::Approx(0.075));
  CHECK(*row.host_cpu_us_per_request == doctest::Approx(3000));
}

TEST_CASE("figures: the experiment's own time is of client, master and workers") {
  WindowSample begin;
  WindowSample end;
  begin.books.time = urb::HostTime{.at = 1s, .cpus = 2, .idle = 10s};
  end.books.time = urb::HostTime{.at = 3s, .cpus = 2, .idle = 11s};
  end.client.total = 100ms;
  for (const auto role : {ProcessRole::master, ProcessRole::worker, ProcessRole::worker}) {
    ProcessSample sample;
    sample.role = role;
    sample.cpu = urb::CpuTime{10ms, {}};
    begin.processes.push_back(sample);
    sample.cpu = urb::CpuTime{310ms, {}};
    end.processes.push_back(sample);
  }
  const auto use = urb::host_use(begin, end, {});
  REQUIRE(use.has_value());
  CHECK(use->own_s == doctest::Approx(1));
  end.processes[1].cpu.reset();
  CHECK_FALSE(urb::host_use(begin, end, {}).has_value());
}

TEST_SUITE_END();
