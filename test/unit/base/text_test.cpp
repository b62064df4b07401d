// Other people's texts: as they are where they are fit, replaced where they are not.
#include "base/text.hpp"

#include <doctest/doctest.h>

#include <string>

TEST_SUITE_BEGIN("unit");

TEST_CASE("text: what is no UTF-8, and what commands a terminal, is replaced") {
  using urb::clean_text;
  constexpr const char* kFit = "p99.9 µs – 日本 𝄞 é";
  CHECK(clean_text(kFit) == kFit);
  CHECK(clean_text("r\xE9sultats") == "r\uFFFDsultats");
  CHECK(clean_text("\x1B[2Jx\n\x7F") == "\uFFFD[2Jx\uFFFD\uFFFD");
  CHECK(clean_text("\xC2\x9B") == "\uFFFD");        // C1: an escape sequence of one character
  CHECK(clean_text("\xC0\xAF") == "\uFFFD\uFFFD");  // longer than needed
  CHECK(clean_text("\xED\xA0\x80") == "\uFFFD\uFFFD\uFFFD");  // a surrogate
  CHECK(clean_text("\xF4\x90\x80\x80") == "\uFFFD\uFFFD\uFFFD\uFFFD");
  CHECK(clean_text("a\xE2\x82") == "a\uFFFD\uFFFD");  // cut off
  CHECK(clean_text("\xEF\xBF\xBE") == "\uFFFD");
  CHECK(clean_text(std::string(1, '\0')) == "\uFFFD");
}

TEST_CASE("text: a word of a shell is one word, and no option") {
  using urb::quote_for_shell;
  CHECK(quote_for_shell("results/6.1.csv") == "results/6.1.csv");
  CHECK(quote_for_shell("my rows.csv") == "'my rows.csv'");
  CHECK(quote_for_shell("it's $HOME") == "'it'\\''s $HOME'");
  CHECK(quote_for_shell("-rf") == "./-rf");
  CHECK(quote_for_shell("") == "''");
}

TEST_SUITE_END();
