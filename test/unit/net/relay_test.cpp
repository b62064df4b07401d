// The relay on real sockets: bytes in order, back-pressure, and every way a transfer can end. Each
// case runs for all three data paths.
#include "net/relay.hpp"

#include <doctest/doctest.h>
#include <sys/ioctl.h>

#include "unit/net/relay_rig.hpp"

namespace urb::test {
namespace {

template <class F>
void for_each_kind(F&& body) {
  for (const RelayKind kind : kRelays) {
    CAPTURE(name_of(kind));
    body(kind);
  }
}

/// Moves `bytes` through `rig` and checks both ends of the stream.
void check_whole_transfer(RelayRig& rig, const SocketPair& source, const SocketPair& target,
                          std::uint64_t bytes) {
  StreamWriter writer{source.far.get(), bytes};
  StreamReader reader{target.far.get()};
  REQUIRE(rig.relay.begin(5, source.near.get(), target.near.get(), bytes).has_value());
  REQUIRE(rig.turn_until([&] {
    while (writer.written() < bytes + 1 && writer.write_some(bytes + 1 - writer.written())) {
    }
    reader.read_all();
    return !rig.ends.empty() && reader.read() >= bytes && writer.written() == bytes + 1;
  }));
  CHECK(rig.ends.back().cookie == 5);
  CHECK(rig.ends.back().result == TransferResult::done);
  rig.ends.clear();
  reader.read_all();
  CHECK(reader.read() == bytes);
  CHECK(reader.is_same());
  std::array<std::byte, 2> behind{};
  CHECK(recv(source.near.get(), behind.data(), behind.size(), 0) == 1);
  CHECK(behind[0] == kBehind);
}

}  // namespace

TEST_SUITE_BEGIN("unit");

TEST_CASE("a transfer moves exactly its bytes, and the one behind them stays unread") {
  for_each_kind([](RelayKind kind) {
    for (const BufferKind buffers : {BufferKind::plain, BufferKind::registered}) {
      if (kind != RelayKind::copy && buffers == BufferKind::registered) continue;
      RelayRig rig{{.kind = kind, .buffers = buffers}};
      for (const std::uint64_t bytes :
           {1ULL, 4095ULL, 4096ULL, 65536ULL, 1ULL << 20, (10ULL << 20) + 7}) {
        CAPTURE(bytes);
        check_whole_transfer(rig, make_tcp_pair(), make_unix_pair(), bytes);
        check_whole_transfer(rig, make_unix_pair(), make_tcp_pair(), bytes);
      }
      // All in turn on one pair of sockets: what is left behind would show in the next.
      const SocketPair source = make_tcp_pair();
      const SocketPair target = make_unix_pair();
      for (int round = 0; round < 20; ++round) check_whole_transfer(rig, source, target, 100'000);
    }
  });
}

TEST_CASE("a relay counts what came to the target, by the way that brought it") {
  for_each_kind([](RelayKind kind) {
    RelayRig rig{{.kind = kind}};
    const Counters& counts = rig.counters;
    const auto of = [&](RelayKind way) {
      return way == RelayKind::linked ? counts.linked_bytes.get()
             : way == RelayKind::sync ? counts.sync_bytes.get()
                                      : counts.copied_bytes.get();
    };
    check_whole_transfer(rig, make_tcp_pair(), make_unix_pair(), 1'000'000);
    check_whole_transfer(rig, make_unix_pair(), make_tcp_pair(), 4096);
    CHECK(of(kind) == 1'004'096);
    CHECK(of(RelayKind::linked) + of(RelayKind::sync) + of(RelayKind::copy) == 1'004'096);
  });
}

TEST_CASE("pipes and buffers smaller than the transfer, sockets smaller than these") {
  for_each_kind([](RelayKind kind) {
    RelayRig rig{{.kind = kind, .pipes = {8, 4096}}};
    check_whole_transfer(rig, make_tcp_pair(), make_unix_pair(4608), 1 << 20);
    check_whole_transfer(rig, make_unix_pair(4608), make_tcp_pair(4608), 1 << 20);
  });
}

TEST_CASE("a target that does not read stops the source") {
  for_each_kind([](RelayKind kind) {
    constexpr std::uint64_t kBytes = 10 << 20;
    constexpr int kSocketBytes = 64 * 1024;
    RelayRig rig{{.kind = kind, .pipes = {8, 64 * 1024}}};
    const SocketPair source = make_tcp_pair(kSocketBytes);
    const SocketPair target = make_unix_pair(kSocketBytes);
    StreamWriter writer{source.far.get(), kBytes};
    StreamReader reader{target.far.get()};
    const auto id = rig.relay.begin(0, source.near.get(), target.near.get(), kBytes);
    REQUIRE(id.has_value());
    int refused = 0;  // in a row; a few may only mean that the relay was not done yet
    REQUIRE(rig.turn_until([&] {
      refused = writer.write_some() ? 0 : refused + 1;
      return refused == 50;
    }));
    // Four socket buffers, which hold up to double what they were asked for, and the pipe.
    CHECK(writer.written() < 1 << 20);
    // Double what the target was asked for, overdrawn by one pipe.
    CHECK(rig.relay.progress(*id) <= 3 * kSocketBytes);
    CHECK(rig.ends.empty());
    REQUIRE(rig.turn_until([&] {
      while (writer.written() < kBytes && writer.write_some(kBytes - writer.written())) {
      }
      reader.read_all();
      return !rig.ends.empty();
    }));
    reader.read_all();
    CHECK(rig.ends.back().result == TransferResult::done);
    CHECK(reader.read() == kBytes);
    CHECK(reader.is_same());
  });
}

TEST_CASE("the last bytes wait for the target when the source has no more to say") {
  for_each_kind([](RelayKind kind) {
    constexpr std::uint64_t kBytes = 48 * 1024;  // fits into one pipe or buffer
    RelayRig rig{{.kind = kind}};
    const SocketPair source = make_tcp_pair();
    const SocketPair target = make_unix_pair();
    // Filled here: a small send buffer would not do, since a splice overdraws it by up to 16 page
    // fragments (seen on 6.18).
    StreamWriter filler{target.near.get(), 0};
    while (filler.write_some()) {
    }
    StreamWriter writer{source.far.get(), kBytes};
    StreamReader reader{target.far.get()};
    const auto id = rig.relay.begin(0, source.near.get(), target.near.get(), kBytes);
    REQUIRE(id.has_value());
    REQUIRE(rig.turn_until([&] {
      if (writer.written() < kBytes) writer.write_some(kBytes - writer.written());
      int unread = 0;
      REQUIRE(ioctl(source.near.get(), FIONREAD, &unread) == 0);
      return writer.written() == kBytes && unread == 0;
    }));
    for (int turn = 0; turn < 5; ++turn) rig.turn();
    CHECK(rig.ends.empty());
    std::vector<std::byte> filled(filler.written());
    REQUIRE(recv(target.far.get(), filled.data(), filled.size(), MSG_WAITALL) ==
            static_cast<ssize_t>(filled.size()));
    REQUIRE(rig.turn_until([&] {
      reader.read_all();
      return !rig.ends.empty();
    }));
    reader.read_all();
    CHECK(rig.ends.back().result == TransferResult::done);
    CHECK(reader.read() == kBytes);
    CHECK(reader.is_same());
  });
}

TEST_CASE("a source that sends one byte at a time") {
  for_each_kind([](RelayKind kind) {
    constexpr std::uint64_t kBytes = 64;
    RelayRig rig{{.kind = kind}};
    const SocketPair source = make_tcp_pair();
    const SocketPair target = make_unix_pair();
    StreamWriter writer{source.far.get(), kBytes};
    StreamReader reader{target.far.get()};
    const auto id = rig.relay.begin(0, source.near.get(), target.near.get(), kBytes);
    REQUIRE(id.has_value());
    for (std::uint64_t count = 1; count <= kBytes; ++count) {
      REQUIRE(writer.write_some(1));
      REQUIRE(rig.turn_until([&] {
        reader.read_all();
        return reader.read() == count && (count < kBytes || !rig.ends.empty());
      }));
      if (count < kBytes) CHECK(rig.relay.progress(*id) <= count);
    }
    CHECK(rig.ends.back().result == TransferResult::done);
    CHECK(reader.is_same());
  });
}

TEST_CASE("more transfers than pipes or buffers") {
  for_each_kind([](RelayKind kind) {
    constexpr std::size_t kCount = 12;
    constexpr std::uint64_t kBytes = 1'000'000;
    RelayRig rig{{.kind = kind, .buffer_count = 2, .pipes = {2, 64 * 1024}}};
    std::vector<SocketPair> sources;
    std::vector<SocketPair> targets;
    std::vector<StreamWriter> writers;
    std::vector<StreamReader> readers;
    for (std::size_t index = 0; index < kCount; ++index) {
      sources.push_back(make_tcp_pair());
      targets.push_back(make_unix_pair());
      writers.emplace_back(sources[index].far.get(), kBytes);
      readers.emplace_back(targets[index].far.get());
      REQUIRE(rig.relay
                  .begin(static_cast<std::uint32_t>(index), sources[index].near.get(),
                         targets[index].near.get(), kBytes)
                  .has_value());
    }
    REQUIRE(rig.turn_until([&] {
      for (auto& writer : writers) {
        if (writer.written() < kBytes) writer.write_some(kBytes - writer.written());
      }
      for (auto& reader : readers) reader.read_all();
      return rig.ends.size() == kCount;
    }));
    for (const TransferEnd& end : rig.ends) CHECK(end.result == TransferResult::done);
    for (auto& reader : readers) {
      reader.read_all();
      CHECK(reader.read() == kBytes);
      CHECK(reader.is_same());
    }
  });
}

TEST_CASE("silent sources do not keep the others from moving") {
  for_each_kind([](RelayKind kind) {
    RelayRig rig{{.kind = kind, .buffer_count = 4, .pipes = {4, 64 * 1024}}};
    std::vector<SocketPair> silent;
    // Of each, one byte of two comes; of the last half, none.
    for (std::uint32_t index = 0; index < 16; ++index) {
      silent.push_back(make_unix_pair());
      const SocketPair& source = silent.back();
      REQUIRE(rig.relay.begin(100 + index, source.near.get(), source.near.get(), 2).has_value());
      if (index >= 8) continue;
      REQUIRE(StreamWriter{source.far.get(), 1}.write_some(1));
      StreamReader echo{source.far.get()};
      REQUIRE(rig.turn_until([&] {
        echo.read_all();
        return echo.read() == 1;
      }));
    }
    for (int turn = 0; turn < 5; ++turn) rig.turn();
    check_whole_transfer(rig, make_tcp_pair(), make_unix_pair(), 1 << 20);
  });
}

TEST_CASE("with one splice thread, stalled transfers do not hold up the others") {
  for_each_kind([](RelayKind kind) {
    constexpr std::uint64_t kBytes = 10 << 20;
    RelayRig rig{{.kind = kind}};
    rig.ring.limit_kernel_threads(1);
    std::vector<SocketPair> pairs;
    std::vector<StreamWriter> writers;
    for (std::uint32_t index = 0; index < 3; ++index) {
      pairs.push_back(make_tcp_pair());
      pairs.push_back(make_unix_pair(16 * 1024));  // nobody reads
      const SocketPair& source = pairs[2 * index];
      writers.emplace_back(source.far.get(), kBytes);
      REQUIRE(rig.relay.begin(100 + index, source.near.get(), pairs.back().near.get(), kBytes)
                  .has_value());
    }
    for (int refused = 0; refused < 30; ++refused) {
      rig.turn();
      for (auto& writer : writers) {
        if (writer.write_some()) refused = 0;
      }
    }
    check_whole_transfer(rig, make_tcp_pair(), make_unix_pair(), kBytes);
  });
}

TEST_CASE("there are as many transfers as were asked for") {
  for_each_kind([](RelayKind kind) {
    RelayRig rig{{.kind = kind, .transfer_capacity = 2}};
    const SocketPair source = make_unix_pair();
    for (std::uint32_t index = 0; index < 3; ++index) {
      const auto id = rig.relay.begin(index, source.near.get(), source.near.get(), 1);
      CHECK(id.has_value() == (index < 2));
    }
    CHECK(rig.relay.transfer_count() == 2);
  });
}

TEST_SUITE_END();

}  // namespace urb::test
