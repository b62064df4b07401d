// The figures of a row from made-up samples, by hand; and what must not become figures.
#include "experiment/figures.hpp"

#include <doctest/doctest.h>

TEST_SUITE_BEGIN("unit");

namespace {

using namespace std::chrono_literals;
using urb::ProcessRole;
using urb::ProcessSample;
using urb::WindowSample;

// A server of a master and two workers that had done something before the window.
struct Made {
  WindowSample begin;
  WindowSample end;
  urb::LoadResult load;

  Made() {
    begin.client = {5ms, 1ms};
    end.client = {105ms, 1ms};
    add(ProcessRole::master, 10ms, 1ms, 30ms, 6ms, 0);
    add(ProcessRole::worker, 100ms, 0ms, 160ms, 10ms, 750);
    add(ProcessRole::worker, 200ms, 50ms, 220ms, 50ms, 250);
    load.requests = 1000;
    load.body_bytes = 2'000'000'000;
    load.elapsed = 2s;
    for (int count = 0; count < 1000; ++count) load.latency.record(3ms);
  }

  void add(ProcessRole role, urb::Nanos total_begin, urb::Nanos other_begin, urb::Nanos total_end,
           urb::Nanos other_end, std::uint64_t requests) {
    ProcessSample sample;
    sample.role = role;
    sample.cpu = urb::CpuTime{total_begin, other_begin};
    sample.counts.requests = 7;
    sample.counts.ring_enters = 100;
    sample.counts.ring_sqes = 200;
    begin.processes.push_back(sample);
    sample.cpu = urb::CpuTime{total_end, other_end};
    sample.counts.requests += requests;
    sample.counts.ring_enters += 500;
    sample.counts.ring_sqes += 1000;
    sample.counts.cq_overflowed = 1;
    sample.counts.short_splices = 2;
    end.processes.push_back(sample);
  }

  std::optional<urb::HostUse> host;
  [[nodiscard]] urb::Row row() const {
    urb::Row row;
    fill_figures(row, load, begin, end, host);
    return row;
  }
};

}  // namespace

TEST_CASE("figures: a request that never ended is a reason to have none") {
  Made made;
  CHECK(describe_failure(made.load).empty());
  made.load.unfinished = 2;
  CHECK(describe_failure(made.load).starts_with("2 requests had not ended"));
}

TEST_CASE("figures: in the open loop service times are those from the send") {
  Made made;
  CHECK(*made.row().service_us_max == *made.row().latency_us_max);
  for (int count = 0; count < 1000; ++count) made.load.service.record(1ms);
  urb::Row row;
  row.rate_requested = 500;
  fill_figures(row, made.load, made.begin, made.end, {});
  CHECK(*row.latency_us_max == 3000);
  CHECK(*row.service_us_max == 1000);
}

TEST_CASE("figures: who placed the connections of a window may have done it before") {
  Made made;
  urb::Row row;
  row.mode = "direct";
  row.policy = "least";
  made.begin.processes[1].counts.kernel_placed = 3;
  made.end.processes[1].counts.kernel_placed = 3;
  fill_figures(row, made.load, made.begin, made.end, {});
  CHECK(row.placed_by == "program");
}

TEST_CASE("figures: a rate that was not reached is a warning, a single request is none") {
  CHECK_FALSE(urb::misses_rate(1000, 500, 2));
  CHECK_FALSE(urb::misses_rate(990, 500, 2));
  CHECK(urb::misses_rate(988, 500, 2));
  CHECK_FALSE(urb::misses_rate(9, 10, 1));
  CHECK_FALSE(urb::misses_rate(0, 0, 1));
  Made made;  // 1000 requests in 2 s
  urb::Row row = made.row();
  row.rate_requested = 600;
  CHECK(find_trial_warnings(row, made.load, made.begin, made.end)
            .count(urb::Warning::rate_not_reached) == 1);
  row.rate_requested = 500;
  CHECK(find_trial_warnings(row, made.load, made.begin, made.end)
            .count(urb::Warning::rate_not_reached) == 0);
}

TEST_CASE("figures: the share of requests that their key's worker served, of the measured ones") {
  Made made;
  CHECK_FALSE(made.row().routing_fidelity.has_value());
  made.load.requests_by_worker = {600, 400};
  made.load.routed_right = 250;
  CHECK(*made.row().routing_fidelity == 0.25);
}

TEST_CASE("figures: rates are of the measured time") {
  const urb::Row row = Made{}.row();
  CHECK(*row.duration_s == 2);
  CHECK(*row.requests == 1000);
  CHECK(*row.errors == 0);
  CHECK(*row.requests_per_s == 500);
  CHECK(*row.bytes_per_s == 1e9);
  CHECK(*row.latency_us_p50 == doctest::Approx(3000).epsilon(0.002));
  CHECK(*row.service_us_max == *row.latency_us_max);
}

TEST_CASE("figures: CPU is what was used within the window, io-wq included in its process") {
  const urb::Row row = Made{}.row();
  CHECK(*row.cpu_us_per_request_client == doctest::Approx(100));
  CHECK(*row.cpu_us_per_request_master == doctest::Approx(20));
  CHECK(*row.cpu_us_per_request_workers == doctest::Approx(60 + 20));
  CHECK(*row.cpu_us_per_request_iowq == doctest::Approx(5 + 10));
  CHECK(*row.cpu_s_per_gb_client == doctest::Approx(0.05));
  CHECK(*row.cpu_s_per_gb_server == doctest::Approx(0.05));
}

TEST_CASE("figures: counts are summed over master and workers") {
  const urb::Row row = Made{}.row();
  CHECK(*row.enters_per_request == doctest::Approx(1.5));
  CHECK(*row.sqes_per_request == doctest::Approx(3));
  CHECK(*row.cq_overflows == 3);
  CHECK(*row.short_splices == 6);
}

TEST_CASE("figures: imbalance is the busiest worker by the mean, the master is none") {
  CHECK(*Made{}.row().worker_imbalance == doctest::Approx(1.5));
  Made idle;
  for (ProcessSample& process : idle.end.processes) process.counts.requests = 7;
  CHECK_FALSE(idle.row().worker_imbalance.has_value());
}

TEST_CASE("figures: context switches are those of the server's processes, where all are known") {
  Made made;
  for (std::size_t index = 0; index < 3; ++index) {
    made.begin.processes[index].context_switches = 1000;
    made.end.processes[index].context_switches = 1000 + 100 * (index + 1);
  }
  CHECK(*made.row().context_switches_per_request == doctest::Approx(0.6));
  made.end.processes[1].context_switches = 900;  // its io-wq threads have ended
  CHECK(*made.row().context_switches_per_request == doctest::Approx(0.4));
  made.end.processes[1].context_switches.reset();
  CHECK_FALSE(made.row().context_switches_per_request.has_value());
}

TEST_CASE("figures: the bottleneck is what was busy all the time, the whole host first") {
  using urb::find_bottleneck;
  CHECK(find_bottleneck({.client = 0.5, .master = 0.2, .busiest_worker = 0.7, .host = 0.6}) ==
        "none");
  CHECK(find_bottleneck({.client = 0.97, .master = 0.2, .busiest_worker = 0.7, .host = 0.8}) ==
        "client");
  CHECK(find_bottleneck({.client = 0.5, .master = 0.96, .busiest_worker = 0.7, .host = 0.8}) ==
        "master");
  CHECK(find_bottleneck({.client = 0.5, .master = 0.2, .busiest_worker = 0.99, .host = 0.8}) ==
        "workers");
  CHECK(find_bottleneck({.client = 0.97, .master = 0.96, .busiest_worker = 0.99, .host = 0.97}) ==
        "cpu");
  CHECK(find_bottleneck({.client = 0.5, .master = {}, .busiest_worker = {}, .host = {}}) == "none");
}

TEST_CASE("figures: the bottleneck comes from the window's own samples") {
  Made made;  // 2 s long
  CHECK(made.row().bottleneck == "none");
  made.end.client.total = made.begin.client.total + 1950ms;
  CHECK(made.row().bottleneck == "client");
  made.end.client.total = made.begin.client.total + 100ms;
  // The io-wq threads of a process are others' CPUs: only its own thread can be what is full.
  made.end.processes[0].cpu = urb::CpuTime{10ms + 1950ms, 1ms + 500ms};
  CHECK(made.row().bottleneck == "none");
  made.end.processes[0].cpu = urb::CpuTime{10ms + 2450ms, 1ms + 500ms};
  CHECK(made.row().bottleneck == "master");
  made.end.processes[0].cpu = made.begin.processes[0].cpu;
  made.end.processes[2].cpu = urb::CpuTime{200ms + 1990ms, 50ms};
  CHECK(made.row().bottleneck == "workers");
  made.host = urb::HostUse{.capacity_s = 4, .busy_s = 3.96, .busiest = {}};
  CHECK(made.row().bottleneck == "cpu");
}

TEST_CASE("figures: a process whose time is unknown makes its role's unknown, not smaller") {
  Made made;
  made.end.processes[2].cpu.reset();
  const urb::Row row = made.row();
  CHECK(row.cpu_us_per_request_master.has_value());
  CHECK_FALSE(row.cpu_us_per_request_workers.has_value());
  CHECK_FALSE(row.cpu_us_per_request_iowq.has_value());
  CHECK_FALSE(row.cpu_s_per_gb_server.has_value());
}

TEST_CASE("figures: a kernel without the split still has the totals") {
  Made made;
  for (ProcessSample& process : made.begin.processes) process.cpu->other_threads.reset();
  const urb::Row row = made.row();
  CHECK(row.cpu_us_per_request_workers.has_value());
  CHECK_FALSE(row.cpu_us_per_request_iowq.has_value());
}

TEST_CASE("figures: without bodies there is nothing per GB") {
  Made made;
  made.load.body_bytes = 0;
  CHECK_FALSE(made.row().cpu_s_per_gb_client.has_value());
  CHECK(made.row().cpu_us_per_request_client.has_value());
}

TEST_CASE("figures: a single error of any kind forbids them, and is named") {
  CHECK(describe_failure(Made{}.load).empty());
  Made made;
  made.load.errors.io = 2;
  made.load.errors.content = 1;
  made.load.first_error = "closed by the server";
  CHECK(describe_failure(made.load) ==
        "3 requests failed (io 2, content 1), the first: closed by the server");
  Made idle;
  idle.load.requests = 0;
  CHECK(describe_failure(idle.load).find("--duration") != std::string::npos);
}

TEST_CASE("figures: doubtful trials are named") {
  using urb::Warning;
  Made made;
  urb::Row row = made.row();
  row.connections = 4;
  CHECK(find_trial_warnings(row, made.load, made.begin, made.end).empty());
  // 500 requests/s at 2 ms each: a whole CPU.
  row.cpu_us_per_request_client = 2000;
  CHECK(find_trial_warnings(row, made.load, made.begin, made.end) ==
        urb::Warnings{Warning::client_busy});
  row = made.row();
  row.connections = 200;
  CHECK(find_trial_warnings(row, made.load, made.begin, made.end) ==
        urb::Warnings{Warning::few_requests});
  row.connections = 4;
  made.load.requests = 99;
  made.load.latency.record(61s);
  CHECK(find_trial_warnings(row, made.load, made.begin, made.end) ==
        urb::Warnings{Warning::few_requests, Warning::latency_clipped});
}

TEST_CASE("figures: a window of fewer than 100 ticks of all CPUs is short, but not for counts") {
  using urb::Warning;
  Made made;
  urb::Row row = made.row();
  row.connections = 4;
  const auto warned = [&](double seconds, std::optional<std::uint64_t> cpus) {
    made.load.elapsed = urb::Nanos{static_cast<urb::Nanos::rep>(seconds * 1e9)};
    row.cpus = cpus;
    return find_trial_warnings(row, made.load, made.begin, made.end).count(Warning::short_window);
  };
  CHECK(warned(0.99, 1) == 1);
  CHECK(warned(1.01, 1) == 0);
  CHECK(warned(0.2, 4) == 1);
  CHECK(warned(0.26, 4) == 0);
  CHECK(warned(0.2, std::nullopt) == 0);
  row.accelerator = "tcg";
  CHECK(warned(0.2, 1) == 0);
}

TEST_CASE("figures: client and workers have to agree on every request and every byte") {
  urb::LoadResult load;
  load.total_requests = 1000;
  load.total_body_bytes = 1'000'000;
  CHECK(compare_ledgers(load, {1000, 1'000'000}) == "");
  CHECK(compare_ledgers(load, {1001, 1'000'000}).find("1000 requests, the workers 1001") !=
        std::string::npos);
  CHECK(compare_ledgers(load, {1000, 999'999}).find("1000000 body bytes, the workers 999999") !=
        std::string::npos);
}

TEST_CASE("figures: sockets per hand-over message are those of the window") {
  Made made;
  CHECK_FALSE(sockets_per_message(made.begin, made.end).has_value());
  made.begin.processes[0].counts.handover_messages = 5;
  made.begin.processes[0].counts.handover_connections = 50;
  made.end.processes[0].counts.handover_messages = 9;
  made.end.processes[0].counts.handover_connections = 60;
  CHECK(*sockets_per_message(made.begin, made.end) == doctest::Approx(2.5));
}

TEST_SUITE_END();
