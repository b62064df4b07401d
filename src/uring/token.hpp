// Where a completion belongs, packed into user_data. Why not a pointer: docs/decisions/0002.
#pragma once

#include <bit>
#include <cstdint>
#include <type_traits>

namespace urb {

/// Names one operation of one slot of one component.
///
/// A slot and a generation, not a pointer: late CQEs are normal while a connection drains, and if
/// a slot were reused too early the generation shows it. It is asserted, or counted where a
/// completion can be late, and never a use-after-free.
struct Token {
  std::uint8_t owner = 0;  ///< the component of this process that queued it; the role's switch
  std::uint8_t op = 0;     ///< the component's own enum; the component's switch
  std::uint16_t generation = 0;
  std::uint32_t slot_index = 0;
  bool operator==(const Token&) const = default;
};
static_assert(std::has_unique_object_representations_v<Token>);  // no padding: bit_cast is exact
static_assert(sizeof(Token) == sizeof(std::uint64_t));

/// Owners from here on are no component's.
inline constexpr std::uint8_t kFirstReservedOwner = 0xFE;
/// The owner of requests whose completions nobody waits for: the ring drops them.
inline constexpr std::uint8_t kDetachedOwner = 0xFE;
/// The owner of completions that another ring posts into this one (IORING_OP_MSG_RING): no request
/// of this ring is over with them. The other fields are the sender's.
inline constexpr std::uint8_t kMessageOwner = 0xFF;

[[nodiscard]] inline std::uint64_t pack(Token token) noexcept {
  return std::bit_cast<std::uint64_t>(token);
}
[[nodiscard]] inline Token unpack(std::uint64_t user_data) noexcept {
  return std::bit_cast<Token>(user_data);
}

}  // namespace urb
