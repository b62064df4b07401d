// One load by several clients.
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <random>
#include <vector>

#include "base/error.hpp"
#include "remote/client_process.hpp"
#include "remote/merged_load.hpp"

namespace urb::test {
namespace {

using Words = std::vector<std::string>;

Words words_of(std::string_view text) {
  const auto split = split_command(text);
  REQUIRE(std::holds_alternative<Words>(split));
  return std::get<Words>(split);
}

}  // namespace

TEST_SUITE_BEGIN("unit");

TEST_CASE("merged load: percentiles are those of all samples together, within a bin") {
  constexpr int kClients = 3;
  std::mt19937_64 random{7};
  std::vector<LoadResult> loads(kClients);
  Histogram together;
  std::vector<std::int64_t> samples;
  for (int count = 0; count < 30'000; ++count) {
    // Clients that differ: a fast one, and one with a tail of its own.
    const int client = count % kClients;
    std::exponential_distribution<double> time{1.0 / (20'000.0 * (1 + 9 * client))};
    const Nanos latency{1 + static_cast<std::int64_t>(time(random))};
    loads[static_cast<std::size_t>(client)].latency.record(latency);
    together.record(latency);
    samples.push_back(latency.count());
  }
  std::vector<ClientShare> shares;
  for (LoadResult& load : loads) {
    // As they come: by HdrHistogram's own encoding.
    auto decoded = Histogram::decoded(load.latency.encoded(), load.latency.exact());
    REQUIRE(decoded);
    load.latency = *std::move(decoded);
    load.requests = load.latency.count();
    load.elapsed = std::chrono::seconds{1};
    shares.push_back({"a client", load});
  }
  const LoadResult merged = merge_loads(shares);
  std::sort(samples.begin(), samples.end());
  CHECK(merged.latency.count() == samples.size());
  CHECK(merged.latency.max() == together.max());
  CHECK(merged.latency.mean() == together.mean());
  for (const double q : {0.01, 0.25, 0.5, 0.9, 0.99, 0.999, 0.9999}) {
    CHECK(merged.latency.quantile(q) == together.quantile(q));
    const double rank = std::ceil(q * static_cast<double>(samples.size()));
    const auto exact = static_cast<double>(samples[static_cast<std::size_t>(rank) - 1]);
    CHECK(static_cast<double>(merged.latency.quantile(q).count()) ==
          doctest::Approx(exact).epsilon(0.001));
  }
  // Not the mean of theirs, which is another number.
  double mean = 0;
  for (const LoadResult& load : loads)
    mean += static_cast<double>(load.latency.quantile(0.99).count()) / kClients;
  CHECK(static_cast<double>(merged.latency.quantile(0.99).count()) > 1.1 * mean);
}

TEST_CASE("merged load: ledgers and counts are added, and so are rates") {
  std::vector<LoadResult> loads(2);
  loads[0].requests = 1000;
  loads[0].elapsed = std::chrono::milliseconds{1000};
  loads[0].total_requests = 1100;
  loads[0].total_body_bytes = 5;
  loads[0].requests_by_worker = {1, 2};
  loads[0].errors.io = 1;
  loads[1].requests = 4000;
  loads[1].elapsed = std::chrono::milliseconds{2000};
  loads[1].total_requests = 4400;
  loads[1].total_body_bytes = 7;
  loads[1].requests_by_worker = {10, 20, 30};
  loads[1].errors.io = 2;
  loads[1].first_error = "reset";
  const LoadResult all = merge_loads({{"a", loads[0], std::chrono::milliseconds{500}},
                                      {"b", loads[1], std::chrono::milliseconds{1800}}});
  CHECK(all.requests == 5000);
  CHECK(all.total_requests == 5500);
  CHECK(all.total_body_bytes == 12);
  CHECK(all.errors.total() == 3);
  CHECK(all.first_error == "reset (client 'b')");
  CHECK(all.requests_by_worker == std::vector<std::uint64_t>{11, 22, 30});
  // 1,000 a second and 2,000 a second.
  CHECK(static_cast<double>(all.requests) / to_seconds(all.elapsed) == doctest::Approx(3000));
  CHECK(*all.busiest_share == doctest::Approx(0.9));
}

TEST_CASE("split load: the shares add up, and each client has something to do") {
  LoadOptions load;
  load.connections = 8;
  load.rate = 1000;
  load.requests = 100;
  const auto shares = split_load(load, 3);
  REQUIRE(shares.size() == 3);
  CHECK(shares[0].connections == 3);
  CHECK(shares[1].connections == 3);
  CHECK(shares[2].connections == 2);
  CHECK(*shares[0].rate + *shares[1].rate + *shares[2].rate == 1000);
  CHECK(*shares[0].requests + *shares[1].requests + *shares[2].requests == 100);
  CHECK(shares[0].seed != shares[1].seed);
  CHECK(split_load(load, 1)[0].connections == 8);
  CHECK_THROWS_AS((void)split_load(load, 9), UsageError);
  load.rate = 2;
  CHECK_THROWS_AS((void)split_load(load, 3), UsageError);
}

TEST_CASE("client's command: words, and the program behind them") {
  CHECK(words_of(" ssh  host ") == Words{"ssh", "host"});
  CHECK(words_of("a 'b c' \"d \\\" e\" f\\ g ''") == Words{"a", "b c", "d \" e", "f g", ""});
  CHECK(words_of("a'b'c") == Words{"abc"});
  for (const char* const bad : {"", "  ", "a 'b", "a \"b", "a \\"}) {
    CAPTURE(bad);
    CHECK(std::holds_alternative<ParseError>(split_command(bad)));
  }
  CHECK(client_command({"ssh", "host"}, "/here/uring-bench") ==
        Words{"ssh", "host", "/here/uring-bench", "client"});
  CHECK(client_command({"ssh", "host", "/there/uring-bench"}, "/here/uring-bench") ==
        Words{"ssh", "host", "/there/uring-bench", "client"});
  CHECK(client_command({"ssh", "uring-bench-host"}, "uring-bench") ==
        Words{"ssh", "uring-bench-host", "uring-bench", "client"});
}

TEST_SUITE_END();

}  // namespace urb::test
