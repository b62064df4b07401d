// Requests to NETLINK_SOCK_DIAG, see sock_diag(7), and /proc/net/tcp where it has no TCP sockets.
#include "support/socket_table.hpp"

#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <linux/tcp.h>  // not netinet/tcp.h, whose tcp_info ends too early
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <sstream>
#include <string>

#include "base/error.hpp"
#include "base/fd.hpp"

namespace urb::test {
namespace {

// Numbers of the states, as in /proc/net/tcp; linux/tcp.h does not name them.
constexpr unsigned kEstablished = 1;
constexpr unsigned kTimeWait = 6;
constexpr unsigned kCloseWait = 8;
constexpr unsigned kListen = 10;

struct Query {
  nlmsghdr header{};
  inet_diag_req_v2 body{};
};

Query make_query(const Address& local, unsigned flags) {
  Query query;
  query.header.nlmsg_len = sizeof query;
  query.header.nlmsg_type = SOCK_DIAG_BY_FAMILY;
  query.header.nlmsg_flags = static_cast<std::uint16_t>(NLM_F_REQUEST | flags);
  query.body.sdiag_family = static_cast<std::uint8_t>(local.family());
  query.body.sdiag_protocol = IPPROTO_TCP;
  query.body.idiag_states = ~0U;
  query.body.id.idiag_sport = htons(local.port());
  query.body.id.idiag_cookie[0] = INET_DIAG_NOCOOKIE;
  query.body.id.idiag_cookie[1] = INET_DIAG_NOCOOKIE;
  return query;
}

void copy_ip(const Address& address, __be32* out) {
  if (address.family() == AF_INET) {
    std::memcpy(out, &reinterpret_cast<const sockaddr_in*>(address.raw())->sin_addr, 4);
  } else {
    std::memcpy(out, &reinterpret_cast<const sockaddr_in6*>(address.raw())->sin6_addr, 16);
  }
}

Fd send_query(const Query& query) {
  Fd netlink{Adopt{}, check(socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_SOCK_DIAG),
                            "socket NETLINK_SOCK_DIAG")};
  check(send(netlink.get(), &query, sizeof query, 0), "send to NETLINK_SOCK_DIAG");
  return netlink;
}

// Calls `see` for each socket of the answer until there are no more; false after an error.
template <class F>
bool read_answer(const Fd& netlink, bool is_dump, F&& see) {
  alignas(nlmsghdr) std::array<char, 32 * 1024> memory;
  for (;;) {
    const ssize_t size =
        check(recv(netlink.get(), memory.data(), memory.size(), 0), "recv from NETLINK_SOCK_DIAG");
    auto left = static_cast<unsigned>(size);
    for (auto* part = reinterpret_cast<nlmsghdr*>(memory.data()); NLMSG_OK(part, left);
         part = NLMSG_NEXT(part, left)) {
      if (part->nlmsg_type == NLMSG_DONE) return true;
      if (part->nlmsg_type == NLMSG_ERROR) return false;
      see(*part, *static_cast<const inet_diag_msg*>(NLMSG_DATA(part)));
      if (!is_dump) return true;
    }
  }
}

// From the tcp_info that follows the fixed part.
std::optional<std::uint64_t> received_bytes(const nlmsghdr& header) {
  const auto* const end = reinterpret_cast<const char*>(&header) + header.nlmsg_len;
  const auto* at = static_cast<const char*>(NLMSG_DATA(&header)) + sizeof(inet_diag_msg);
  while (at + sizeof(nlattr) <= end) {
    const auto* const attribute = reinterpret_cast<const nlattr*>(at);
    const std::size_t size = attribute->nla_len - NLA_HDRLEN;
    tcp_info info{};
    if (attribute->nla_type == INET_DIAG_INFO && size >= offsetof(tcp_info, tcpi_segs_out)) {
      std::memcpy(&info, at + NLA_HDRLEN, std::min(size, sizeof info));
      return info.tcpi_bytes_received;
    }
    at += NLA_ALIGN(attribute->nla_len);
  }
  return {};
}

// Closed by its process but not yet by TCP, a socket belongs to nobody and goes away by itself.
bool has_owner(std::uint64_t inode, unsigned state) {
  return inode != 0 || state == kEstablished || state == kCloseWait;
}

// What a guest has, whose kernel comes without the module tcp_diag. A line is a socket: its number,
// both addresses as IP:PORT in hexadecimal, its state likewise, five fields, and its inode.
std::size_t connected_sockets_of_proc(const Address& local) {
  std::ifstream file{local.family() == AF_INET ? "/proc/net/tcp" : "/proc/net/tcp6"};
  std::string line;
  if (!std::getline(file, line)) throw SysError("/proc/net/tcp", ENOENT, "load module tcp_diag");
  std::size_t count = 0;
  while (std::getline(file, line)) {
    std::istringstream fields{line};
    std::string number, ours, theirs, skipped;
    unsigned state = 0;
    std::uint64_t inode = 0;
    fields >> number >> ours >> theirs >> std::hex >> state >> std::dec;
    for (int field = 0; field < 5; ++field) fields >> skipped;
    fields >> inode;
    const std::size_t colon = ours.rfind(':');
    if (!fields || colon == std::string::npos) throw SysError("line of /proc/net/tcp", EINVAL);
    if (state == kListen || state == kTimeWait || !has_owner(inode, state)) continue;
    count += std::stoul(ours.substr(colon + 1), nullptr, 16) == local.port() ? 1 : 0;
  }
  return count;
}

}  // namespace

std::optional<std::uint64_t> bytes_read(const Address& local, const Address& peer) {
  Query query = make_query(local, 0);
  query.body.idiag_ext = 1U << (INET_DIAG_INFO - 1);
  query.body.id.idiag_dport = htons(peer.port());
  copy_ip(local, query.body.id.idiag_src);
  copy_ip(peer, query.body.id.idiag_dst);
  const Fd netlink = send_query(query);
  std::optional<std::uint64_t> found;
  read_answer(netlink, false, [&](const nlmsghdr& header, const inet_diag_msg& socket) {
    if (const auto received = received_bytes(header)) found = *received - socket.idiag_rqueue;
  });
  return found;
}

std::size_t connected_sockets(const Address& local) {
  Query query = make_query(local, NLM_F_DUMP);
  query.body.idiag_states &= ~((1U << kListen) | (1U << kTimeWait));
  const Fd netlink = send_query(query);
  std::size_t count = 0;
  const auto is_ours = [&](const inet_diag_msg& socket) {
    return has_owner(socket.idiag_inode, socket.idiag_state) &&
           ntohs(socket.id.idiag_sport) == local.port();
  };
  const bool complete =
      read_answer(netlink, true, [&](const nlmsghdr&, const inet_diag_msg& socket) {
        if (is_ours(socket)) ++count;
      });
  return complete ? count : connected_sockets_of_proc(local);
}

}  // namespace urb::test
