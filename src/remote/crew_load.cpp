#include "remote/crew_load.hpp"

#include <fmt/format.h>
#include <poll.h>

#include <algorithm>
#include <set>

#include "base/error.hpp"
#include "probe/link.hpp"
#include "remote/merged_load.hpp"

namespace urb {
namespace {

constexpr Nanos kTick = std::chrono::milliseconds{100};

}  // namespace

void CrewLoad::run() {
  while (!is_done()) {
    wait();
    for (CrewMember& member : members_) listen_to(member);
    advance();
  }
}

bool CrewLoad::is_done() const {
  return std::all_of(members_.begin(), members_.end(),
                     [](const CrewMember& member) { return member.is_done(); });
}

void CrewLoad::wait() const {
  std::vector<pollfd> waiting;
  for (const CrewMember& member : members_)
    waiting.push_back({member.is_done() ? -1 : member.process.fd(), POLLIN, 0});
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(next_tick_ - monotonic_now());
  poll(waiting.data(), waiting.size(), static_cast<int>(std::max<std::int64_t>(left.count(), 0)));
}

void CrewLoad::listen_to(CrewMember& member) {
  if (member.is_done()) return;
  for (ClientMessage& message : member.process.take()) hear(member, message);
  if (member.is_done()) return;
  if (member.process.is_over()) {
    fail(member, member.process.describe_end());
  } else if (monotonic_now() - std::max(member.process.heard_at(), begun_at_) > silence_max_) {
    member.process.kill();
    fail(member, fmt::format("has said nothing for {:g} s", to_seconds(silence_max_)));
  }
}

void CrewLoad::hear(CrewMember& member, ClientMessage& message) {
  if (const auto* const word = std::get_if<ClientWord>(&message)) {
    member.may_begin = member.may_begin || *word == ClientWord::ready_to_begin;
    has_ended_window_ = has_ended_window_ || *word == ClientWord::ended;
  } else if (const auto* const progress = std::get_if<ClientProgress>(&message)) {
    member.progress = *progress;
  } else if (auto* const report = std::get_if<ClientReport>(&message)) {
    // Before the window it has failed, and says how.
    if (phase_ == Phase::warmup) end_all();
    member.report = std::move(*report);
  } else if (auto* const failure = std::get_if<ClientFailure>(&message)) {
    member.failure = std::move(*failure);
    end_all();
  }
}

void CrewLoad::fail(CrewMember& member, std::string why) {
  member.failure = ClientFailure{std::move(why), false};
  end_all();
}

void CrewLoad::advance() {
  const bool may_all_begin = std::all_of(members_.begin(), members_.end(),
                                         [](const CrewMember& each) { return each.may_begin; });
  if (phase_ == Phase::warmup && may_all_begin && !is_stopping_) {
    if (hooks_.on_window_begin) hooks_.on_window_begin();
    say_to_all(ClientWord::go);
    phase_ = Phase::window;
  }
  if (phase_ == Phase::window && has_ended_window_) {
    if (hooks_.on_window_end) hooks_.on_window_end();
    phase_ = Phase::over;
  }
  if (stop_.load()) end_all();
  if (monotonic_now() >= next_tick_) tell_progress();
}

void CrewLoad::tell_progress() {
  next_tick_ = monotonic_now() + kTick;
  ClientProgress all;
  for (const CrewMember& member : members_) {
    all.elapsed = std::max(all.elapsed, member.progress.elapsed);
    all.requests += member.progress.requests;
  }
  if (hooks_.on_progress && !hooks_.on_progress(all.elapsed, all.requests)) end_all();
}

void CrewLoad::end_all() {
  if (!is_stopping_) say_to_all(ClientWord::stop);
  is_stopping_ = true;
}

void CrewLoad::say_to_all(ClientWord word) {
  for (CrewMember& member : members_) {
    if (!member.is_done()) member.process.say(word);
  }
}

FarLoad CrewLoad::sum_up(const Address& listen) const {
  FarLoad all;
  std::vector<ClientShare> shares;
  std::set<std::string> reasons;
  std::vector<std::string> links;
  const auto add_link = [&links](const std::string& link) {
    if (link.empty() || std::find(links.begin(), links.end(), link) != links.end()) return;
    links.push_back(link);
  };
  if (const std::optional<Link> own = probe_link(listen)) add_link(format_link(*own));
  for (const CrewMember& member : members_) {
    if (member.failure) {
      const std::string text = fmt::format("the client '{}' {}", member.name, member.failure->text);
      if (member.failure->is_unsupported) throw Unsupported(text);
      if (all.problem.empty()) all.problem = text;
      continue;
    }
    const ClientReport& report = *member.report;
    shares.push_back({member.name, report.load, report.cpu});
    all.cpu += report.cpu;
    all.throttled = std::max(all.throttled, report.throttled);
    add_link(report.link);
    if (!member.is_elsewhere) continue;
    all.has_full_host = all.has_full_host || report.has_full_host;
    all.is_blind = all.is_blind || report.is_blind;
    std::string_view rest = report.disturbed;
    while (!rest.empty()) {
      const std::size_t end = std::min(rest.find(';'), rest.size());
      reasons.insert(fmt::format("client-{}", rest.substr(0, end)));
      rest.remove_prefix(std::min(end + 1, rest.size()));
    }
    if (!report.disturber.empty() && all.disturber.empty() && !report.disturbed.empty())
      all.disturber = fmt::format("{} on {}", report.disturber, member.host);
  }
  if (!shares.empty()) all.result = merge_loads(shares);
  all.disturbed = fmt::format("{}", fmt::join(reasons, ";"));
  all.link = fmt::format("{}", fmt::join(links, "; "));
  return all;
}

}  // namespace urb
