// Planned times of the open loop: at random, and as recorded.
#include "load/arrivals.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "base/error.hpp"
#include "load/plan.hpp"

TEST_SUITE_BEGIN("unit");

namespace urb {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

std::vector<double> spaces_of(std::uint64_t rate, std::uint64_t seed, std::size_t count) {
  Arrivals arrivals{{ArrivalKind::poisson, {}}, rate, seed};
  std::vector<double> spaces;
  Nanos last{0};
  for (std::size_t index = 0; index < count; ++index) {
    spaces.push_back(to_seconds(arrivals.next() - last) * static_cast<double>(rate));
    last = arrivals.next();
    arrivals.advance();
  }
  return spaces;
}

RecordedArrivals record_of(std::string_view text) {
  const auto parsed = parse_arrivals(text);
  REQUIRE(std::holds_alternative<RecordedArrivals>(parsed));
  return std::get<RecordedArrivals>(parsed);
}

}  // namespace

TEST_CASE("arrivals: random spaces are those of a Poisson process, at any rate") {
  constexpr std::size_t kCount = 100'000;
  for (const std::uint64_t rate : {1ULL, 1000ULL, 10'000'000ULL, 1'000'000'000ULL}) {
    CAPTURE(rate);
    std::vector<double> spaces = spaces_of(rate, 42, kCount);
    double sum = 0;
    double squares = 0;
    for (const double space : spaces) {
      sum += space;
      squares += space * space;
    }
    const double mean = sum / kCount;
    // Five standard errors of the mean.
    CHECK(mean == doctest::Approx(1).epsilon(0.016));
    // At a space of a nanosecond the clock's own step is in it.
    if (rate == 1'000'000'000) continue;
    CHECK(squares / kCount - mean * mean == doctest::Approx(1).epsilon(0.05));
    // The largest distance from the exponential distribution (Kolmogorov and Smirnov, 0.1 %).
    std::sort(spaces.begin(), spaces.end());
    double most = 0;
    for (std::size_t index = 0; index < kCount; ++index) {
      const double here = static_cast<double>(index) / kCount;
      most = std::max(most, std::abs(1 - std::exp(-spaces[index]) - here));
    }
    CHECK(most < 1.95 / std::sqrt(static_cast<double>(kCount)) + (rate > 1'000'000 ? 0.01 : 0));
  }
}

TEST_CASE("arrivals: a space says nothing of the next one, and a seed gives the times again") {
  const std::vector<double> spaces = spaces_of(1000, 7, 50'000);
  double product = 0;
  for (std::size_t index = 1; index < spaces.size(); ++index)
    product += (spaces[index - 1] - 1) * (spaces[index] - 1);
  CHECK(std::abs(product / static_cast<double>(spaces.size())) < 0.025);
  CHECK(spaces == spaces_of(1000, 7, 50'000));
  CHECK(spaces != spaces_of(1000, 8, 50'000));
}

TEST_CASE("arrivals: a record is read, and begins anew a mean space behind its end") {
  const RecordedArrivals record = record_of("# a trace\n10.5\n\n10.5\n 10.75 \n11.5");
  CHECK(record.times == std::vector<Nanos>{Nanos{0}, Nanos{0}, milliseconds{250}, seconds{1}});
  CHECK(record.period == seconds{1} + Nanos{seconds{1}} / 3);
  CHECK(mean_rate(record) == 3);
  Arrivals arrivals{{ArrivalKind::recorded, record}, 3, 1};
  std::vector<Nanos> times;
  for (int count = 0; count < 6; ++count) {
    times.push_back(arrivals.next());
    arrivals.advance();
  }
  CHECK(times == std::vector<Nanos>{Nanos{0}, Nanos{0}, milliseconds{250}, seconds{1},
                                    record.period, record.period});
  CHECK(record_of("0 \n1e-3\n").times.back() == milliseconds{1});
}

TEST_CASE("arrivals: what is no record is refused, with its place") {
  for (const char* const text : {"", "1\n", "1\n1\n", "1\n0.5\n", "1\nx\n", "1\n-2\n", "1\nnan\n",
                                 "1\ninf\n", "1 2\n", "1\n1e12\n", "0x1\n2\n"}) {
    CAPTURE(text);
    CHECK(std::holds_alternative<ParseError>(parse_arrivals(text)));
  }
  CHECK(std::get<ParseError>(parse_arrivals("1\n2\nx\n")).position == 4);
}

TEST_CASE("arrivals: how many are planned before a time is what walking to it counts") {
  const RecordedArrivals record = record_of("0\n0.1\n0.1\n0.7\n");
  for (const ArrivalKind kind : {ArrivalKind::fixed, ArrivalKind::poisson, ArrivalKind::recorded}) {
    Arrivals arrivals{{kind, record}, 10, 5};
    for (int started = 0; started < 20; ++started) {
      for (const int ms : {0, 1, 100, 333, 2500}) {
        Arrivals walker = arrivals;
        std::uint64_t count = 0;
        for (; walker.next() < milliseconds{ms}; walker.advance()) ++count;
        CHECK(arrivals.count_before(milliseconds{ms}) == count);
      }
      arrivals.advance();
    }
  }
}

TEST_CASE("arrivals: clients that share a record have all of its times together") {
  const RecordedArrivals record = record_of("0\n1\n2\n3\n4\n");
  std::vector<Nanos> together;
  for (std::size_t index = 0; index < 2; ++index) {
    const RecordedArrivals share = share_of(record, 2, index);
    CHECK(share.period == record.period);
    together.insert(together.end(), share.times.begin(), share.times.end());
  }
  std::sort(together.begin(), together.end());
  CHECK(together == record.times);
  CHECK_THROWS_AS((void)share_of(record, 6, 0), UsageError);
}

TEST_CASE("arrivals: each kind, and each record, has a name of its own") {
  CHECK(loop_name({}) == "open");
  CHECK(loop_name({ArrivalKind::poisson, {}}) == "open-poisson");
  const std::string one = loop_name({ArrivalKind::recorded, record_of("0\n1\n")});
  CHECK(one.starts_with("open-recorded:"));
  CHECK(one != loop_name({ArrivalKind::recorded, record_of("0\n2\n")}));
}

TEST_CASE("arrivals: the plan starts requests at the times of its kind, late ones at once") {
  PlanOptions options;
  options.rate = 4;
  options.arrivals = {ArrivalKind::recorded, record_of("0\n0.1\n0.1\n0.7\n")};
  Plan plan{options};
  constexpr Nanos kStart = std::chrono::hours{5};
  plan.begin(kStart);
  plan.begin_window(kStart);
  for (const int ms : {0, 100, 100, 700}) {
    CHECK(plan.next_start(kStart) == kStart + milliseconds{ms});
    CHECK(plan.on_start(kStart + seconds{1}) == kStart + milliseconds{ms});
  }
  CHECK(plan.next_start(kStart) > kStart + milliseconds{700});
  for (int count = 0; count < 3; ++count) CHECK(plan.on_end());
  plan.end(kStart + milliseconds{800});
  CHECK(plan.missed() == 1);
  CHECK(plan.unsent() == 0);
}

}  // namespace urb

TEST_SUITE_END();
