#include "load/arrivals.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <string>
#include <utility>

#include "base/error.hpp"
#include "base/fnv.hpp"
#include "base/small_files.hpp"

namespace urb {
namespace {

constexpr std::uint64_t kNanosPerSecond = 1'000'000'000;
// A year of seconds: what is more is another unit.
constexpr double kTimeMax = 366.0 * 24 * 3600;

// From 0 on, below 1. Not std::uniform_real_distribution, which differs between libraries.
double uniform(std::mt19937_64& random) noexcept {
  return static_cast<double>(random() >> 11) * 0x1.0p-53;
}

}  // namespace

std::string loop_name(const ArrivalOptions& options) {
  switch (options.kind) {
    case ArrivalKind::fixed: return "open";
    case ArrivalKind::poisson: return "open-poisson";
    case ArrivalKind::recorded: break;
  }
  std::string text;
  for (const Nanos time : options.record.times) text += std::to_string(time.count()) + "\n";
  return fmt::format("open-recorded:{:016x}", http::fnv1a(http::kFnvOffset, text));
}

RecordedArrivals share_of(const RecordedArrivals& record, std::size_t count, std::size_t index) {
  if (record.times.size() < count)
    throw UsageError("the record of arrivals has fewer times than there are clients");
  RecordedArrivals share{{}, record.period};
  for (std::size_t place = index; place < record.times.size(); place += count)
    share.times.push_back(record.times[place]);
  return share;
}

std::variant<RecordedArrivals, ParseError> parse_arrivals(std::string_view text) {
  RecordedArrivals record;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find('\n', at), text.size());
    const std::string_view line = trimmed(text.substr(at, end - at));
    const std::size_t begin = std::exchange(at, end + 1);
    if (line.empty() || line.front() == '#') continue;
    double seconds = 0;
    const auto parsed = std::from_chars(line.data(), line.data() + line.size(), seconds);
    const bool is_number = parsed.ec == std::errc{} && parsed.ptr == line.data() + line.size();
    if (!is_number || !(seconds >= 0 && seconds <= kTimeMax))
      return ParseError{begin, "'" + std::string{line} + "' is no time in seconds"};
    const Nanos time{std::llround(seconds * 1e9)};
    if (!record.times.empty() && time < record.times.back())
      return ParseError{begin, std::string{line} + " s is earlier than the line before"};
    record.times.push_back(time);
  }
  if (record.times.size() < 2 || record.times.back() == record.times.front())
    return ParseError{text.size(), "a record has two times at least, which differ"};
  const Nanos first = record.times.front();
  for (Nanos& time : record.times) time -= first;
  const auto spaces = static_cast<std::int64_t>(record.times.size() - 1);
  record.period = record.times.back() + std::max(Nanos{1}, record.times.back() / spaces);
  return record;
}

std::uint64_t mean_rate(const RecordedArrivals& record) noexcept {
  const double rate = static_cast<double>(record.times.size()) / to_seconds(record.period);
  return static_cast<std::uint64_t>(std::max(1.0, std::round(rate)));
}

Arrivals::Arrivals(const ArrivalOptions& options, std::uint64_t rate, std::uint64_t seed)
    : kind_{options.kind},
      record_{options.kind == ArrivalKind::recorded
                  ? std::make_shared<const RecordedArrivals>(options.record)
                  : nullptr},
      rate_{rate},
      random_{seed} {
  // A process that is as random at its start as later: the first one is a space away.
  if (kind_ == ArrivalKind::poisson) add_random_space();
  if (kind_ == ArrivalKind::recorded) next_ = recorded(0);
}

void Arrivals::advance() noexcept {
  ++index_;
  switch (kind_) {
    case ArrivalKind::fixed: next_ = even(index_); break;
    case ArrivalKind::poisson: add_random_space(); break;
    case ArrivalKind::recorded: next_ = recorded(index_); break;
  }
}

void Arrivals::add_random_space() noexcept {
  const double space_ns = -std::log1p(-uniform(random_)) * static_cast<double>(kNanosPerSecond) /
                              static_cast<double>(rate_) +
                          fraction_ns_;
  const double whole_ns = std::floor(space_ns);
  fraction_ns_ = space_ns - whole_ns;
  next_ += Nanos{static_cast<std::int64_t>(whole_ns)};
}

// Avoids the product of a long run's nanoseconds and a high rate, which would not fit.
Nanos Arrivals::even(std::uint64_t index) const noexcept {
  const std::uint64_t ns =
      index / rate_ * kNanosPerSecond + index % rate_ * kNanosPerSecond / rate_;
  return Nanos{static_cast<std::int64_t>(ns)};
}

Nanos Arrivals::recorded(std::uint64_t index) const noexcept {
  const std::uint64_t count = record_->times.size();
  return static_cast<std::int64_t>(index / count) * record_->period +
         record_->times[static_cast<std::size_t>(index % count)];
}

std::uint64_t Arrivals::count_before(Nanos time) const noexcept {
  if (kind_ == ArrivalKind::fixed) {
    const auto ns = static_cast<std::uint64_t>(std::max(Nanos{0}, time).count());
    const std::uint64_t all =
        ns / kNanosPerSecond * rate_ +
        (ns % kNanosPerSecond * rate_ + kNanosPerSecond - 1) / kNanosPerSecond;
    return all - std::min(all, index_);
  }
  std::uint64_t count = 0;
  for (Arrivals later = *this; later.next() < time; later.advance()) ++count;
  return count;
}

}  // namespace urb
