// The linked path's answers to made-up completions of its chains.
#include <doctest/doctest.h>

#include <cerrno>

#include "fault/relay_fault_rig.hpp"

namespace urb::test {

TEST_SUITE_BEGIN("fault");

TEST_CASE("a chain is linked hard, and asks for no more than one pipe and the transfer's rest") {
  FaultRig rig{RelayKind::linked};
  rig.begin();
  auto hop = first_hop(rig);
  CHECK((hop[0].flags & IOSQE_IO_HARDLINK) != 0);
  CHECK((hop[1].flags & (IOSQE_IO_HARDLINK | IOSQE_IO_LINK)) == 0);
  CHECK(hop[0].asked == kPipeBytes);
  rig.complete(hop[0], kPipeBytes);
  rig.complete(hop[1], kPipeBytes);
  hop = first_hop(rig);
  CHECK(hop[0].asked == kBytes - kPipeBytes);
  rig.complete(hop[0], static_cast<int>(kBytes - kPipeBytes));
  CHECK(rig.ends.empty());
  rig.complete(hop[1], static_cast<int>(kBytes - kPipeBytes));
  CHECK(rig.result() == TransferResult::done);
  CHECK(rig.counters.short_splices.get() == 0);
}

TEST_CASE("the completions of a chain may come in either order") {
  for (const bool is_reversed : {false, true}) {
    FaultRig rig{RelayKind::linked};
    const std::uint32_t id = rig.begin(1, 500);
    const auto hop = first_hop(rig);
    rig.complete(hop[is_reversed ? 1 : 0], 500);
    CHECK(rig.ends.empty());
    CHECK(rig.take_queued().empty());  // never a second chain beside the first
    rig.complete(hop[is_reversed ? 0 : 1], 500);
    CHECK(rig.result() == TransferResult::done);
    CHECK(id == 0);
  }
}

TEST_CASE("a short first hop is counted, and the rest follows") {
  FaultRig rig{RelayKind::linked};
  const std::uint32_t id = rig.begin();
  auto hop = first_hop(rig);
  rig.complete(hop[0], 1000);
  rig.complete(hop[1], 1000);
  CHECK(rig.counters.short_splices.get() == 1);
  CHECK(rig.relay.progress(id) == 1000);
  hop = first_hop(rig);
  CHECK(hop[0].asked == kPipeBytes);
}

TEST_CASE("a first hop that finds nothing is tried again behind a poll") {
  FaultRig rig{RelayKind::linked};
  rig.begin();
  const auto hop = first_hop(rig);
  rig.complete(hop[0], -EAGAIN);
  rig.complete(hop[1], -EAGAIN);
  CHECK(rig.counters.short_splices.get() == 1);
  const auto polled = rig.take_queued();
  REQUIRE(opcodes(polled) == kPolledHop);
  CHECK((polled[0].flags & IOSQE_IO_LINK) != 0);
  CHECK((polled[1].flags & IOSQE_IO_HARDLINK) != 0);
  rig.complete(polled[0], POLLIN);
  rig.complete(polled[1], 700);
  rig.complete(polled[2], 700);
  CHECK(rig.ends.empty());
  CHECK(rig.relay.progress(0) == 700);
}

TEST_CASE("what a short second hop leaves is flushed before anything is read") {
  FaultRig rig{RelayKind::linked};
  const std::uint32_t id = rig.begin();
  const auto hop = first_hop(rig);
  rig.complete(hop[0], kPipeBytes);
  rig.complete(hop[1], 40'000);
  CHECK(rig.counters.short_splices.get() == 1);
  auto flush = rig.take_queued();
  REQUIRE(opcodes(flush) == kFlush);
  CHECK((flush[0].flags & IOSQE_IO_LINK) != 0);
  rig.complete(flush[0], POLLOUT);
  rig.complete(flush[1], -EAGAIN);  // somebody else filled the target
  flush = rig.take_queued();
  REQUIRE(opcodes(flush) == kFlush);
  rig.complete(flush[1], static_cast<int>(kPipeBytes) - 40'000);
  rig.complete(flush[0], POLLOUT);
  CHECK(rig.relay.progress(id) == kPipeBytes);
  CHECK(opcodes(rig.take_queued()).back() == IORING_OP_SPLICE);
}

TEST_CASE("a second hop that was cancelled or interrupted is repeated") {
  for (const int result : {-ECANCELED, -EINTR, -512}) {
    CAPTURE(result);
    FaultRig rig{RelayKind::linked};
    const std::uint32_t id = rig.begin();
    const auto hop = first_hop(rig);
    rig.complete(hop[0], 3000);
    rig.complete(hop[1], result);
    CHECK(rig.relay.progress(id) == 0);
    const auto flush = rig.take_queued();
    REQUIRE(opcodes(flush) == kFlush);
    rig.complete(flush[0], POLLOUT);
    rig.complete(flush[1], 3000);
    CHECK(rig.relay.progress(id) == 3000);
    CHECK(rig.ends.empty());
  }
}

TEST_CASE("a first hop that was cancelled or interrupted is repeated") {
  for (const int result : {-ECANCELED, -EINTR, -512}) {
    CAPTURE(result);
    FaultRig rig{RelayKind::linked};
    rig.begin();
    const auto hop = first_hop(rig);
    rig.complete(hop[1], -EAGAIN);
    rig.complete(hop[0], result);
    CHECK(rig.ends.empty());
    CHECK(first_hop(rig).size() == 2);
  }
}

TEST_CASE("a chain whose poll was cancelled by nobody is queued again, whatever the order") {
  std::array<std::size_t, 3> order{0, 1, 2};
  do {
    FaultRig rig{RelayKind::linked};
    rig.begin();
    const auto hop = first_hop(rig);
    rig.complete(hop[0], -EAGAIN);
    rig.complete(hop[1], -EAGAIN);
    const auto polled = rig.take_queued();
    REQUIRE(opcodes(polled) == kPolledHop);
    for (const std::size_t index : order) rig.complete(polled[index], -ECANCELED);
    CHECK(rig.ends.empty());
    CHECK_FALSE(rig.take_queued().empty());
  } while (std::next_permutation(order.begin(), order.end()));
}

TEST_CASE("failures of either hop name the socket that failed") {
  const struct {
    std::int32_t in;
    std::int32_t out;
    TransferResult expected;
  } cases[] = {
      {0, -EAGAIN, TransferResult::source_ended},
      {-ECONNRESET, -EAGAIN, TransferResult::source_ended},
      {-ENOTCONN, -EAGAIN, TransferResult::source_ended},
      {1000, -EPIPE, TransferResult::target_failed},
      {1000, -ECONNRESET, TransferResult::target_failed},
      {0, -EPIPE, TransferResult::target_failed},
  };
  for (const auto& row : cases) {
    for (const bool is_reversed : {false, true}) {
      CAPTURE(row.in);
      CAPTURE(row.out);
      FaultRig rig{RelayKind::linked};
      rig.begin(77);
      const auto hop = first_hop(rig);
      if (is_reversed) rig.complete(hop[1], row.out);
      rig.complete(hop[0], row.in);
      if (!is_reversed) rig.complete(hop[1], row.out);
      CHECK(rig.result() == row.expected);
      CHECK(rig.ends.front().cookie == 77);
      CHECK(rig.take_queued().empty());
    }
  }
}

TEST_CASE("a transfer of which everything arrived is done, also when the source ended with it") {
  FaultRig rig{RelayKind::linked};
  const std::uint32_t id = rig.begin(1, 10);
  const auto hop = first_hop(rig);
  rig.complete(hop[0], 10);
  rig.relay.cancel(id);  // too late
  CHECK(rig.take_queued().empty());
  rig.complete(hop[1], 10);
  CHECK(rig.result() == TransferResult::done);
}

TEST_CASE("a record that is no data is received whole, also before the last byte") {
  for (const RelayKind kind : {RelayKind::linked, RelayKind::copy}) {
    CAPTURE(name_of(kind));
    FaultRig rig{kind};
    if (kind == RelayKind::copy) rig.use_silent_source();
    rig.begin(1, 1);
    const auto first = kind == RelayKind::copy ? rig.take_queued() : first_hop(rig);
    constexpr std::string_view kAlert{"\x01\x5a", 2};
    REQUIRE(send(rig.silent[1].get(), kAlert.data(), kAlert.size(), 0) == 2);
    rig.complete(first[0], kind == RelayKind::copy ? -EIO : -EINVAL);
    if (first.size() == 2) rig.complete(first[1], -EAGAIN);
    char left = 0;
    CHECK(recv(rig.source, &left, 1, 0) == -1);
    // This socket has no TLS, so that it was data, which is no answer to such an error.
    CHECK(rig.result() == TransferResult::source_ended);
  }
}

TEST_SUITE_END();

}  // namespace urb::test
