// What a profile is of, and how tables and pictures call it.
#pragma once

#include <compare>
#include <cstdint>
#include <set>
#include <string>

#include "profile/profile_row.hpp"

namespace urb {

/// What must be the same for two profiles to be compared.
struct ProfileCellKey {
  std::string mode;
  std::uint64_t body_bytes = 0;
  bool reuse = false;
  std::string relay;
  std::string buffers;
  std::string tls;
  unsigned connections = 0;
  auto operator<=>(const ProfileCellKey&) const = default;
};

[[nodiscard]] ProfileCellKey profile_cell_of(const ProfileRow& row);

/// "passthru linked 1MB reuse", and what else the cells differ in: "buffers=plain".
class ProfileCellNames {
 public:
  /// Takes a cell in. A name is final when all of them are.
  void add(const ProfileCellKey& key);
  [[nodiscard]] std::string name_of(const ProfileCellKey& key) const;

 private:
  std::set<std::string> buffers_;
  std::set<std::string> tls_;
  std::set<unsigned> connections_;
};

}  // namespace urb
