// getifaddrs(3), and the ioctls of netdevice(7) and of ethtool(8), which need no privilege.
#include "probe/link.hpp"

#include <fmt/format.h>
#include <ifaddrs.h>
#include <linux/ethtool.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <array>
#include <cstring>
#include <memory>
#include <string_view>

#include "base/fd.hpp"
#include "base/small_files.hpp"

namespace urb {
namespace {

// The legacy names of ethtool, which every driver answers for.
struct Offload {
  std::uint32_t question;
  std::string_view name;
};
constexpr std::array kOffloads{
    Offload{ETHTOOL_GRXCSUM, "rx-csum"}, Offload{ETHTOOL_GTXCSUM, "tx-csum"},
    Offload{ETHTOOL_GSG, "sg"},          Offload{ETHTOOL_GTSO, "tso"},
    Offload{ETHTOOL_GGSO, "gso"},        Offload{ETHTOOL_GGRO, "gro"}};

class Device {
 public:
  Device(int socket, std::string_view name) : socket_{socket}, name_{name} {}

  [[nodiscard]] std::optional<std::uint64_t> mtu() const {
    ifreq request = make_request();
    if (ioctl(socket_, SIOCGIFMTU, &request) != 0) return std::nullopt;
    return static_cast<std::uint64_t>(request.ifr_mtu);
  }
  [[nodiscard]] ethtool_drvinfo driver() const {
    ethtool_drvinfo info{};
    info.cmd = ETHTOOL_GDRVINFO;
    return ask(&info) ? info : ethtool_drvinfo{};
  }
  [[nodiscard]] bool has_large_receives() const {
    ethtool_value flags{};
    flags.cmd = ETHTOOL_GFLAGS;
    return ask(&flags) && (flags.data & ETH_FLAG_LRO) != 0;
  }
  [[nodiscard]] bool has(std::uint32_t question) const {
    ethtool_value value{};
    value.cmd = question;
    return ask(&value) && value.data != 0;
  }
  [[nodiscard]] std::optional<std::uint64_t> megabits() const {
    // "-1" where it is not known, and no file at all in another network's /sys.
    return parse_count(read_small_file("/sys/class/net/" + name_ + "/speed"));
  }

 private:
  [[nodiscard]] ifreq make_request() const {
    ifreq request{};
    name_.copy(request.ifr_name, sizeof request.ifr_name - 1);
    return request;
  }
  bool ask(void* question) const {
    ifreq request = make_request();
    request.ifr_data = static_cast<char*>(question);
    return ioctl(socket_, SIOCETHTOOL, &request) == 0;
  }

  int socket_;
  std::string name_;
};

// By the bus: /sys/class/net may be another network's, with devices of the same names.
std::string card_at(const std::string& bus) {
  if (bus.empty()) return {};
  std::string card;
  for (const char* const part : {"vendor", "device"}) {
    const std::string number = read_small_file("/sys/bus/pci/devices/" + bus + "/" + part);
    constexpr std::size_t kDigits = 4;  // "0x15b3"
    if (!number.starts_with("0x") || number.size() < 2 + kDigits) return {};
    card += (card.empty() ? "" : ":") + number.substr(2, kDigits);
  }
  return card;
}

bool is_same_host(const sockaddr& left, const Address& right) {
  Address address = Address::copy_of(
      left, left.sa_family == AF_INET6 ? sizeof(sockaddr_in6) : sizeof(sockaddr_in));
  address.set_port(right.port());
  return format_address(address) == format_address(right);
}

std::string device_of(const Address& local) {
  ifaddrs* raw = nullptr;
  if (getifaddrs(&raw) != 0) return {};
  const std::unique_ptr<ifaddrs, decltype(&freeifaddrs)> all{raw, freeifaddrs};
  for (const ifaddrs* one = all.get(); one != nullptr; one = one->ifa_next) {
    if (one->ifa_addr == nullptr || one->ifa_addr->sa_family != local.family()) continue;
    if (is_same_host(*one->ifa_addr, local)) return one->ifa_name;
  }
  return {};
}

}  // namespace

std::optional<Link> probe_link(const Address& local) {
  if (local.is_loopback()) return Link{.driver = "lo"};
  const std::string name = device_of(local);
  const int raw = socket(local.family(), SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (raw < 0 || name.empty()) return std::nullopt;
  const Fd any{Adopt{}, raw};
  const Device device{any.get(), name};
  const ethtool_drvinfo driver = device.driver();
  Link link;
  link.driver = driver.driver;
  link.card = card_at(driver.bus_info);
  link.mtu = device.mtu();
  link.megabits = device.megabits();
  for (const Offload& offload : kOffloads) {
    if (device.has(offload.question)) link.offloads.emplace_back(offload.name);
  }
  if (device.has_large_receives()) link.offloads.emplace_back("lro");
  return link;
}

std::optional<Address> find_local_address(const Address& remote) {
  const int raw = socket(remote.family(), SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (raw < 0) return std::nullopt;
  const Fd any{Adopt{}, raw};
  Address target = remote;
  constexpr std::uint16_t kDiscard = 9;
  if (target.port() == 0) target.set_port(kDiscard);
  if (connect(any.get(), target.raw(), target.raw_bytes()) != 0) return std::nullopt;
  return Address::of_socket(any.get());
}

std::string format_link(const Link& link) {
  std::string text = link.driver.empty() ? "unknown device" : link.driver;
  if (!link.card.empty()) text += " " + link.card;
  if (link.mtu) text += fmt::format(", mtu {}", *link.mtu);
  if (link.megabits) text += fmt::format(", {} Mbit/s", *link.megabits);
  if (!link.offloads.empty()) text += fmt::format(", offloads {}", fmt::join(link.offloads, " "));
  return text;
}

}  // namespace urb
