// What a packet of this host goes through on its way to another one: driver, size, offloads.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/address.hpp"

namespace urb {

struct Link {
  std::string driver;  ///< "veth", "virtio_net", "mlx5_core"; "lo" of loopback
  std::string card;    ///< "15b3:101d": vendor and device on PCI; empty for what is on none
  std::optional<std::uint64_t> mtu;
  std::optional<std::uint64_t> megabits;  ///< by second, as the device claims; virtual ones do not
  std::vector<std::string> offloads;      ///< that are on: rx-csum, tx-csum, sg, tso, gso, gro, lro
};

/// Of the device that has this address. Empty where none has it.
[[nodiscard]] std::optional<Link> probe_link(const Address& local);
/// From which of this host's addresses `remote` is reached, by the table of routes: no packet is
/// sent. Empty where there is no route.
[[nodiscard]] std::optional<Address> find_local_address(const Address& remote);
/// "veth, mtu 1500, offloads tx-csum sg tso gso gro", "mlx5_core 15b3:101d, mtu 9000, …".
[[nodiscard]] std::string format_link(const Link& link);

}  // namespace urb
