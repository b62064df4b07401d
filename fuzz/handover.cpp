// Hand-over messages: decoded as a reader of single bytes would, and nothing beyond them is read.
#include <sys/socket.h>

#include "fuzz.hpp"
#include "net/handover_message.hpp"

namespace urb::fuzz {
namespace {

std::uint32_t number_at(const std::uint8_t* at) {
  return at[0] | static_cast<std::uint32_t>(at[1]) << 8 | static_cast<std::uint32_t>(at[2]) << 16 |
         static_cast<std::uint32_t>(at[3]) << 24;
}

// The first byte chooses the flags, and whether to make what follows likelier to be understood.
void run(std::span<const std::uint8_t> data) {
  if (data.empty()) return;
  const unsigned flags = (data[0] & 1) != 0 ? static_cast<unsigned>(MSG_TRUNC) : 0U;
  std::vector<std::uint8_t> message(data.begin() + 1, data.end());
  if ((data[0] & 2) != 0 && message.size() >= 16) {
    // More prefix bytes than a fuzzer writes, as many as it says or one less.
    const std::size_t wanted = number_at(&message[8]) % (kHandoverPrefixMax + 2);
    message.resize(16 + wanted - (data[0] >> 7 & (wanted != 0 ? 1U : 0U)));
  }
  const auto decoded = decode_handover(std::as_bytes(std::span{message}), flags);
  const bool makes_sense =
      flags == 0 && message.size() >= 16 && number_at(&message[0]) == 0x55524231 &&
      number_at(&message[4]) >= 1 && number_at(&message[4]) <= kHandoverFdsMax &&
      message.size() - 16 <= kHandoverPrefixMax && number_at(&message[8]) == message.size() - 16 &&
      number_at(&message[12]) == 0;
  REQUIRE(decoded.has_value() == makes_sense);
  if (!decoded) return;
  REQUIRE(decoded->fd_count == number_at(&message[4]));
  REQUIRE(sizeof(HandoverHeader) + decoded->prefix_bytes == message.size());
}

}  // namespace
}  // namespace urb::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  urb::fuzz::run({data, size});
  return 0;
}
