#include "experiment/mechanism.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>
#include <utility>
#include <vector>

#include "net/head_reader.hpp"

namespace urb {
namespace {

constexpr std::string_view kRecvRegistered = "registered-recv";

/// One way among several, and what it has moved.
struct Way {
  std::string_view name;
  std::uint64_t bytes;
};
using Ways = std::vector<Way>;

Ways relay_ways(const Counts& counts) {
  return {Way{name_of(RelayKind::linked), counts.linked_bytes},
          Way{name_of(RelayKind::sync), counts.sync_bytes},
          Way{name_of(RelayKind::copy), counts.copied_bytes}};
}

// By their names in `buffers_used`. RECV into registered buffers has one of its own, since rows of
// older programs say `registered` of READ_FIXED.
Ways receive_ways(const Counts& counts) {
  const bool is_incremental = counts.buffers_kept != 0;
  return {Way{name_of(BufferKind::registered), counts.read_fixed_bytes},
          Way{kRecvRegistered, counts.recv_registered_bytes},
          Way{name_of(is_incremental ? BufferKind::provided_inc : BufferKind::provided),
              counts.provided_bytes},
          Way{name_of(BufferKind::plain), counts.plain_bytes}};
}

std::uint64_t total_of(const Ways& ways) {
  std::uint64_t total = 0;
  for (const Way& way : ways) total += way.bytes;
  return total;
}

bool is_within(std::uint64_t seen, std::uint64_t least, std::uint64_t most) {
  return seen >= least && seen <= most;
}

std::string format_used(const Ways& ways) {
  const std::uint64_t total = total_of(ways);
  std::string text;
  for (const Way& way : ways) {
    if (way.bytes == 0 || way.bytes * 100 < total) continue;
    text += fmt::format("{}{}", text.empty() ? "" : ";", way.name);
  }
  return text;
}

class Rules {
 public:
  Rules(const MechanismClaim& claim, std::span<const ProcessDeeds> server,
        const ClientDeeds& client)
      : claim_{claim}, mode_{*claim.mode}, server_{server}, client_{client} {
    for (const ProcessDeeds& process : server) {
      (process.role == ProcessRole::master ? master_ : workers_) += process.counts;
    }
  }

  [[nodiscard]] std::string first_broken() const {
    for (const auto rule : {&Rules::heads, &Rules::hand_over, &Rules::relay, &Rules::buffers,
                            &Rules::accepts, &Rules::placement, &Rules::handshakes}) {
      if (std::string broken = (this->*rule)(); !broken.empty()) return broken;
    }
    return {};
  }

 private:
  // Exact. A proxy reads the head of each request. Who hands connections over reads their first.
  [[nodiscard]] std::string heads() const {
    const std::uint64_t due = !mode_.reads_heads ? 0
                              : mode_.has_relay  ? client_.requests
                                                 : client_.connections;
    const std::uint64_t most = mode_.reads_heads ? due + client_.uncounted : 0;
    if (is_within(master_.heads_read, due, most)) return {};
    return mode_.has_relay ? fmt::format("the master read {} heads of {} requests",
                                         master_.heads_read, client_.requests)
                           : fmt::format("the master read {} heads of {} connections",
                                         master_.heads_read, client_.connections);
  }

  // Exact, but for connections that the client gave up: a master that reads no head passes them on.
  [[nodiscard]] std::string hand_over() const {
    const std::uint64_t due = mode_.workers_listen ? 0
                              : mode_.has_relay    ? master_.upstream_opened
                                                   : client_.connections;
    const std::uint64_t unused = mode_.reads_heads ? 0 : client_.unused_connections;
    const bool is_open = !mode_.workers_listen && !mode_.has_relay;
    const std::uint64_t most = is_open ? due + client_.uncounted + unused : due;
    if (is_within(master_.handover_connections, due, most)) return {};
    return fmt::format("the master handed over {} of {} {}", master_.handover_connections, due,
                       mode_.has_relay ? "socket pairs" : "connections");
  }

  // Exact. The relay moves all of a body that was not read with its head, and in one way only.
  [[nodiscard]] std::string relay() const {
    if (!mode_.has_relay) return {};
    const Ways ways = relay_ways(master_);
    const std::uint64_t with_heads = std::min(client_.body_bytes, master_.bodies_with_heads);
    const std::uint64_t due = client_.body_bytes - with_heads;
    if (total_of(ways) < due) {
      return fmt::format("its relay moved {} of {} bytes that did not come with a head",
                         total_of(ways), due);
    }
    return other_way(ways, name_of(claim_.relay));
  }

  // No byte another way: a pool is of one kind, and its ring knows which receive it has. All bytes
  // in it, but for those that a head's reader may have handed over with the connection. A buffer
  // that is filled bit by bit is kept by the kernel after the first bit.
  [[nodiscard]] std::string buffers() const {
    const Ways ways = receive_ways(workers_);
    const bool come_with_heads = mode_.reads_heads && !mode_.has_relay;
    const std::uint64_t handed_over =
        come_with_heads ? master_.handover_connections * kHeadReadArea : 0;
    const std::uint64_t due = client_.body_bytes - std::min(client_.body_bytes, handed_over);
    if (total_of(ways) < due) {
      return fmt::format("the workers received {} of {} bytes", total_of(ways), due);
    }
    const bool receives = std::any_of(server_.begin(), server_.end(), [](const auto& process) {
      return process.used.has(Feature::recv_registered);
    });
    const std::string_view claimed = name_of(claim_.buffers);
    const bool is_recv = claim_.buffers == BufferKind::registered && receives;
    return other_way(ways, claimed, is_recv ? kRecvRegistered : claimed);
  }

  // A multishot accept is armed once. It ends with an error, or where the completion queue is full.
  // One for each four connections is allowed, since a kernel may end it for reasons of its own.
  [[nodiscard]] std::string accepts() const {
    for (const ProcessDeeds& process : server_) {
      if (!process.used.has(Feature::accept_multishot)) continue;
      const Counts& counts = process.counts;
      const std::uint64_t most =
          1 + counts.accept_errors + counts.cq_overflowed + counts.connections_opened / 4;
      if (counts.accepts_armed <= most) continue;
      return fmt::format("its multishot accept was armed {} times for {} connections",
                         counts.accepts_armed, counts.connections_opened);
    }
    return {};
  }

  // Exact, but for connections that the client gave up.
  [[nodiscard]] std::string handshakes() const {
    const std::uint64_t due = claim_.has_tls ? client_.connections : 0;
    const std::uint64_t most =
        claim_.has_tls ? due + client_.uncounted + client_.unused_connections : 0;
    if (is_within(workers_.handshakes, due, most)) return {};
    return fmt::format("the workers completed {} handshakes of {} connections", workers_.handshakes,
                       client_.connections);
  }

  // Each connection that a worker has got was the program's choice, or none was. rr: in turn, so
  // that no worker has more than one above its share; a tenth is allowed for late packets of
  // connections that are over, which take a turn.
  [[nodiscard]] std::string placement() const {
    const bool has_program =
        mode_.workers_listen && (claim_.policy == Policy::rr || claim_.policy == Policy::least);
    const std::uint64_t placed = workers_.kernel_placed;
    if (!has_program && placed != 0) {
      return fmt::format("a program chose the workers of {} connections", placed);
    }
    if (!has_program) return {};
    if (placed < client_.connections) {
      return fmt::format("the program chose the workers of {} of {} connections", placed,
                         client_.connections);
    }
    if (claim_.policy != Policy::rr) return {};
    const std::size_t count = server_.size() - 1;
    const std::uint64_t most = placed / count + placed / 10 + 1;
    for (const ProcessDeeds& process : server_) {
      if (process.role == ProcessRole::master || process.counts.kernel_placed <= most) continue;
      return fmt::format("rr gave {} of {} connections to one of {} workers",
                         process.counts.kernel_placed, placed, count);
    }
    return {};
  }

  static std::string other_way(const Ways& ways, std::string_view claimed) {
    return other_way(ways, claimed, claimed);
  }
  static std::string other_way(const Ways& ways, std::string_view claimed, std::string_view due) {
    for (const Way& way : ways) {
      if (way.name == due || way.bytes == 0) continue;
      return fmt::format("{}: {} of {} bytes went by {}", claimed, way.bytes, total_of(ways),
                         way.name);
    }
    return {};
  }

  const MechanismClaim& claim_;
  const Mode& mode_;
  std::span<const ProcessDeeds> server_;
  const ClientDeeds& client_;
  Counts master_;
  Counts workers_;
};

}  // namespace

std::vector<ProcessDeeds> read_deeds(std::span<const ServerProcess> processes) {
  std::vector<ProcessDeeds> deeds;
  for (const ServerProcess& process : processes) {
    deeds.push_back({process.role, Counts{*process.counters},
                     Features::of_bits(process.counters->features.get())});
  }
  return deeds;
}

std::string find_broken_claim(const MechanismClaim& claim, std::span<const ProcessDeeds> server,
                              const ClientDeeds& client) {
  const std::string broken = Rules{claim, server, client}.first_broken();
  return broken.empty() ? broken : fmt::format("mechanism: {}, but {}", claim.mode->name, broken);
}

void fill_mechanism(Row& row, const Counts& counts) {
  row.buffers_used = format_used(receive_ways(counts));
  row.heads_by_master = counts.heads_read;
  row.handover_messages = counts.handover_messages;
  row.handover_sockets = counts.handover_connections;
  if (row.relay.empty()) return;
  row.relay_used = format_used(relay_ways(counts));
  row.spliced_bytes = counts.linked_bytes + counts.sync_bytes;
  row.copied_bytes = counts.copied_bytes + counts.forwarded_bytes;
}

void fill_placement(Row& row, std::uint64_t kernel_placed) {
  const Mode* const mode = find_mode(row.mode);
  if (mode == nullptr) return;
  row.placed_by = !mode->workers_listen                   ? "master"
                  : kernel_placed != 0                    ? "program"
                  : row.policy == name_of(Policy::random) ? "filter"
                                                          : "hash";
}

}  // namespace urb
