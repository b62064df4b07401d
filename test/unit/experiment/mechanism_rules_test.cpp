// Did a mode do what its name says? By made-up counts, with one of them wrong at a time.
#include "experiment/mechanism.hpp"

#include <doctest/doctest.h>

#include <functional>
#include <string>
#include <utility>
#include <vector>

TEST_SUITE_BEGIN("unit");

namespace urb {
namespace {

constexpr std::uint64_t kBody = 1 << 20;

/// What an honest server of `mode` counts: 100 requests of 1 MiB on 20 connections, two workers.
struct Made {
  MechanismClaim claim;
  std::vector<ProcessDeeds> server{{ProcessRole::master, {}, {Feature::accept_multishot}},
                                   {ProcessRole::worker, {}, {Feature::accept_multishot}},
                                   {ProcessRole::worker, {}, {Feature::accept_multishot}}};
  ClientDeeds client{.connections = 20,
                     .requests = 100,
                     .body_bytes = 100 * kBody,
                     .unused_connections = 4,
                     .uncounted = 0};

  explicit Made(const char* mode, RelayKind relay = RelayKind::linked) {
    claim.mode = find_mode(mode);
    claim.relay = relay;
    const Mode& is = *claim.mode;
    if (is.workers_listen) {
      for (Counts* const counts : {&worker(0), &worker(1)}) {
        counts->accepts_armed = 1;
        counts->connections_opened = 10;
      }
    } else {
      master().accepts_armed = 1;
      master().connections_opened = 20;
      master().handover_connections = is.has_relay ? 4 : 20;
      master().upstream_opened = is.has_relay ? 4 : 0;
    }
    if (is.reads_heads) master().heads_read = is.has_relay ? 100 : 20;
    worker(0).read_fixed_bytes = worker(1).read_fixed_bytes = 50 * kBody + 5000;
    if (!is.has_relay) return;
    master().bodies_with_heads = 100 * 3900;
    const std::uint64_t rest = 100 * (kBody - 3900);
    (relay == RelayKind::linked ? master().linked_bytes
     : relay == RelayKind::copy ? master().copied_bytes
                                : master().sync_bytes) = rest;
  }

  void receive_provided() {
    for (Counts* const counts : {&worker(0), &worker(1)}) {
      counts->provided_bytes = std::exchange(counts->read_fixed_bytes, 0);
    }
  }
  Counts& master() { return server[0].counts; }
  Counts& worker(std::size_t index) { return server[1 + index].counts; }
  [[nodiscard]] std::string broken() const { return find_broken_claim(claim, server, client); }
};

}  // namespace

TEST_CASE("mechanism: who does what its name says is believed") {
  for (const Mode* const mode : all_modes()) {
    CAPTURE(mode->name);
    CHECK(Made{std::string{mode->name}.c_str()}.broken() == "");
  }
  for (const RelayKind relay : kRelays) {
    CHECK(Made("passthru", relay).broken() == "");
  }
}

TEST_CASE("mechanism: a count that contradicts the name is said, with the name") {
  struct Case {
    const char* mode;
    std::function<void(Made&)> spoil;
    const char* said;
  };
  const std::vector<Case> cases{
      {"socket", [](Made& made) { made.master().heads_read = 0; },
       "mechanism: socket, but the master read 0 heads of 20 connections"},
      {"socket", [](Made& made) { made.master().heads_read = 21; }, "the master read 21 heads"},
      {"msgring-head", [](Made& made) { made.master().heads_read = 19; },
       "mechanism: msgring-head, but the master read 19 heads of 20 connections"},
      {"passthru", [](Made& made) { made.master().heads_read = 20; },
       "the master read 20 heads of 100 requests"},
      {"cluster", [](Made& made) { made.master().heads_read = 1; }, "the master read 1 heads"},
      {"direct", [](Made& made) { made.master().heads_read = 1; }, "the master read 1 heads"},
      {"direct", [](Made& made) { made.master().handover_connections = 1; },
       "the master handed over 1 of 0 connections"},
      {"cluster", [](Made& made) { made.master().handover_connections = 19; },
       "the master handed over 19 of 20 connections"},
      {"cluster", [](Made& made) { made.master().handover_connections = 25; },
       "the master handed over 25 of 20 connections"},
      {"socket", [](Made& made) { made.master().handover_connections = 21; },
       "the master handed over 21 of 20 connections"},
      {"msgring", [](Made& made) { made.master().handover_connections = 0; },
       "the master handed over 0 of 20 connections"},
      {"passthru", [](Made& made) { made.master().handover_connections = 20; },
       "the master handed over 20 of 4 socket pairs"},
      {"passthru", [](Made& made) { made.master().linked_bytes -= 1; }, "its relay moved "},
      {"passthru", [](Made& made) { made.master().copied_bytes = 1; },
       "linked: 1 of 104467601 bytes went by copy"},
      {"passthru", [](Made& made) { made.claim.relay = RelayKind::sync; }, "bytes went by linked"},
      {"direct", [](Made& made) { made.claim.buffers = BufferKind::provided; },
       "provided: 104867600 of 104867600 bytes went by registered"},
      {"direct",
       [](Made& made) {
         made.claim.buffers = BufferKind::provided_inc;
         made.receive_provided();
       },
       "provided-inc: 104867600 of 104867600 bytes went by provided"},
      {"direct",
       [](Made& made) {
         made.claim.buffers = BufferKind::provided;
         made.receive_provided();
         made.worker(0).buffers_kept = 1;
       },
       "provided: 104867600 of 104867600 bytes went by provided-inc"},
      {"direct", [](Made& made) { made.server[1].used.add(Feature::recv_registered); },
       "registered: 104867600 of 104867600 bytes went by registered"},
      {"direct", [](Made& made) { made.worker(1).recv_registered_bytes = 1; },
       "registered: 1 of 104867601 bytes went by registered-recv"},
      {"direct", [](Made& made) { made.worker(1).plain_bytes = 1; },
       "registered: 1 of 104867601 bytes went by plain"},
      {"direct", [](Made& made) { made.worker(1).read_fixed_bytes = 0; },
       "the workers received 52433800 of 104857600 bytes"},
      {"direct", [](Made& made) { made.worker(1).accepts_armed = 10; },
       "its multishot accept was armed 10 times for 10 connections"},
      {"cluster", [](Made& made) { made.master().accepts_armed = 21; },
       "its multishot accept was armed 21 times for 20 connections"}};
  for (const Case& one : cases) {
    CAPTURE(one.said);
    Made made{one.mode};
    REQUIRE(made.broken() == "");
    one.spoil(made);
    CHECK(made.broken().starts_with("mechanism: " + std::string{one.mode} + ", but "));
    CHECK(made.broken().find(one.said) != std::string::npos);
  }
}

TEST_CASE("mechanism: the kernel has the keys of each connection of --tls ktls") {
  Made made{"socket"};
  made.claim.tls = tls::Kind::ktls;
  CHECK(made.broken() ==
        "mechanism: socket, but the master completed 0 handshakes of 20 connections");
  made.master().handshakes = 20;
  CHECK(made.broken().empty());
  made.master().tls_not_offloaded = 1;
  CHECK(made.broken() == "mechanism: socket, but the kernel took no keys of 1 of 20 connections");
  made.master().tls_not_offloaded = 0;
  made.worker(0).handshakes = 1;
  CHECK_FALSE(made.broken().empty());
}

TEST_CASE("mechanism: each connection of --tls worker has a handshake, and no other has") {
  Made made{"cluster"};
  made.claim.tls = tls::Kind::worker;
  CHECK(made.broken() ==
        "mechanism: cluster, but the workers completed 0 handshakes of 20 connections");
  made.worker(0).handshakes = 12;
  made.worker(1).handshakes = 8;
  CHECK(made.broken().empty());
  made.worker(1).handshakes = 8 + 4;  // given up by the client before a request
  CHECK(made.broken().empty());
  made.worker(1).handshakes = 8 + 5;
  CHECK_FALSE(made.broken().empty());
  made.claim.tls = tls::Kind::off;
  CHECK_FALSE(made.broken().empty());
}

TEST_CASE("mechanism: with --tls sni the master has seen each hello, and read no head") {
  Made made{"socket"};
  made.claim.tls = tls::Kind::sni;
  made.worker(0).handshakes = made.worker(1).handshakes = 10;
  made.master().hellos_seen = 20;
  CHECK(made.broken() == "mechanism: socket, but the master read 20 heads of 20 connections");
  made.master().heads_read = 0;
  CHECK(made.broken().empty());
  made.master().hellos_seen = 19;
  CHECK(made.broken() == "mechanism: socket, but the master saw 19 ClientHellos of 20 connections");
  // Given up by the client before a request.
  made.master().hellos_seen = made.master().handover_connections = 20 + 4;
  CHECK(made.broken().empty());
  made.master().hellos_seen = 20 + 5;
  CHECK_FALSE(made.broken().empty());
  made.master().hellos_seen = 20;
  made.worker(0).handshakes = 9;
  CHECK(made.broken() ==
        "mechanism: socket, but the workers completed 19 handshakes of 20 connections");
  // Nothing came with a head.
  made.worker(0).handshakes = 10;
  made.worker(0).read_fixed_bytes = 50 * kBody - 6000;
  CHECK(made.broken().find("the workers received ") != std::string::npos);
  Made other{"cluster"};
  other.master().hellos_seen = 1;
  CHECK(other.broken().find("the master saw 1 ClientHellos") != std::string::npos);
}

TEST_CASE("mechanism: what the client left open is allowed for, and no more") {
  Made made{"cluster"};
  made.master().handover_connections = 24;  // four were given up before they sent anything
  CHECK(made.broken() == "");
  made.client.uncounted = 8;
  made.master().handover_connections = 32;
  CHECK(made.broken() == "");
  made.master().handover_connections = 33;
  CHECK(made.broken() != "");
  Made proxy{"passthru"};
  proxy.client.uncounted = 8;
  proxy.master().heads_read = 108;
  CHECK(proxy.broken() == "");
  proxy.master().heads_read = 99;
  CHECK(proxy.broken() != "");
}

TEST_CASE("mechanism: accepts that end with errors, or without multishot, are no lie") {
  Made made{"cluster"};
  made.master().accepts_armed = 21;
  made.server[0].used = {};
  CHECK(made.broken() == "");
  made.server[0].used = {Feature::accept_multishot};
  made.master().accept_errors = 20;
  CHECK(made.broken() == "");
}

TEST_CASE("mechanism: a policy of direct is a program's, and rr is even") {
  Made made{"direct"};
  made.claim.policy = Policy::least;
  CHECK(made.broken().find("0 of 20 connections") != std::string::npos);
  made.worker(0).kernel_placed = 14;
  made.worker(1).kernel_placed = 6;
  CHECK(made.broken() == "");
  made.claim.policy = Policy::rr;
  CHECK(made.broken().find("gave 14 of 20") != std::string::npos);
  made.worker(0).kernel_placed = made.worker(1).kernel_placed = 10;
  CHECK(made.broken() == "");
  for (const Policy policy : {Policy::hash, Policy::random}) {
    made.claim.policy = policy;
    CHECK(made.broken().find("a program chose") != std::string::npos);
  }
}

}  // namespace urb
