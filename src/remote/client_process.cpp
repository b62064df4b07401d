#include "remote/client_process.hpp"

#include <fmt/format.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <utility>

#include "base/error.hpp"
#include "base/text.hpp"
#include "server/ending.hpp"

namespace urb {
namespace {

constexpr std::string_view kProgram = "uring-bench";
constexpr std::string_view kCommand = "client";
// Of what a login says before the program runs.
constexpr std::size_t kGreetingMax = 64 * 1024;
// Four histograms have less than a tenth of it.
constexpr std::size_t kLineMax = 16 * 1024 * 1024;
// It reads whenever it is given something to do. A guess: long for a network that fails over.
constexpr int kTakingMaxMs = 10'000;
constexpr Nanos kEnding = std::chrono::seconds{2};

std::pair<Fd, Fd> make_sockets() {
  int ends[2];
  check(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), "socketpair");
  return {Fd{Adopt{}, ends[0]}, Fd{Adopt{}, ends[1]}};
}

std::string last_line_of(std::string_view text) {
  while (!text.empty() && (text.back() == '\n' || text.back() == '\r')) text.remove_suffix(1);
  const std::size_t end = text.rfind('\n');
  return clean_text(end == std::string_view::npos ? text : text.substr(end + 1));
}

Child start(const std::vector<std::string>& command, Fd& far_end, int errors) {
  Child child{"urb-client", SIGTERM, [&] {
                dup2(far_end.get(), STDIN_FILENO);
                return exec_program(command, far_end.get(), errors);
              }};
  far_end.close();
  return child;
}

}  // namespace

std::variant<std::vector<std::string>, ParseError> split_command(std::string_view text) {
  std::vector<std::string> words;
  bool is_in_word = false;
  char quote = '\0';
  for (std::size_t at = 0; at < text.size(); ++at) {
    char c = text[at];
    if (quote == 0 && (c == ' ' || c == '\t' || c == '\n')) {
      is_in_word = false;
      continue;
    }
    if (!is_in_word) words.emplace_back();
    is_in_word = true;
    const bool is_quote = c == '\'' || c == '"';
    if (quote == 0 ? is_quote : c == quote) {
      quote = quote == 0 ? c : '\0';
      continue;
    }
    if (c == '\\' && quote != '\'') {
      if (++at == text.size()) return ParseError{at - 1, "nothing behind the backslash"};
      c = text[at];
    }
    words.back() += c;
  }
  if (quote != 0) return ParseError{text.size(), fmt::format("no second {}", quote)};
  if (words.empty()) return ParseError{0, "no command"};
  return words;
}

std::vector<std::string> client_command(std::vector<std::string> typed,
                                        const std::string& program) {
  const std::string_view last = typed.back();
  const std::size_t slash = last.rfind('/');
  const std::string_view name = slash == std::string_view::npos ? last : last.substr(slash + 1);
  const bool names_it = typed.size() > 1 && name == kProgram;
  if (!names_it) typed.push_back(program);
  typed.emplace_back(kCommand);
  return typed;
}

ClientProcess::ClientProcess(const std::vector<std::string>& command) : errors_{"urb-client"} {
  auto [here, there] = make_sockets();
  child_ = start(command, there, errors_.fd());
  socket_ = std::move(here);
}

void ClientProcess::say(const ClientMessage& message) {
  const std::string text = format_message(message);
  // A record of arrivals is more than fits at once.
  for (std::size_t done = 0; done < text.size() && !is_over_;) {
    const ssize_t count =
        send(socket_.get(), text.data() + done, text.size() - done, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (count > 0) done += static_cast<std::size_t>(count);
    if (count >= 0 || errno == EINTR) continue;
    pollfd room{socket_.get(), POLLOUT, 0};
    is_over_ = errno != EAGAIN || poll(&room, 1, kTakingMaxMs) == 0;
  }
}

std::vector<ClientMessage> ClientProcess::take() {
  std::vector<ClientMessage> messages;
  std::array<char, 65536> bytes{};
  while (!is_over_) {
    const ssize_t count = recv(socket_.get(), bytes.data(), bytes.size(), MSG_DONTWAIT);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0 && errno == EAGAIN) break;
    if (count <= 0) {
      is_over_ = true;
      break;
    }
    heard_at_ = monotonic_now();
    std::string_view rest{bytes.data(), static_cast<std::size_t>(count)};
    for (std::size_t end = 0; (end = rest.find('\n')) != std::string_view::npos;) {
      line_ += rest.substr(0, end);
      rest.remove_prefix(end + 1);
      take_line(line_, messages);
      line_.clear();
    }
    line_ += rest;
    if (line_.size() > kLineMax) is_over_ = true;
  }
  return messages;
}

void ClientProcess::take_line(std::string_view line, std::vector<ClientMessage>& messages) {
  if (is_over_) return;
  std::optional<ClientMessage> message = parse_message(line);
  if (message) {
    has_said_hello_ = has_said_hello_ || std::holds_alternative<ClientHello>(*message);
    messages.push_back(*std::move(message));
    return;
  }
  nonsense_ = clean_text(line.substr(0, 200));
  greeting_bytes_ += line.size();
  is_over_ = has_said_hello_ || greeting_bytes_ > kGreetingMax;
}

std::string ClientProcess::describe_end() {
  const std::optional<int> status = child_.wait(monotonic_now() + kEnding);
  std::string text = status ? describe_ending(*status) : "does not end, and says no more";
  if (status == kNotFound) text = "did not start (no such program)";
  std::string said = last_line_of(errors_.read());
  if (said.empty()) said = nonsense_;
  if (!said.empty()) text += ": " + said;
  return text;
}

}  // namespace urb
