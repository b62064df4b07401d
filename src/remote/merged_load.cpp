#include "remote/merged_load.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>

#include "base/assert.hpp"
#include "base/error.hpp"

namespace urb {
namespace {

template <class Number>
Number number_of(Number all, std::size_t count, std::size_t index) {
  return static_cast<Number>(all / count + (index < all % count ? 1 : 0));
}

void require_enough(const char* option, std::uint64_t all, std::size_t count) {
  if (all >= count) return;
  throw UsageError(
      fmt::format("{} {} is less than one for each of {} clients", option, all, count));
}

void add_errors(LoadErrors& sum, const LoadErrors& more) {
  sum.connect += more.connect;
  sum.io += more.io;
  sum.status += more.status;
  sum.framing += more.framing;
  sum.content += more.content;
  sum.timeout += more.timeout;
}

void add_counts(LoadResult& sum, const LoadResult& more) {
  sum.requests += more.requests;
  sum.body_bytes += more.body_bytes;
  sum.connections += more.connections;
  sum.handshakes += more.handshakes;
  sum.resumed += more.resumed;
  add_errors(sum.errors, more.errors);
  sum.used.add(more.used);
  sum.missing_closes += more.missing_closes;
  sum.ignored_closes += more.ignored_closes;
  sum.awaited_closes += more.awaited_closes;
  sum.close_wait += more.close_wait;
  sum.idle_closes += more.idle_closes;
  sum.missed += more.missed;
  sum.unsent += more.unsent;
  sum.routed_right += more.routed_right;
  sum.verified_requests += more.verified_requests;
  sum.total_requests += more.total_requests;
  sum.total_body_bytes += more.total_body_bytes;
  sum.verified_bytes += more.verified_bytes;
  sum.unfinished += more.unfinished;
  sum.requests_by_worker.resize(
      std::max(sum.requests_by_worker.size(), more.requests_by_worker.size()));
  for (std::size_t worker = 0; worker < more.requests_by_worker.size(); ++worker)
    sum.requests_by_worker[worker] += more.requests_by_worker[worker];
}

double share_of_cpu(const ClientShare& share) {
  const double seconds = to_seconds(share.load.elapsed);
  return seconds > 0 ? to_seconds(share.cpu) / seconds : 0;
}

}  // namespace

std::vector<LoadOptions> split_load(const LoadOptions& options, std::size_t count) {
  require_enough("--connections", options.connections, count);
  if (options.rate) require_enough("--rate", *options.rate, count);
  if (options.requests) require_enough("--requests", *options.requests, count);
  std::vector<LoadOptions> shares(count, options);
  for (std::size_t index = 0; index < count; ++index) {
    LoadOptions& share = shares[index];
    share.connections = number_of(options.connections, count, index);
    if (options.rate) share.rate = number_of(*options.rate, count, index);
    if (options.requests) share.requests = number_of(*options.requests, count, index);
    if (options.arrivals.kind == ArrivalKind::recorded)
      share.arrivals.record = share_of(options.arrivals.record, count, index);
    share.seed =
        options.seed + index * 0x9E3779B97F4A7C15ULL;  // orders that have nothing in common
  }
  return shares;
}

LoadResult merge_loads(const std::vector<ClientShare>& shares) {
  URB_ASSERT(!shares.empty());
  LoadResult all;
  double rate = 0;
  double busiest = 0;
  for (const ClientShare& share : shares) {
    const LoadResult& load = share.load;
    all.latency.merge(load.latency);
    all.small_latency.merge(load.small_latency);
    all.service.merge(load.service);
    all.lateness.merge(load.lateness);
    add_counts(all, load);
    const double seconds = to_seconds(load.elapsed);
    if (seconds > 0) rate += static_cast<double>(load.requests) / seconds;
    busiest = std::max(busiest, share_of_cpu(share));
    all.elapsed = std::max(all.elapsed, load.elapsed);
    all.stalled = std::max(all.stalled, load.stalled);
    all.interrupted = all.interrupted || load.interrupted;
    if (all.first_error.empty() && !load.first_error.empty()) {
      all.first_error = shares.size() == 1
                            ? load.first_error
                            : fmt::format("{} (client '{}')", load.first_error, share.name);
    }
  }
  if (rate > 0 && shares.size() > 1) {
    const std::chrono::duration<double> together{static_cast<double>(all.requests) / rate};
    all.elapsed = std::chrono::duration_cast<Nanos>(together);
  }
  all.busiest_share = busiest;
  return all;
}

void ClientUse::add(const LoadResult& load, Nanos used) {
  cpu += used;
  elapsed += load.elapsed;
  lateness.merge(load.lateness);
}

std::string describe_use(const ClientUse& use) {
  const double seconds = to_seconds(use.elapsed);
  const double share = seconds > 0 ? to_seconds(use.cpu) / seconds : 0;
  std::string text = fmt::format("{:.0f} % of a CPU", share * 100);
  if (use.lateness.count() == 0) return text;
  const auto micros = [](Nanos time) { return to_seconds(time) * 1e6; };
  return text + fmt::format(", late by {:.0f} us at p99, {:.0f} us at most",
                            micros(use.lateness.quantile(0.99)), micros(use.lateness.max()));
}

}  // namespace urb
