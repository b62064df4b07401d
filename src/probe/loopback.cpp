#include "probe/loopback.hpp"

#include <net/if.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstring>

#include "base/address.hpp"
#include "base/error.hpp"
#include "base/fd.hpp"

namespace urb {
namespace {

// A handshake with oneself takes microseconds, but a busy machine may take long.
constexpr int kPatienceMs = 5000;

void connect_once() {
  const Fd listener{Adopt{}, check(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), "socket")};
  const Address any = Address::loopback(0);
  check(bind(listener.get(), any.raw(), any.raw_bytes()), "bind to 127.0.0.1");
  check(listen(listener.get(), 1), "listen");
  const Address address = Address::of_socket(listener.get());
  const Fd client{Adopt{},
                  check(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0), "socket")};
  if (connect(client.get(), address.raw(), address.raw_bytes()) == 0) return;
  if (errno != EINPROGRESS) throw_errno("connect to 127.0.0.1");
  pollfd connected{client.get(), POLLOUT, 0};
  int error = 0;
  socklen_t bytes = sizeof error;
  if (poll(&connected, 1, kPatienceMs) <= 0) {
    error = ETIMEDOUT;
  } else {
    check(getsockopt(client.get(), SOL_SOCKET, SO_ERROR, &error, &bytes), "getsockopt SO_ERROR");
  }
  if (error != 0) throw SysError("connect to 127.0.0.1", error, hint_for_errno(error));
}

}  // namespace

std::string find_loopback_down() {
  ifreq loopback{};
  std::strcpy(loopback.ifr_name, "lo");
  const int raw = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (raw < 0) return {};
  const Fd any{Adopt{}, raw};
  if (ioctl(any.get(), SIOCGIFFLAGS, &loopback) != 0) return {};
  if ((loopback.ifr_flags & IFF_UP) != 0) return {};
  return "the loopback device is down: ip link set lo up";
}

std::string find_loopback_problem() {
  if (std::string down = find_loopback_down(); !down.empty()) return down;
  try {
    connect_once();
    return {};
  } catch (const SysError& error) {
    return std::string{"no connection over the loopback device: "} + error.what();
  }
}

void require_loopback() {
  if (const std::string problem = find_loopback_problem(); !problem.empty()) {
    throw Unsupported(problem);
  }
}

}  // namespace urb
