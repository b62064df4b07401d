// The control socket's secret and its conversation, without a socket.
#include <doctest/doctest.h>
#include <sys/stat.h>

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "base/error.hpp"
#include "remote/control_conversation.hpp"
#include "remote/control_token.hpp"
#include "remote/control_window.hpp"
#include "support/temp_folder.hpp"

namespace urb::test {
namespace {

constexpr std::string_view kSecret = "0123456789abcdef";

struct Talk {
  ControlToken token{kSecret};
  std::vector<ControlOrder> orders;
  ControlConversation conversation{token, [this](ControlOrder order) {
                                     orders.push_back(order);
                                     return std::string{"{}"};
                                   }};
  std::string say(std::string_view text) { return conversation.receive(text); }
};

std::string write_token(const TempFolder& folder, const std::string& text, mode_t mode) {
  const std::string path = folder.file("token");
  folder.write("token", text);
  REQUIRE(chmod(path.c_str(), mode) == 0);
  return path;
}

ProcessSample sample_of(pid_t pid, Nanos cpu, std::uint64_t requests) {
  ProcessSample sample{.pid = pid, .role = ProcessRole::worker, .cpu = CpuTime{cpu, Nanos{0}}};
  sample.counts.requests = requests;
  return sample;
}

}  // namespace

TEST_SUITE_BEGIN("unit");

TEST_CASE("control token: the whole of it matches, and nothing else") {
  const ControlToken token{kSecret};
  CHECK(token.matches(kSecret));
  for (std::size_t length = 0; length < kSecret.size(); ++length)
    CHECK_FALSE(token.matches(kSecret.substr(0, length)));
  for (std::size_t place = 0; place < kSecret.size(); ++place) {
    std::string wrong{kSecret};
    wrong[place] ^= 1;
    CHECK_FALSE(token.matches(wrong));
  }
  CHECK_FALSE(token.matches(std::string{kSecret} + "0"));
  CHECK_FALSE(token.matches(std::string{kSecret} + std::string(ControlToken::kMost, '0')));
  // Zeros stand behind the text, and must not be part of it.
  CHECK_FALSE(token.matches(std::string{kSecret} + std::string(1, '\0')));
  CHECK(ControlToken{std::string(ControlToken::kMost, 'x')}.matches(
      std::string(ControlToken::kMost, 'x')));
}

TEST_CASE("control token: short ones, long ones and spaces are refused") {
  CHECK_THROWS_AS(ControlToken{""}, UsageError);
  CHECK_THROWS_AS(ControlToken{"0123456789abcde"}, UsageError);
  CHECK_THROWS_AS(ControlToken{"0123456789 abcdef"}, UsageError);
  CHECK_THROWS_AS(ControlToken{std::string(ControlToken::kMost + 1, 'x')}, UsageError);
}

TEST_CASE("control token: a file that others may read is refused, a missing one is made") {
  const TempFolder folder;
  const std::string path = write_token(folder, std::string{kSecret} + "\nmore\n", 0600);
  CHECK(ControlToken::read_or_make(path).matches(kSecret));
  for (const mode_t mode : {0640, 0604, 0620, 0602, 0601}) {
    REQUIRE(chmod(path.c_str(), mode) == 0);
    CHECK_THROWS_AS((void)ControlToken::read_or_make(path), UsageError);
  }
  write_token(folder, "short\n", 0600);
  CHECK_THROWS_AS((void)ControlToken::read_or_make(path), UsageError);
  CHECK_THROWS_AS((void)ControlToken::read_or_make("/dev/null"), UsageError);

  const std::string made = folder.file("made");
  const ControlToken token = ControlToken::read_or_make(made);
  struct stat about {};
  REQUIRE(stat(made.c_str(), &about) == 0);
  CHECK((about.st_mode & 0777) == 0600);
  CHECK(about.st_size == 65);
  // Not another one each time, and not the same for all.
  CHECK(ControlToken::read_or_make(folder.file("other")).matches("x") == false);
  std::string text = folder.read("made");
  text.pop_back();
  CHECK(token.matches(text));
  CHECK(ControlToken::read_or_make(made).matches(text));
  CHECK(folder.read("other") != folder.read("made"));
}

TEST_CASE("control: orders with the token are carried out, however they are cut") {
  const std::string text = "0123456789abcdef begin\n0123456789abcdef end\n";
  for (std::size_t piece = 1; piece <= text.size(); ++piece) {
    Talk talk;
    std::string answers;
    for (std::size_t at = 0; at < text.size(); at += piece)
      answers += talk.say(std::string_view{text}.substr(at, piece));
    CHECK(answers == "{}\n{}\n");
    CHECK(talk.orders == std::vector{ControlOrder::begin, ControlOrder::end});
    CHECK(talk.conversation.is_trusted());
    CHECK_FALSE(talk.conversation.is_over());
  }
}

TEST_CASE("control: without the token everything gets the same line and the end") {
  const std::vector<std::string> lines{"\n",
                                       " \n",
                                       "begin\n",
                                       "end\n",
                                       " begin\n",
                                       "0123456789abcdeg begin\n",
                                       "0123456789abcdeg no such order\n",
                                       "GET / HTTP/1.1\n",
                                       std::string(1000, 'x'),
                                       std::string(3, '\0') + "\n",
                                       "0123456789abcdef0 begin\n",
                                       "0123456789abcde begin\n"};
  for (const std::string& line : lines) {
    CAPTURE(line);
    Talk talk;
    CHECK(talk.say(line) == "error: refused\n");
    CHECK(talk.conversation.is_over());
    CHECK_FALSE(talk.conversation.is_trusted());
    CHECK(talk.say("0123456789abcdef begin\n").empty());
    CHECK(talk.orders.empty());
  }
}

TEST_CASE("control: half a line is waited for, and a long one is not") {
  Talk talk;
  CHECK(talk.say(std::string(ControlConversation::kLineMax, 'x')).empty());
  CHECK_FALSE(talk.conversation.is_over());
  CHECK(talk.say("x") == "error: refused\n");
  CHECK(talk.conversation.is_over());
}

TEST_CASE("control: who has the token is told what is wrong with an order") {
  for (const std::string_view order : {"", " ", " stop", " begin ", " begin\r", " BEGIN"}) {
    CAPTURE(order);
    Talk talk;
    CHECK(talk.say(std::string{kSecret} + std::string{order} + "\n") ==
          "error: the orders are begin and end\n");
    CHECK(talk.conversation.is_over());
    CHECK(talk.orders.empty());
  }
  const ControlToken token{kSecret};
  ControlConversation conversation{token, [](ControlOrder) { return std::string{}; }};
  CHECK(conversation.receive("0123456789abcdef end\n") ==
        "error: end needs a begin on the same connection\n");
  CHECK(conversation.is_over());
}

TEST_CASE("control: the answer to an end is the difference of two samples") {
  WindowSample begin;
  WindowSample end;
  begin.books.time = HostTime{.at = Nanos{1'000'000'000}, .cpus = 2};
  end.books.time = HostTime{.at = Nanos{3'500'000'000}, .cpus = 2};
  begin.processes = {sample_of(10, Nanos{500'000'000}, 7), sample_of(11, Nanos{0}, 0)};
  end.processes = {sample_of(10, Nanos{700'000'000}, 1007), sample_of(12, Nanos{900'000'000}, 5)};
  const HostUse host{.capacity_s = 5,
                     .busy_s = 3,
                     .own_s = 2,
                     .interrupts_s = 0.25,
                     .steal_s = 0.125,
                     .foreign_s = 0.5,
                     .others_s = 0.5,
                     .busiest = "hog"};
  const auto json = nlohmann::json::parse(
      format_window(begin, end, host, {.master = 1, .workers = 2, .sockets = {}}, {9, 90}));
  CHECK(json["window_s"] == 2.5);
  CHECK(json["processes"][0]["cpu_s"] == 0.2);
  CHECK(json["processes"][0]["counts"]["requests"] == 1000);
  CHECK(json["processes"][0]["replaced"] == false);
  // The clock of another process is no difference, though it has gone on.
  CHECK(json["processes"][1]["replaced"] == true);
  CHECK(json["processes"][1]["cpu_s"].is_null());
  CHECK(json["host"]["foreign_s"] == 0.5);
  CHECK(json["host"]["interrupts_s"] == 0.25);
  CHECK(json["memory_kb"]["sockets"].is_null());
  CHECK(json["since_start"]["requests"] == 9);
  CHECK(nlohmann::json::parse(format_window(begin, end, {}, {}, {}))["host"].is_null());
}

TEST_SUITE_END();

}  // namespace urb::test
