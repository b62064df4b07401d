// Records with types, and whether the kernel knows them.
#include "net/kernel_tls.hpp"

#include <linux/tls.h>
#include <netinet/tcp.h>

#include <algorithm>
#include <cstring>
#include <string_view>

#include "base/address.hpp"
#include "base/fd.hpp"

namespace urb {
namespace {

// RFC 8446, 5.1 and 6.
constexpr unsigned char kAlert = 21;
constexpr unsigned char kData = 23;
constexpr std::byte kWarning{1};
constexpr std::byte kFatal{2};
constexpr std::byte kCloseNotify{0};
constexpr std::byte kUnexpectedMessage{10};

/// An alert with its type, as SENDMSG takes it.
struct Alert {
  Alert(std::byte level, std::byte description) noexcept : bytes{level, description} {
    part = {bytes.data(), bytes.size()};
    message.msg_iov = &part;
    message.msg_iovlen = 1;
    message.msg_control = control.data();
    message.msg_controllen = control.size();
    cmsghdr* const type = CMSG_FIRSTHDR(&message);
    type->cmsg_level = SOL_TLS;
    type->cmsg_type = TLS_SET_RECORD_TYPE;
    type->cmsg_len = CMSG_LEN(sizeof kAlert);
    std::memcpy(CMSG_DATA(type), &kAlert, sizeof kAlert);
    message.msg_controllen = type->cmsg_len;
  }
  Alert(const Alert&) = delete;
  Alert& operator=(const Alert&) = delete;
  ~Alert() = default;

  std::array<std::byte, 2> bytes;
  iovec part{};
  msghdr message{};
  alignas(cmsghdr) std::array<std::byte, CMSG_SPACE(sizeof kAlert)> control{};
};

/// The two ends of a connection to oneself.
struct Loop {
  Fd client;
  Fd server;
};

// Empty ends where there is no loopback, which others say.
Loop connect_to_self() {
  const Address any = Address::loopback(0);
  const Fd listener{Adopt{}, socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)};
  if (!listener.is_open() || bind(listener.get(), any.raw(), any.raw_bytes()) != 0 ||
      listen(listener.get(), 1) != 0) {
    return {};
  }
  const Address here = Address::of_socket(listener.get());
  Loop loop{Fd{Adopt{}, socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)}, {}};
  if (connect(loop.client.get(), here.raw(), here.raw_bytes()) != 0) return {};
  loop.server = Fd{Adopt{}, accept4(listener.get(), nullptr, nullptr, SOCK_CLOEXEC)};
  return loop;
}

}  // namespace

std::string find_kernel_tls_obstacle() {
  const Loop loop = connect_to_self();
  if (!loop.server.is_open()) return {};
  constexpr std::string_view kProtocol = "tls";
  if (setsockopt(loop.server.get(), IPPROTO_TCP, TCP_ULP, kProtocol.data(), kProtocol.size()) !=
      0) {
    return std::string{"this kernel seals no TLS records ("} + std::strerror(errno) +
           "): modprobe tls, or take a kernel with CONFIG_TLS (6.1 or newer); or use --tls worker";
  }
  // Keys of a connection that carries nothing.
  tls12_crypto_info_aes_gcm_128 keys{};
  keys.info.version = TLS_1_2_VERSION;
  keys.info.cipher_type = TLS_CIPHER_AES_GCM_128;
  for (const int direction : {TLS_TX, TLS_RX}) {
    if (setsockopt(loop.server.get(), SOL_TLS, direction, &keys, sizeof keys) == 0) continue;
    return std::string{"this kernel takes no keys of AES-128-GCM ("} + std::strerror(errno) +
           "): modprobe gcm, with ctr and ghash-generic; or use --tls worker";
  }
  return {};
}

void RecordReceive::set(std::span<std::byte> first, std::span<std::byte> rest) noexcept {
  parts_ = {{{first.data(), first.size()}, {rest.data(), rest.size()}}};
  message_ = {};
  message_.msg_iov = parts_.data();
  message_.msg_iovlen = rest.empty() ? 1 : 2;
  message_.msg_control = control_.data();
  message_.msg_controllen = control_.size();
}

void RecordReceive::prep(io_uring_sqe* sqe, const Socket& from,
                         std::span<std::byte> rest) noexcept {
  set(first_, rest);
  from.prep_recvmsg(sqe, message_);
}

void RecordReceive::prep(io_uring_sqe* sqe, int fd) noexcept {
  set(first_, {});
  io_uring_prep_recvmsg(sqe, fd, &message_, 0);
}

int RecordReceive::receive_now(int fd) noexcept {
  set(first_, {});
  const ssize_t received = recvmsg(fd, &message_, MSG_DONTWAIT);
  return received < 0 ? -errno : static_cast<int>(received);
}

int RecordReceive::receive_now(int fd, std::span<std::byte> into) noexcept {
  set(into, {});
  const ssize_t received = recvmsg(fd, &message_, MSG_DONTWAIT);
  if (received < 0) return -errno;
  const auto bytes = into.first(std::min(static_cast<std::size_t>(received), first_.size()));
  std::copy(bytes.begin(), bytes.end(), first_.begin());
  return static_cast<int>(received);
}

RecordEvent RecordReceive::event(int result) const noexcept {
  if (result == 0) return RecordEvent::end;
  if (result == -EINTR || result == -EAGAIN || result == -ECANCELED) return RecordEvent::nothing;
  if (result < 0) return RecordEvent::failed;
  const cmsghdr* const type = CMSG_FIRSTHDR(&message_);
  // A socket without TLS says no type.
  if (type == nullptr || type->cmsg_level != SOL_TLS || type->cmsg_type != TLS_GET_RECORD_TYPE) {
    return RecordEvent::data;
  }
  const unsigned char kind = *CMSG_DATA(type);
  if (kind == kData) return RecordEvent::data;
  if (kind != kAlert) return RecordEvent::refused;
  if (result < 2 || first_[0] != kWarning) return RecordEvent::failed;
  return first_[1] == kCloseNotify ? RecordEvent::end : RecordEvent::nothing;
}

const msghdr& end_message() noexcept {
  static const Alert end{kWarning, kCloseNotify};
  return end.message;
}

const msghdr& refusal_message() noexcept {
  static const Alert refusal{kFatal, kUnexpectedMessage};
  return refusal.message;
}

}  // namespace urb
