// How transfers end before their last byte: at either socket, or by order; and that nothing is left
// open after it.
#include <doctest/doctest.h>

#include "net/relay.hpp"
#include "support/open_fds.hpp"
#include "unit/net/relay_rig.hpp"

namespace urb::test {
namespace {

constexpr std::uint64_t kBytes = 4 << 20;

/// One transfer between fresh sockets; `end` waits for how it ends.
struct OneTransfer {
  explicit OneTransfer(RelayKind kind, int socket_bytes = 0)
      : rig{{.kind = kind, .pipes = {8, 64 * 1024}}},
        source{make_tcp_pair(socket_bytes)},
        target{make_unix_pair(socket_bytes)},
        writer{source.far.get(), kBytes},
        id{rig.relay.begin(9, source.near.get(), target.near.get(), kBytes)} {
    REQUIRE(id.has_value());
  }
  void move(std::uint64_t bytes) {
    StreamReader reader{target.far.get()};
    REQUIRE(rig.turn_until([&] {
      if (writer.written() < bytes) writer.write_some(bytes - writer.written());
      reader.read_all();
      return reader.read() == bytes;
    }));
    CHECK(reader.is_same());
  }
  /// Writes until neither side moves any more: the target is full.
  void fill() {
    int refused = 0;
    REQUIRE(rig.turn_until([&] {
      refused = writer.write_some() ? 0 : refused + 1;
      return refused == 30;
    }));
  }
  [[nodiscard]] TransferResult end() {
    REQUIRE(rig.turn_until([&] { return !rig.ends.empty(); }));
    CHECK(rig.ends.size() == 1);
    CHECK(rig.ends.front().cookie == 9);
    CHECK(rig.relay.transfer_count() == 0);
    // Its buffer, too, is back, so that the pool can be destroyed.
    CHECK(rig.buffers.free_count() == rig.buffers.buffer_count());
    return rig.ends.front().result;
  }

  RelayRig rig;
  SocketPair source;
  SocketPair target;
  StreamWriter writer;
  std::optional<std::uint32_t> id;
};

/// Each kind twice: what the first leaves open shows after the second.
template <class F>
void check_ends(TransferResult expected, int socket_bytes, F&& disturb) {
  for (const RelayKind kind : kRelays) {
    CAPTURE(name_of(kind));
    const std::size_t open_before = open_fd_count();
    {
      OneTransfer transfer{kind, socket_bytes};
      disturb(transfer);
      CHECK(transfer.end() == expected);
    }
    CHECK(open_fd_count() == open_before);
  }
}

}  // namespace

TEST_SUITE_BEGIN("unit");

TEST_CASE("the source ends before the first byte") {
  check_ends(TransferResult::source_ended, 0,
             [](OneTransfer& transfer) { shutdown(transfer.source.far.get(), SHUT_WR); });
}

TEST_CASE("the source ends in the middle") {
  check_ends(TransferResult::source_ended, 0, [](OneTransfer& transfer) {
    transfer.move(kBytes / 2);
    shutdown(transfer.source.far.get(), SHUT_WR);
  });
}

TEST_CASE("the source is reset") {
  check_ends(TransferResult::source_ended, 0, [](OneTransfer& transfer) {
    transfer.move(10'000);
    const linger at_once{1, 0};
    setsockopt(transfer.source.far.get(), SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    transfer.source.far.close();
  });
}

TEST_CASE("the target is closed in the middle") {
  check_ends(TransferResult::target_failed, 0, [](OneTransfer& transfer) {
    transfer.move(10'000);
    transfer.target.far.close();
    transfer.writer.write_some();
  });
}

TEST_CASE("the target is closed while it is full") {
  check_ends(TransferResult::target_failed, 64 * 1024, [](OneTransfer& transfer) {
    transfer.fill();
    transfer.target.far.close();
  });
}

TEST_CASE("cancelled before its requests were submitted") {
  check_ends(TransferResult::cancelled, 0,
             [](OneTransfer& transfer) { transfer.rig.relay.cancel(*transfer.id); });
}

TEST_CASE("cancelled while the source is silent") {
  check_ends(TransferResult::cancelled, 0, [](OneTransfer& transfer) {
    for (int turn = 0; turn < 5; ++turn) transfer.rig.turn();
    transfer.rig.relay.cancel(*transfer.id);
    transfer.rig.relay.cancel(*transfer.id);  // once is enough, twice does no harm
  });
}

TEST_CASE("cancelled while the source is silent, in the middle") {
  check_ends(TransferResult::cancelled, 0, [](OneTransfer& transfer) {
    transfer.move(10'000);
    for (int turn = 0; turn < 5; ++turn) transfer.rig.turn();
    transfer.rig.relay.cancel(*transfer.id);
  });
}

TEST_CASE("cancelled while the target is full") {
  check_ends(TransferResult::cancelled, 64 * 1024, [](OneTransfer& transfer) {
    transfer.fill();
    transfer.rig.relay.cancel(*transfer.id);
  });
}

TEST_CASE("cancelled while bytes are moving") {
  check_ends(TransferResult::cancelled, 0, [](OneTransfer& transfer) {
    transfer.writer.write_some();
    transfer.rig.ring.submit();
    transfer.rig.relay.cancel(*transfer.id);
  });
}

TEST_CASE("cancelled while it waits for a pipe or buffer") {
  for (const RelayKind kind : {RelayKind::linked, RelayKind::sync, RelayKind::copy}) {
    CAPTURE(name_of(kind));
    constexpr int kSocketBytes = 16 * 1024;
    RelayRig rig{{.kind = kind, .buffer_count = 1, .pipes = {1, 4096}}};
    const SocketPair first_source = make_tcp_pair();
    const SocketPair first_target = make_unix_pair(kSocketBytes);
    const SocketPair source = make_tcp_pair();
    const SocketPair target = make_unix_pair();
    StreamWriter first{first_source.far.get(), kBytes};
    StreamWriter second{source.far.get(), kBytes};
    const auto id = rig.relay.begin(1, first_source.near.get(), first_target.near.get(), kBytes);
    REQUIRE(id.has_value());
    // The first is stuck with the only pipe or buffer in its hand.
    int refused = 0;
    REQUIRE(rig.turn_until([&] {
      refused = first.write_some() ? 0 : refused + 1;
      return refused == 30;
    }));
    const auto waiting = rig.relay.begin(2, source.near.get(), target.near.get(), kBytes);
    const auto behind = rig.relay.begin(3, source.near.get(), target.near.get(), kBytes);
    REQUIRE(second.write_some());
    REQUIRE(rig.turn_until([&] { return rig.counters.buffers_starved.get() >= 2; }));
    rig.relay.cancel(*waiting);
    REQUIRE(rig.turn_until([&] { return rig.ends.size() == 1; }));
    CHECK(rig.ends[0].cookie == 2);
    CHECK(rig.ends[0].result == TransferResult::cancelled);
    // The next in the queue gets it when the first is gone.
    rig.relay.cancel(*id);
    REQUIRE(rig.turn_until([&] { return rig.relay.progress(*behind) > 0; }));
    CHECK(rig.ends.size() == 2);
  }
}

TEST_CASE("a relay that is destroyed amid its transfers leaves nothing open") {
  for (const RelayKind kind : kRelays) {
    CAPTURE(name_of(kind));
    const std::size_t open_before = open_fd_count();
    {
      OneTransfer transfer{kind, 64 * 1024};
      transfer.fill();
    }
    CHECK(open_fd_count() == open_before);
  }
}

TEST_SUITE_END();

}  // namespace urb::test
