// Socket pairs between master and workers.
#include "net/upstream_pool.hpp"

#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <utility>

namespace urb {
namespace {

// A full 1 MiB pipe fits into the socket in one go, with room for the kernel's own accounting of
// page fragments. Above net.core.wmem_max the kernel caps it silently, at the cost of more, shorter
// splices.
constexpr int kSendBufferBytes = 4 * 1024 * 1024;

// An idle connection has nothing to say: bytes would be taken for the next answer, and an end, of a
// worker that has died, would fail the next request.
bool is_quiet(int socket) noexcept {
  char byte = 0;
  return recv(socket, &byte, 1, MSG_PEEK | MSG_DONTWAIT) < 0 && errno == EAGAIN;
}

}  // namespace

std::array<Fd, 2> make_upstream_pair() noexcept {
  int ends[2];
  if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends) != 0) return {};
  for (const int end : ends) {
    // A smaller buffer is slower, not wrong.
    [[maybe_unused]] const int set =
        setsockopt(end, SOL_SOCKET, SO_SNDBUF, &kSendBufferBytes, sizeof kSendBufferBytes);
  }
  return {Fd{Adopt{}, ends[0]}, Fd{Adopt{}, ends[1]}};
}

UpstreamPool::UpstreamPool(HandoverSender& sender, unsigned worker_count, std::size_t idle_capacity,
                           Nanos idle_max, Counters& counters)
    : sender_{sender},
      counters_{counters},
      idle_max_{std::min(idle_max, kUpstreamIdleMax)},
      idle_(worker_count) {
  for (auto& connections : idle_) connections.reserve(idle_capacity);
}

Fd UpstreamPool::take(unsigned worker) noexcept {
  std::vector<Idle>& idle = idle_[worker];
  while (!idle.empty()) {
    Fd upstream = std::move(idle.back().socket);
    idle.pop_back();
    if (!is_quiet(upstream.get())) continue;
    counters_.upstream_reused.add();
    return upstream;
  }
  std::array<Fd, 2> ends = make_upstream_pair();
  if (!ends[0].is_open()) {
    counters_.count_shortage(errno);
    return {};
  }
  counters_.upstream_opened.add();
  counters_.connections_opened.add();  // the sender counts its end
  sender_.give(worker, std::move(ends[1]));
  return std::move(ends[0]);
}

void UpstreamPool::put_back(unsigned worker, Fd upstream, Nanos now) noexcept {
  std::vector<Idle>& idle = idle_[worker];
  if (idle.size() < idle.capacity()) idle.push_back({std::move(upstream), now});
}

// Taken from the end and put back there, so the first is the one that has been idle for longest.
Nanos UpstreamPool::next_deadline() const noexcept {
  Nanos earliest = kNever;
  for (const auto& idle : idle_) {
    if (!idle.empty()) earliest = std::min(earliest, idle.front().since + idle_max_);
  }
  return earliest;
}

void UpstreamPool::on_deadline(Nanos now) noexcept {
  for (auto& idle : idle_) {
    const auto fresh = std::find_if(idle.begin(), idle.end(),
                                    [&](const Idle& one) { return one.since + idle_max_ > now; });
    idle.erase(idle.begin(), fresh);
  }
}

void UpstreamPool::clear() noexcept {
  for (auto& connections : idle_) connections.clear();
}

}  // namespace urb
