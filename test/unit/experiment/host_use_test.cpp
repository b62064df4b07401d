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

TEST_CASE("figures: clients beside this process are not foreign, and their time is known") {
  WindowSample begin;
  WindowSample end;
  begin.books.time = urb::HostTime{.at = 1s, .cpus = 2, .idle = 10s};
  end.books.time = urb::HostTime{.at = 3s, .cpus = 2, .idle = 11s};
  const urb::ProcessTime stranger{.pid = 5, .used = 0s, .name = "stranger"};
  const urb::ProcessTime client{.pid = 7, .used = 0s, .name = "client"};
  begin.books.processes = {stranger, client};
  end.books.processes = {stranger, client};
  end.books.processes[0].used = 200ms;
  end.books.processes[1].used = 900ms;
  begin.processes = {{.pid = 8, .role = ProcessRole::master, .cpu = urb::CpuTime{0s, {}}},
                     {.pid = 9, .role = ProcessRole::worker, .cpu = urb::CpuTime{0s, {}}}};
  end.processes = begin.processes;
  CHECK(urb::host_use(begin, end, {})->foreign_s > 1);
  begin.companions = {{.pid = 7, .cpu = urb::CpuTime{100ms, {}}}};
  end.companions = {{.pid = 7, .cpu = urb::CpuTime{1000ms, {}}}};
  const auto use = urb::host_use(begin, end, {});
  REQUIRE(use);
  CHECK(use->own_s == doctest::Approx(0.9));
  CHECK(use->others_s == doctest::Approx(0.2));
  CHECK(use->busiest.find("stranger") == 0);
  // One that was replaced meanwhile, or has ended: nobody knows what it used.
  end.companions[0].pid = 10;
  CHECK_FALSE(urb::host_use(begin, end, {}));
  end.companions[0] = {.pid = 7};
  CHECK_FALSE(urb::host_use(begin, end, {}));
}

TEST_CASE("figures: what a server used for clients elsewhere is held against its own count") {
  // Its window is longer than theirs by the time of messages, and has more requests.
  WindowSample begin;
  WindowSample end;
  begin.books.time = urb::HostTime{.at = 1s, .cpus = 2};
  end.books.time = urb::HostTime{.at = 3200ms, .cpus = 2};
  begin.processes = {{.pid = 8, .role = ProcessRole::master, .cpu = urb::CpuTime{0s, {}}},
                     {.pid = 9, .role = ProcessRole::worker, .cpu = urb::CpuTime{0s, {}}}};
  end.processes = begin.processes;
  end.processes[1].cpu = urb::CpuTime{1100ms, {}};
  end.processes[1].counts.requests = 1100;
  end.processes[1].counts.ring_enters = 2200;
  urb::LoadResult load;
  load.requests = 1000;
  load.body_bytes = 1'000'000'000;
  load.elapsed = 2s;
  load.busiest_share = 0.97;
  end.client.total = 500ms;
  const urb::HostUse host{.capacity_s = 4.4, .busy_s = 2.2};
  urb::Row row;
  fill_figures(row, load, begin, end, host);
  CHECK(*row.requests_per_s == doctest::Approx(500));
  CHECK(*row.cpu_us_per_request_workers == doctest::Approx(1000));
  CHECK(*row.cpu_us_per_request_client == doctest::Approx(500));
  CHECK(*row.enters_per_request == doctest::Approx(2));
  CHECK(*row.cpu_s_per_gb_server == doctest::Approx(1));
  CHECK(*row.host_cpu_us_per_request == doctest::Approx(2000));
  CHECK(row.bottleneck == "client");
  CHECK(urb::find_trial_warnings(row, load, begin, end).contains(urb::Warning::client_busy));
  // The client here: its window is that of the samples, and its count is all there is to know.
  load.busiest_share.reset();
  fill_figures(row, load, begin, end, host);
  CHECK(*row.cpu_us_per_request_workers == doctest::Approx(1100));
}

TEST_SUITE_END();
