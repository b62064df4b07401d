#include "report/profile_cell.hpp"

#include <fmt/format.h>

#include "report/cell_texts.hpp"

namespace urb {

ProfileCellKey profile_cell_of(const ProfileRow& row) {
  return {row.mode, row.body_bytes, row.reuse, row.relay, row.buffers, row.tls, row.connections};
}

void ProfileCellNames::add(const ProfileCellKey& key) {
  // Micro-benchmarks have none of them.
  if (!key.buffers.empty()) buffers_.insert(key.buffers);
  if (!key.tls.empty()) tls_.insert(key.tls);
  if (key.connections != 0) connections_.insert(key.connections);
}

std::string ProfileCellNames::name_of(const ProfileCellKey& key) const {
  if (key.mode.starts_with("micro-")) return key.mode;
  std::string name = key.mode;
  if (!key.relay.empty()) name += " " + key.relay;
  name +=
      fmt::format(" {} {}", format_body(Bytes{key.body_bytes}), key.reuse ? "reuse" : "no reuse");
  if (buffers_.size() > 1) name += " buffers=" + key.buffers;
  if (tls_.size() > 1) name += " tls=" + key.tls;
  if (connections_.size() > 1) name += fmt::format(" connections={}", key.connections);
  return name;
}

}  // namespace urb
