// Servers that are not what their rows say: each makes its trial `failed`, and is named. The same
// trial with an honest server is `ok`.
#include <doctest/doctest.h>

#include <atomic>
#include <functional>
#include <string>
#include <vector>

#include "experiment/mechanism.hpp"
#include "experiment/trial.hpp"
#include "mode/mode.hpp"
#include "support/process.hpp"

TEST_SUITE_BEGIN("fault");

namespace urb::test {
namespace {

struct Mutant {
  const char* name;
  const char* mode;  ///< of the row
  const char* relay;
  const char* buffers;
  std::uint64_t body_bytes;
  bool reuse;
  std::function<void(ServerConfig&)> spoil;
  const char* said;
};

TrialOutcome run_with(const Mutant& mutant, bool is_spoiled, ClientKind client) {
  TrialSetup setup;
  setup.server.workers = 2;
  setup.load.connections = 2;
  setup.load.requests = 200;
  setup.client = client;
  if (client == ClientKind::ab) setup.load.warmup = std::chrono::milliseconds{150};
  setup.row.relay = mutant.relay;
  setup.row.buffers = mutant.buffers;
  Row claimed = setup.row;
  claimed.mode = mutant.mode;
  const MechanismClaim claim = read_claim(claimed, {});
  setup.server.relay = claim.relay;
  setup.server.buffers = claim.buffers;
  if (is_spoiled) mutant.spoil(setup.server);
  TrialSpec spec;
  spec.cell = {{.mode = mutant.mode}, Bytes{mutant.body_bytes}, mutant.reuse};
  const std::atomic<bool> stop{false};
  return run_trial(setup, spec, {}, stop);
}

void check(const Mutant& mutant, ClientKind client = ClientKind::builtin) {
  CAPTURE(std::string{mutant.name});
  const TrialOutcome honest = run_with(mutant, false, client);
  CHECK(honest.row.warnings == "");
  CHECK(honest.row.status == Status::ok);
  const TrialOutcome spoiled = run_with(mutant, true, client);
  CAPTURE(spoiled.row.warnings);
  CHECK(spoiled.row.status == Status::failed);
  CHECK(spoiled.row.warnings.find(mutant.said) != std::string::npos);
  CHECK_FALSE(spoiled.row.requests_per_s.has_value());
}

void be_cluster(ServerConfig& server) { server.mode = "cluster"; }
void be_socket(ServerConfig& server) { server.mode = "socket"; }
void be_msgring(ServerConfig& server) { server.mode = "msgring"; }
void copy(ServerConfig& server) { server.relay = RelayKind::copy; }
void link(ServerConfig& server) { server.relay = RelayKind::linked; }
void sync(ServerConfig& server) { server.relay = RelayKind::sync; }
void receive_plain(ServerConfig& server) { server.buffers = BufferKind::plain; }
void receive_registered(ServerConfig& server) { server.buffers = BufferKind::registered; }
void receive_provided(ServerConfig& server) { server.buffers = BufferKind::provided; }
void receive_bit_by_bit(ServerConfig& server) { server.buffers = BufferKind::provided_inc; }
void drop_bodies(ServerConfig& server) { server.faults.drops_bodies = true; }
void flip_bytes(ServerConfig& server) { server.faults.flips_bytes = true; }
void never_close(ServerConfig& server) { server.faults.never_closes = true; }

constexpr std::uint64_t kMega = 1 << 20;
const char* const kPlain = "plain";
const char* const kProvided = "provided";
const char* const kRegistered = "registered";

const std::vector<Mutant> kMechanisms{
    {"a master that does not read heads", "socket", "", kRegistered, 1000, false, be_cluster,
     "mechanism: socket, but the master read 0 heads of 202 connections"},
    {"the same with reuse", "socket", "", kRegistered, 1000, true, be_cluster,
     "mechanism: socket, but the master read 0 heads of 2 connections"},
    {"a master that reads no heads, by rings", "msgring-head", "", kRegistered, 1000, false,
     be_msgring, "mechanism: msgring-head, but the master read 0 heads of 202 connections"},
    {"a master that reads heads", "cluster", "", kRegistered, 1000, true, be_socket,
     "mechanism: cluster, but the master read 2 heads of 2 connections"},
    {"a master that hands over", "direct", "", kRegistered, 1000, true, be_cluster,
     "mechanism: direct, but the master handed over 2 of 0 connections"},
    {"a proxy that hands over", "passthru", "linked", kRegistered, 1000, true, be_socket,
     "mechanism: passthru, but the master read 2 heads of 202 requests"},
    {"linked that copies", "passthru", "linked", kRegistered, kMega, true, copy,
     "mechanism: passthru, but linked: "},
    {"sync that links", "passthru", "sync", kRegistered, kMega, true, link,
     "mechanism: passthru, but sync: "},
    {"copy that splices", "passthru", "copy", kRegistered, kMega, true, sync,
     "mechanism: passthru, but copy: "},
    {"registered that is plain", "cluster", "", kRegistered, kMega, true, receive_plain,
     "mechanism: cluster, but registered: "},
    {"provided that is registered", "socket", "", kProvided, kMega, true, receive_registered,
     "mechanism: socket, but provided: "},
    {"provided that keeps its buffers", "direct", "", kProvided, kMega, true, receive_bit_by_bit,
     "mechanism: direct, but provided: "},
    {"provided-inc that keeps none", "cluster", "", "provided-inc", kMega, true, receive_provided,
     "mechanism: cluster, but provided-inc: "},
    {"plain that is registered", "passthru", "sync", kPlain, kMega, true, receive_registered,
     "mechanism: passthru, but plain: "}};

const std::vector<Mutant> kWorkers{{"a worker that drops bodies unless asked", "cluster", "",
                                    kRegistered, 5000, true, drop_bodies, "the body's digest is "},
                                   {"one flipped bit in a million bytes", "cluster", "",
                                    kRegistered, kMega, true, flip_bytes, "the body's digest is "}};

}  // namespace

TEST_CASE("mechanism: a server that is not what its row says makes that failed, by name") {
  for (const Mutant& mutant : kMechanisms) {
    const bool is_new = std::string_view{mutant.name}.starts_with("provided") &&
                        std::string_view{mutant.name}.find(" keeps ") != std::string_view::npos;
    if (!is_new || kernel_features().has(Feature::provided_inc)) check(mutant);
  }
}

TEST_CASE("mechanism: ab as the client finds it too") {
  if (!is_on_path("ab")) return;
  for (const std::size_t index : {0U, 5U, 6U, 11U}) {
    Mutant mutant = kMechanisms[index];
    if (index == 0) mutant.said = "mechanism: socket, but the master read 0 heads of ";
    if (index == 5) mutant.said = "mechanism: passthru, but the master read 4 heads of ";
    check(mutant, ClientKind::ab);
  }
}

TEST_CASE(
    "proof: a worker that does not read what it counts, or spoils it, is found in every mode") {
  for (Mutant mutant : kWorkers) {
    for (const Mode* const mode : all_modes()) {
      const std::string name{mode->name};
      mutant.mode = name.c_str();
      mutant.relay = "linked";
      mutant.buffers = kRegistered;
      check(mutant);
    }
    mutant.mode = "cluster";
    for (const char* const buffers : {kProvided, kPlain}) {
      mutant.buffers = buffers;
      check(mutant);
    }
  }
}

TEST_CASE("proof: bodies of every size are proved") {
  for (const std::uint64_t bytes : {std::uint64_t{1}, std::uint64_t{7}, std::uint64_t{8},
                                    std::uint64_t{100}, std::uint64_t{4096}, 10 * kMega}) {
    Mutant mutant = kWorkers[0];
    mutant.body_bytes = bytes;
    check(mutant);
    CHECK(*run_with(mutant, false, ClientKind::builtin).row.verified_requests == 200);
  }
}

TEST_CASE("closes: a server that never closes is named, with either client") {
  const Mutant mutant{"a server that never closes",
                      "cluster",
                      "",
                      kRegistered,
                      1000,
                      false,
                      never_close,
                      "missing_closes"};
  check(mutant);
  if (is_on_path("ab")) check(mutant, ClientKind::ab);
}

}  // namespace urb::test
