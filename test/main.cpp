// The test program: doctest's own main, with the signals set as the real programs set them. A run
// that executes no test case has failed: a misspelt suite would pass for ever.
#define DOCTEST_CONFIG_IMPLEMENT
#include <doctest/doctest.h>

#include <csignal>
#include <cstdio>
#include <optional>

#include "support/guest_tests.hpp"
#include "sweep/guest.hpp"

namespace {

unsigned executed_count = 0;

struct CountingListener : doctest::IReporter {
  explicit CountingListener(const doctest::ContextOptions&) {}
  void report_query(const doctest::QueryData&) override {}
  void test_run_start() override {}
  void test_run_end(const doctest::TestRunStats&) override {}
  void test_case_start(const doctest::TestCaseData&) override { ++executed_count; }
  void test_case_reenter(const doctest::TestCaseData&) override {}
  void test_case_end(const doctest::CurrentTestCaseStats&) override {}
  void test_case_exception(const doctest::TestCaseException&) override {}
  void subcase_start(const doctest::SubcaseSignature&) override {}
  void subcase_end() override {}
  void log_assert(const doctest::AssertData&) override {}
  void log_message(const doctest::MessageData&) override {}
  void test_case_skipped(const doctest::TestCaseData&) override {}
};
DOCTEST_REGISTER_LISTENER("counting", 1, CountingListener);

}  // namespace

int main(int argc, char** argv) {
  if (urb::is_guest_init()) urb::run_guest();  // does not return
  if (const std::optional<int> status = urb::test::run_in_guest(argc, argv)) return *status;
  std::signal(SIGPIPE, SIG_IGN);
  doctest::Context context{argc, argv};
  const int status = context.run();
  if (context.shouldExit() || executed_count != 0) return status;
  std::fputs("no test case was executed\n", stderr);
  return 1;
}
