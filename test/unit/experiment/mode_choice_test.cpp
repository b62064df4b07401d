// Which modes run: by name, by what they need, and what is said of the others.
#include "experiment/mode_choice.hpp"

#include <doctest/doctest.h>
#include <sys/wait.h>

#include <algorithm>
#include <cerrno>
#include <string>
#include <vector>

#include "base/error.hpp"

TEST_SUITE_BEGIN("unit");

namespace urb {
namespace {

using Names = std::vector<std::string>;

std::string nothing_against(const Mode&, RelayKind) { return {}; }

Names names_of(const ModeChoice& choice) {
  Names names;
  for (const Subject& subject : choice.subjects) {
    names.push_back(subject.mode);
    if (subject.relay) names.back().append(" ").append(name_of(*subject.relay));
    if (subject.policy) names.back().append(":").append(name_of(*subject.policy));
  }
  return names;
}

// Of a machine where all is well.
Obstacles no_obstacles() {
  Obstacles obstacles;
  for (const FeatureFacts& facts : all_features()) obstacles.features.add(facts.feature);
  return obstacles;
}

std::string obstacle_of(std::string_view mode, const Obstacles& obstacles) {
  return find_obstacle(require_mode(mode), RelayKind::linked, obstacles);
}

TEST_CASE("mode choice: each once, and the reference beside several others") {
  const auto chosen = [](const Names& typed, bool wants_reference) {
    return names_of(choose_modes(typed, wants_reference, {}, nothing_against));
  };
  CHECK(chosen({"socket", "cluster", "socket"}, true) == Names{"socket", "cluster", "direct"});
  CHECK(chosen({"socket", "cluster"}, false) == Names{"socket", "cluster"});
  CHECK(chosen({"socket"}, true) == Names{"socket"});
  CHECK(chosen({"direct", "socket"}, true) == Names{"direct", "socket"});
  CHECK_THROWS_WITH_AS(static_cast<void>(chosen({"sockt"}, true)),
                       "unknown mode sockt, did you mean socket?", UsageError);
  CHECK_THROWS_WITH_AS(static_cast<void>(chosen({"nginx"}, true)),
                       "unknown mode nginx (list-modes names them)", UsageError);
}

TEST_CASE("mode choice: a mode may have a policy of its own") {
  const auto chosen = [](const Names& typed, const FindObstacle& obstacle) {
    return choose_modes(typed, true, RelayKind::sync, obstacle);
  };
  const Names typed{"direct", "direct:least", "cluster:least", "direct:least", "passthru:rr"};
  CHECK(names_of(chosen(typed, nothing_against)) ==
        Names{"direct", "direct:least", "cluster:least", "passthru:rr"});
  CHECK_THROWS_AS(chosen({"direct:key"}, nothing_against), UsageError);
  CHECK_THROWS_AS(chosen({"cluster:hash"}, nothing_against), UsageError);
  CHECK_THROWS_WITH_AS(chosen({"cluster:lest"}, nothing_against),
                       "unknown policy lest, did you mean least?", UsageError);
  // A reference that nobody asked for by name is left out where it cannot run.
  const auto not_direct = [](const Mode& mode, RelayKind) {
    return mode.workers_listen ? std::string{"why"} : std::string{};
  };
  const ModeChoice choice = chosen({"cluster", "socket"}, not_direct);
  CHECK(names_of(choice) == Names{"cluster", "socket"});
  CHECK(choice.left_out == Names{"direct is left out: why"});
}

TEST_CASE("mode choice: who does TLS may be a mode's own") {
  const auto chosen = [](const Names& typed) {
    return choose_modes(typed, true, RelayKind::sync, nothing_against).subjects;
  };
  const std::vector<Subject> subjects =
      chosen({"direct", "cluster:worker", "socket:sni", "cluster:least:worker"});
  REQUIRE(subjects.size() == 4);
  CHECK_FALSE(subjects[0].tls);
  CHECK(subjects[1].tls == tls::Kind::worker);
  CHECK(subjects[2].tls == tls::Kind::sni);
  CHECK(subjects[3].tls == tls::Kind::worker);
  CHECK(subjects[3].policy == Policy::least);
  // The reference, which nobody asked for, is sealed as well.
  CHECK(chosen({"cluster:worker", "socket:sni"}).back() ==
        Subject{.mode = "direct", .tls = tls::Kind::worker});
  CHECK_THROWS_AS(static_cast<void>(chosen({"socket:worker"})), UsageError);
  CHECK_THROWS_AS(static_cast<void>(chosen({"cluster:sni"})), UsageError);
  CHECK_THROWS_AS(static_cast<void>(chosen({"msgring-head:sni"})), UsageError);
  CHECK_THROWS_AS(static_cast<void>(chosen({"cluster:tls"})), UsageError);
}

TEST_CASE("mode choice: all is what nothing stands against, and the others are named") {
  const auto not_socket = [](const Mode& mode, RelayKind) {
    return mode.name == "socket" ? std::string{"why"} : std::string{};
  };
  const ModeChoice choice = choose_modes({"all", "msgring"}, false, RelayKind::sync, not_socket);
  CHECK(choice.subjects.size() == all_modes().size() - 1);
  CHECK(choice.subjects.front().mode == "msgring");
  CHECK(choice.left_out == Names{"socket is left out: why"});
  const auto none = [](const Mode&, RelayKind) { return std::string{"no rings"}; };
  CHECK_THROWS_WITH_AS(static_cast<void>(choose_modes({"all"}, true, {}, none)),
                       "no mode can run here: no rings", Unsupported);
}

TEST_CASE("mode choice: passthru stands once with each relay, or with the one asked for") {
  const Names each{"passthru linked", "passthru sync", "passthru copy"};
  CHECK(names_of(choose_modes({"passthru"}, true, {}, nothing_against)) == each);
  CHECK(names_of(choose_modes({"passthru"}, true, RelayKind::linked, nothing_against)) ==
        Names{"passthru"});
  // One relay that cannot run leaves the others.
  const auto no_thread = [](const Mode&, RelayKind relay) {
    return relay == RelayKind::linked ? std::string{"no thread"} : std::string{};
  };
  const ModeChoice choice = choose_modes({"all"}, true, {}, no_thread);
  CHECK(choice.subjects.size() == all_modes().size() + 1);
  CHECK(choice.left_out == Names{"passthru linked is left out: no thread"});
  // Where none can, the rows say why.
  const auto nothing = [](const Mode&, RelayKind) { return std::string{"no rings"}; };
  CHECK(names_of(choose_modes({"passthru"}, true, {}, nothing)) == each);
}

TEST_CASE("mode choice: what stands in the way is the mode's own, or everybody's") {
  Obstacles obstacles = no_obstacles();
  for (const Mode* const mode : all_modes()) CHECK(obstacle_of(mode->name, obstacles).empty());
  obstacles.features.remove(Feature::msg_ring_fd);
  CHECK(obstacle_of("socket", obstacles).empty());
  CHECK(obstacle_of("msgring", obstacles).find("Linux 6.3") != std::string::npos);
  obstacles.splices = "no thread";
  CHECK(obstacle_of("passthru", obstacles) == "no thread");
  CHECK(find_obstacle(require_mode("passthru"), RelayKind::sync, obstacles).empty());
  obstacles.head_memory = "no memory for heads";
  CHECK(obstacle_of("socket", obstacles) == "no memory for heads");
  CHECK(obstacle_of("cluster", obstacles).empty());
  obstacles.memory = "no memory";
  CHECK(obstacle_of("socket", obstacles) == "no memory");
  obstacles.processes = "no processes";
  CHECK(obstacle_of("socket", obstacles) == "no processes");
  obstacles.rings = "no rings";
  CHECK(obstacle_of("msgring", obstacles) == "no rings");
}

TEST_CASE("mode choice: looking for obstacles leaves no process") {
  const Obstacles obstacles = find_obstacles({});
  CHECK(obstacles.rings.empty());
  CHECK(obstacles.processes.empty());
  CHECK(obstacles.features == kernel_features());
  const bool has_child = waitpid(-1, nullptr, WNOHANG) >= 0 || errno != ECHILD;
  CHECK_FALSE(has_child);
}

TEST_CASE("mode choice: one mode is the reference") {
  const auto modes = all_modes();
  CHECK(std::ranges::count_if(modes, [](const Mode* mode) { return mode->is_reference; }) == 1);
}

TEST_CASE("mode choice: the build tests relays of the modes that have one") {
  std::string with_relay;
  for (const Mode* const mode : all_modes()) {
    if (mode->has_relay) with_relay += (with_relay.empty() ? "" : ",") + std::string{mode->name};
  }
  CHECK(with_relay == URB_MODES_WITH_RELAY);
}

}  // namespace
}  // namespace urb

TEST_SUITE_END();
