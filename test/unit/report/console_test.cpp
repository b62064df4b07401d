// Colours on request only, and the line of progress as text.
#include "report/console.hpp"

#include <doctest/doctest.h>

TEST_SUITE_BEGIN("unit");

using namespace std::chrono_literals;
using urb::Block;
using urb::ColorChoice;
using urb::wants_color;

TEST_CASE("console: colours need a terminal and no NO_COLOR, unless asked for") {
  CHECK(wants_color(ColorChoice::automatic, true, nullptr, "xterm"));
  CHECK(wants_color(ColorChoice::automatic, true, "", "xterm"));
  CHECK_FALSE(wants_color(ColorChoice::automatic, true, "1", "xterm"));
  CHECK_FALSE(wants_color(ColorChoice::automatic, false, nullptr, "xterm"));
  CHECK(wants_color(ColorChoice::always, false, "1", "xterm"));
  CHECK_FALSE(wants_color(ColorChoice::never, true, nullptr, "xterm"));
}

TEST_CASE("console: a terminal that obeys no escape sequences gets none, unless asked for") {
  for (const char* const term : {static_cast<const char*>(nullptr), "", "dumb"}) {
    CHECK_FALSE(urb::knows_escapes(term));
    CHECK_FALSE(wants_color(ColorChoice::automatic, true, nullptr, term));
    CHECK(wants_color(ColorChoice::always, true, nullptr, term));
  }
  CHECK(urb::knows_escapes("xterm-256color"));
}

TEST_CASE("console: without colour a report has no escape sequence, with it the same text") {
  const urb::Report report{{Block::Kind::heading, "Head\n"},
                           {Block::Kind::table, "| a |\n"},
                           {Block::Kind::warning, "one\n"},
                           {Block::Kind::warning, "two\n"}};
  CHECK(urb::format_report(report, false) == "Head\n\n| a |\n\none\ntwo\n");
  CHECK(urb::format_report(report, true) ==
        "\033[1mHead\033[0m\n\n| a |\n\n\033[33mone\033[0m\n\033[33mtwo\033[0m\n");
}

TEST_CASE("console: progress says what runs, how fast, and how long it takes") {
  urb::Progress progress;
  progress.done = 6;
  progress.total = 20;
  progress.label = "socket 10MB reuse";
  CHECK(urb::format_progress(progress, 80) == "[7/20] socket 10MB reuse");
  progress.requests_per_s = 411.6;
  progress.remaining = 83s;
  CHECK(urb::format_progress(progress, 80) == "[7/20] socket 10MB reuse  412 req/s  1:23 left");
  CHECK(urb::format_progress(progress, 12) == "[7/20] sock");
}

TEST_CASE("console: the time left is planned at first, then that of the trials so far") {
  CHECK(urb::estimate_remaining(0, 20, 0s, 1400ms) == 28s);
  CHECK(urb::estimate_remaining(5, 20, 10s, 1400ms) == 30s);
  CHECK(urb::estimate_remaining(20, 20, 10s, 1400ms) == 0s);
}

TEST_SUITE_END();
