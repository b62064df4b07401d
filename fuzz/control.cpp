// The control socket: whatever comes, in pieces of any size, only who knows the token is heard, and
// who does not learns one line.
#include <string>
#include <vector>

#include "fuzz.hpp"
#include "remote/control_conversation.hpp"

namespace urb::fuzz {
namespace {

constexpr std::string_view kSecret = "0123456789abcdef";
constexpr std::string_view kRefused = "error: refused\n";

struct Said {
  std::string answers;
  std::vector<ControlOrder> orders;
  bool is_trusted = false;
  bool is_over = false;
  bool operator==(const Said&) const = default;
};

Said talk(std::string_view text, std::size_t piece) {
  static const ControlToken token{kSecret};
  Said said;
  bool has_begun = false;
  ControlConversation conversation{token, [&](ControlOrder order) {
                                     said.orders.push_back(order);
                                     const bool makes_sense =
                                         order == ControlOrder::begin || has_begun;
                                     has_begun = order == ControlOrder::begin;
                                     return std::string{makes_sense ? "{}" : ""};
                                   }};
  while (!text.empty()) {
    const bool was_over = conversation.is_over();
    const std::string answer = conversation.receive(text.substr(0, piece));
    REQUIRE((!was_over || answer.empty()));
    said.answers += answer;
    text.remove_prefix(std::min(piece, text.size()));
  }
  said.is_trusted = conversation.is_trusted();
  said.is_over = conversation.is_over();
  return said;
}

void run(const Input& input) {
  const Said whole = talk(input.text, input.text.size() + 1);
  REQUIRE(talk(input.text, input.piece) == whole);
  // An answer for each order, and then one error at most, which ends it.
  std::string expected;
  std::size_t answered = whole.orders.size();
  const bool is_early_end = whole.answers.ends_with(
      "error: end needs a begin on the same "
      "connection\n");
  if (is_early_end) --answered;
  for (std::size_t index = 0; index < answered; ++index) expected += "{}\n";
  REQUIRE(whole.answers.starts_with(expected));
  const std::string_view rest = std::string_view{whole.answers}.substr(expected.size());
  REQUIRE(whole.is_over == !rest.empty());
  REQUIRE((rest.empty() || (rest.starts_with("error: ") && rest.find('\n') == rest.size() - 1)));
  if (whole.is_trusted) {
    REQUIRE(input.text.find(kSecret) != std::string_view::npos);
    return;
  }
  REQUIRE(whole.orders.empty());
  REQUIRE((rest.empty() || rest == kRefused));
}

}  // namespace
}  // namespace urb::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  urb::fuzz::run(urb::fuzz::split_input(data, size));
  return 0;
}
