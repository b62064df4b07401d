#include "cli/resolver.hpp"

#include <fmt/format.h>
#include <netdb.h>
#ifdef __GLIBC__
#include <nss.h>
#endif

#include <cerrno>
#include <cstring>
#include <memory>
#include <stdexcept>

namespace urb {
namespace {

std::string reason_of(int error) {
  return error == EAI_SYSTEM ? std::strerror(errno) : gai_strerror(error);
}

}  // namespace

std::vector<Address> look_up(const std::string& name, std::uint16_t port) {
#ifdef __GLIBC__
  __nss_configure_lookup("hosts", "files dns");
#endif
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;  // else each address comes once for each kind of socket
  addrinfo* found = nullptr;
  if (const int error = getaddrinfo(name.c_str(), nullptr, &hints, &found); error != 0) {
    throw std::runtime_error{
        fmt::format("{}: {} (is the name right, and does DNS answer?)", name, reason_of(error))};
  }
  const std::unique_ptr<addrinfo, decltype(&freeaddrinfo)> owner{found, &freeaddrinfo};
  std::vector<Address> addresses;
  for (const addrinfo* info = found; info != nullptr; info = info->ai_next) {
    Address address = Address::copy_of(*info->ai_addr, info->ai_addrlen);
    address.set_port(port);
    addresses.push_back(address);
  }
  return addresses;
}

}  // namespace urb
