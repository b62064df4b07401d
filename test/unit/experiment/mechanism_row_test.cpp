// What a row says of its server, and what of it was counted.
#include <doctest/doctest.h>

#include <utility>

#include "base/error.hpp"
#include "experiment/mechanism.hpp"

TEST_SUITE_BEGIN("unit");

namespace urb {

TEST_CASE("mechanism: the claim is the row's, not the server's") {
  ServerConfig config;
  config.relay = RelayKind::copy;
  config.buffers = BufferKind::plain;
  Row row;
  row.mode = "passthru";
  CHECK(read_claim(row, config).relay == RelayKind::copy);
  CHECK(read_claim(row, config).buffers == BufferKind::plain);
  row.relay = "sync";
  row.buffers = "provided";
  CHECK(read_claim(row, config).relay == RelayKind::sync);
  CHECK(read_claim(row, config).buffers == BufferKind::provided);
  CHECK_FALSE(read_claim(row, config).has_tls);
  row.tls = "off";
  CHECK_FALSE(read_claim(row, config).has_tls);
  row.tls = "worker+resume";
  CHECK(read_claim(row, config).has_tls);
  row.mode = "none";
  CHECK_THROWS_AS((void)read_claim(row, config), UsageError);
}

TEST_CASE("mechanism: the row names each way that brought a hundredth of the bytes") {
  Counts counts;
  counts.read_fixed_bytes = 1000;
  counts.linked_bytes = 990;
  counts.copied_bytes = 9;
  counts.forwarded_bytes = 500;
  counts.heads_read = 3;
  counts.handover_messages = 1;
  counts.handover_connections = 2;
  Row row;
  fill_mechanism(row, counts);
  CHECK(row.buffers_used == "registered");
  counts.recv_registered_bytes = std::exchange(counts.read_fixed_bytes, 0);
  fill_mechanism(row, counts);
  CHECK(row.buffers_used == "registered-recv");
  counts.provided_bytes = std::exchange(counts.recv_registered_bytes, 0);
  fill_mechanism(row, counts);
  CHECK(row.buffers_used == "provided");
  counts.buffers_kept = 1;
  fill_mechanism(row, counts);
  CHECK(row.buffers_used == "provided-inc");
  CHECK(*row.heads_by_master == 3);
  CHECK(*row.handover_messages == 1);
  CHECK(*row.handover_sockets == 2);
  CHECK(row.relay_used == "");
  CHECK_FALSE(row.spliced_bytes.has_value());
  row.relay = "linked";
  fill_mechanism(row, counts);
  CHECK(row.relay_used == "linked");
  CHECK(*row.spliced_bytes == 990);
  CHECK(*row.copied_bytes == 509);
  counts.copied_bytes = 10;
  counts.sync_bytes = 20;
  fill_mechanism(row, counts);
  CHECK(row.relay_used == "linked;sync");  // 10 of 1,020
  counts.copied_bytes = 11;
  fill_mechanism(row, counts);
  CHECK(row.relay_used == "linked;sync;copy");
  fill_mechanism(row, {});
  CHECK(row.relay_used == "");
  CHECK(row.buffers_used == "");
}

TEST_CASE("mechanism: who placed is named by what was counted") {
  const auto placed_by = [](const char* mode, const char* policy, std::uint64_t placed) {
    Row row;
    row.mode = mode;
    row.policy = policy;
    fill_placement(row, placed);
    return row.placed_by;
  };
  CHECK(placed_by("cluster", "least", 0) == "master");
  CHECK(placed_by("direct", "hash", 0) == "hash");
  CHECK(placed_by("direct", "random", 0) == "filter");
  CHECK(placed_by("direct", "least", 5) == "program");
}

}  // namespace urb
