#include "remote/client_crew.hpp"

#include <fmt/format.h>
#include <poll.h>

#include <algorithm>
#include <stdexcept>
#include <utility>

#include "base/error.hpp"
#include "probe/namespaces.hpp"
#include "remote/crew_load.hpp"
#include "remote/merged_load.hpp"

namespace urb {
namespace {

void await(ClientProcess& process, Nanos deadline) {
  pollfd waiting{process.fd(), POLLIN, 0};
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - monotonic_now());
  poll(&waiting, 1, static_cast<int>(std::clamp<std::int64_t>(left.count(), 0, 1000)));
}

}  // namespace

struct ClientCrew::Member {
  std::string via;
  std::vector<std::string> command;
  std::unique_ptr<ClientProcess> process;
  ClientHello hello;
  std::optional<pid_t> pid_here;
  ClientUse use;  // so far
};

ClientCrew::ClientCrew(CrewSetup setup) : setup_{std::move(setup)} {
  for (const std::string& via : setup_.via) {
    auto words = split_command(via);
    if (const auto* const error = std::get_if<ParseError>(&words))
      throw UsageError(fmt::format("--client-via '{}': {}", via, error->message));
    auto member = std::make_unique<Member>();
    member->via = via;
    member->command =
        client_command(std::get<std::vector<std::string>>(std::move(words)), setup_.program);
    members_.push_back(std::move(member));
  }
}

ClientCrew::~ClientCrew() = default;

void ClientCrew::make_ready() {
  for (const auto& member : members_) {
    if (member->process && !member->process->is_over()) static_cast<void>(member->process->take());
    if (!member->process || member->process->is_over()) start(*member);
  }
}

void ClientCrew::start(Member& member) {
  member.process = std::make_unique<ClientProcess>(member.command);
  const Nanos deadline = monotonic_now() + kStartMax;
  while (monotonic_now() < deadline) {
    for (ClientMessage& message : member.process->take()) {
      if (auto* const hello = std::get_if<ClientHello>(&message)) {
        member.hello = std::move(*hello);
        check_hello(member);
        const bool is_here = member.hello.boot_id == setup_.boot_id;
        member.pid_here =
            is_here ? find_process(member.hello.pid_namespace, member.hello.pid) : std::nullopt;
        return;
      }
    }
    if (member.process->is_over()) {
      const std::string end = member.process->describe_end();
      member.process.reset();
      throw std::runtime_error(
          fmt::format("the client '{}' {}; is uring-bench {} there, in the same place or on PATH?",
                      member.via, end, setup_.version));
    }
    await(*member.process, deadline);
  }
  member.process.reset();
  throw std::runtime_error(fmt::format("the client '{}' did not answer within 60 s", member.via));
}

void ClientCrew::check_hello(const Member& member) const {
  const ClientHello& hello = member.hello;
  if (hello.version != setup_.version) {
    throw UsageError(
        fmt::format("the client '{}' is uring-bench {}, and this is {}: copy this one "
                    "there",
                    member.via, hello.version, setup_.version));
  }
  const bool shares_network =
      hello.boot_id == setup_.boot_id && hello.network == own_namespace("net");
  if (setup_.listen.is_loopback() && !shares_network) {
    throw UsageError(
        fmt::format("the client '{}' does not reach {} of this network: give the "
                    "address that it reaches by --listen ADDR:0",
                    member.via, format_address(setup_.listen)));
  }
}

std::vector<pid_t> ClientCrew::pids_here() const {
  std::vector<pid_t> pids;
  for (const auto& member : members_) {
    if (member->process && member->pid_here) pids.push_back(*member->pid_here);
  }
  return pids;
}

// Those of other namespaces are strangers to it, and show as such.
std::vector<pid_t> ClientCrew::companions_of(const Member& member) const {
  std::vector<pid_t> pids;
  for (const auto& other : members_) {
    const ClientHello& hello = other->hello;
    if (other.get() != &member && hello.boot_id == member.hello.boot_id &&
        hello.pid_namespace == member.hello.pid_namespace) {
      pids.push_back(hello.pid);
    }
  }
  return pids;
}

std::string ClientCrew::hosts() const {
  std::vector<std::string> names;
  for (const auto& member : members_) {
    if (std::find(names.begin(), names.end(), member->hello.host) == names.end())
      names.push_back(member->hello.host);
  }
  return fmt::format("{}", fmt::join(names, ";"));
}

std::string ClientCrew::shares() const {
  std::string lines;
  for (const auto& member : members_)
    lines += fmt::format("The client '{}': {}\n", member->via, describe_use(member->use));
  return lines;
}

FarLoad ClientCrew::run(const LoadOptions& options, const LoadHooks& hooks,
                        const std::atomic<bool>& stop) {
  const std::vector<LoadOptions> shares = split_load(options, members_.size());
  std::vector<CrewMember> crew;
  for (std::size_t index = 0; index < members_.size(); ++index) {
    Member& member = *members_[index];
    // Its own host is looked after by this process.
    const bool is_elsewhere = member.hello.boot_id != setup_.boot_id;
    member.process->say(ClientOrder{shares[index], companions_of(member), is_elsewhere});
    crew.push_back({.name = member.via,
                    .host = member.hello.host,
                    .is_elsewhere = is_elsewhere,
                    .process = *member.process});
  }
  CrewLoad load{std::move(crew), hooks, stop, kSilenceMax};
  load.run();
  for (std::size_t index = 0; index < members_.size(); ++index) {
    if (const std::optional<ClientReport>& report = load.members()[index].report)
      members_[index]->use.add(report->load, report->cpu);
  }
  return load.sum_up(setup_.listen);
}

}  // namespace urb
