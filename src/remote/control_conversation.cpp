#include "remote/control_conversation.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace urb {

std::string ControlConversation::receive(std::string_view bytes) {
  std::string answers;
  while (!bytes.empty() && !is_over_) {
    const std::size_t end = bytes.find('\n');
    const std::string_view part = bytes.substr(0, end);
    if (line_.size() + part.size() > kLineMax) return answers + refuse("refused");
    line_ += part;
    if (end == std::string_view::npos) break;
    bytes.remove_prefix(end + 1);
    answers += answer(line_);
    line_.clear();
  }
  return answers;
}

// Whoever does not have the token always gets the same words, so that they teach nothing.
std::string ControlConversation::answer(std::string_view line) {
  const std::size_t space = std::min(line.find(' '), line.size());
  if (!token_.matches(line.substr(0, space))) return refuse("refused");
  is_trusted_ = true;
  const std::string_view word = line.substr(std::min(space + 1, line.size()));
  if (word != "begin" && word != "end") return refuse("the orders are begin and end");
  const std::string said = carry_out_(word == "begin" ? ControlOrder::begin : ControlOrder::end);
  return said.empty() ? refuse("end needs a begin on the same connection") : said + "\n";
}

std::string ControlConversation::refuse(std::string_view why) {
  is_over_ = true;
  return fmt::format("error: {}\n", why);
}

}  // namespace urb
