// Adding up.
#include "soak/ledger.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace urb::test {

void Ledger::add(const Ledger& other) {
  sent += other.sent;
  answered += other.answered;
  refused += other.refused;
  gone += other.gone;
  failed += other.failed;
  abandoned += other.abandoned;
  longest = std::max(longest, other.longest);
  wrong.insert(wrong.end(), other.wrong.begin(), other.wrong.end());
}

std::string format_ledger(const Ledger& ledger) {
  return fmt::format(
      "{} sent = {} answered + {} refused + {} worker gone + {} failed + {} abandoned + {} wrong; "
      "longest polite connection {} ms",
      ledger.sent, ledger.answered, ledger.refused, ledger.gone, ledger.failed, ledger.abandoned,
      ledger.wrong.size(), ledger.longest / std::chrono::milliseconds{1});
}

}  // namespace urb::test
