// What is claimed of made-up trials, and what is not.
#include "report/rankings.hpp"

#include <doctest/doctest.h>

#include "report/collection.hpp"
#include "unit/report/made_up.hpp"

TEST_SUITE_BEGIN("unit");

namespace {

using urb::Certainty;
using urb::Row;
using urb::test::joined;
using urb::test::made_up_rates;

struct Claim {
  std::string best;
  Certainty certainty;
  std::string text;
  std::string reference;
};

std::vector<Claim> claims_of(const std::vector<Row>& rows) {
  const std::vector<urb::Section> sections = urb::collect(rows);
  const urb::Section& section = sections.front();
  std::vector<Claim> claims;
  for (const urb::Ranking& ranking : urb::rank_cells(section, section.settings.front())) {
    claims.push_back({ranking.lead.of->name(), ranking.lead.certainty, ranking.lead.text,
                      ranking.reference ? ranking.reference->text : ""});
  }
  return claims;
}

Claim claim_of(const std::vector<Row>& rows) {
  const std::vector<Claim> claims = claims_of(rows);
  REQUIRE(claims.size() == 1);
  return claims.front();
}

std::vector<Row> clear_lead() {
  return joined({made_up_rates("socket", {100, 100, 100, 100, 100}),
                 made_up_rates("cluster", {150, 110, 140, 120, 130})});
}

}  // namespace

TEST_CASE("rankings: an interval that excludes 1 makes a claim, with its figures") {
  const Claim claim = claim_of(clear_lead());
  CHECK(claim.best == "cluster");
  CHECK(claim.certainty == Certainty::sure);
  CHECK(claim.text ==
        "cluster answers 1.30 times (1.10 to 1.50) the requests per second of socket.");
}

TEST_CASE("rankings: an interval that includes 1 makes none, however far the medians are apart") {
  const Claim claim = claim_of(joined({made_up_rates("socket", {100, 100, 100, 100, 100}),
                                       made_up_rates("cluster", {150, 99, 140, 120, 130})}));
  CHECK(claim.best == "cluster");
  CHECK(claim.certainty == Certainty::undecided);
  CHECK(claim.text == "cluster and socket are within what 5 trials can tell.");
}

TEST_CASE("rankings: an interval that ends at 1 includes it") {
  const Claim claim = claim_of(joined({made_up_rates("socket", {100, 100, 100, 100, 100}),
                                       made_up_rates("cluster", {150, 100, 140, 120, 130})}));
  CHECK(claim.certainty == Certainty::undecided);
}

TEST_CASE("rankings: fewer than five rounds order nothing") {
  const Claim claim = claim_of(
      joined({made_up_rates("socket", {1, 1, 1, 1}), made_up_rates("cluster", {9, 9, 9, 9})}));
  CHECK(claim.certainty == Certainty::undecided);
  CHECK(claim.text ==
        "cluster and socket have 4 common trials, and fewer than 5 cannot order them.");
}

TEST_CASE("rankings: cells that were never in one round are not ordered") {
  auto rows = clear_lead();
  for (std::size_t index = 0; index < 5; ++index) rows[index].run_id = "another";
  const Claim claim = claim_of(rows);
  CHECK(claim.certainty == Certainty::undecided);
  CHECK(claim.text ==
        "cluster and socket were not measured in the same rounds, so their order is open.");
}

TEST_CASE("rankings: where the client was the limit, that is what is said") {
  auto rows = clear_lead();
  rows[0].bottleneck = rows[1].bottleneck = "client";
  CHECK(claim_of(rows).certainty == Certainty::sure);  // not in most
  rows[2].warnings = "load_high;client_busy";
  const Claim claim = claim_of(rows);
  CHECK(claim.certainty == Certainty::undecided);
  CHECK(claim.text == "The client was the limit in most trials of " + rows[0].mode +
                          ", so requests per second do not rank cluster and socket.");
}

TEST_CASE("rankings: a busy client does not spoil the server's CPU time") {
  auto rows = clear_lead();
  for (Row& row : rows) {
    row.warnings = "client_busy";
    row.cpu_us_per_request_master = 10;
    row.cpu_us_per_request_workers = row.mode == "socket" ? 10 : 30;
  }
  const std::vector<Claim> claims = claims_of(rows);
  REQUIRE(claims.size() == 2);
  CHECK(claims[0].certainty == Certainty::undecided);
  CHECK(claims[1].best == "socket");
  CHECK(claims[1].certainty == Certainty::sure);
  CHECK(claims[1].text ==
        "socket needs 0.50 times (0.50 to 0.50) the server CPU per request of cluster.");
}

TEST_CASE("rankings: warnings that make times worthless forbid a claim, others do not") {
  auto rows = clear_lead();
  rows[3].warnings = "load_high;dirty_tree";
  CHECK(claim_of(rows).certainty == Certainty::sure);
  rows[3].warnings = "load_high;cpu_throttled";
  const Claim claim = claim_of(rows);
  CHECK(claim.certainty == Certainty::undecided);
  CHECK(claim.text ==
        "cluster and socket cannot be ranked, because their trials carry the warning "
        "cpu_throttled.");
}

TEST_CASE("rankings: the mode that does not distribute is what the best is held against") {
  auto rows = joined({clear_lead(), made_up_rates("direct", {200, 200, 200, 200, 200})});
  const Claim claim = claim_of(rows);
  CHECK(claim.best == "cluster");
  CHECK(claim.reference ==
        "cluster answers 0.65 times (0.55 to 0.75) the requests per second of direct.");
}

TEST_CASE("rankings: one cell is alone, two are a pair even if one of them does not distribute") {
  const Claim alone = claim_of(made_up_rates("socket", {1, 2, 3, 4, 5}));
  CHECK(alone.certainty == Certainty::alone);
  CHECK(alone.text == "Only socket was measured here.");
  const Claim pair = claim_of(joined(
      {made_up_rates("socket", {1, 2, 3, 4, 5}), made_up_rates("direct", {2, 4, 6, 8, 10})}));
  CHECK(pair.text == "direct answers 2.00 times (2.00 to 2.00) the requests per second of socket.");
}

TEST_CASE("rankings: in the open loop all answer what was asked for") {
  auto rows = clear_lead();
  for (Row& row : rows) {
    row.loop = "open";
    row.rate_requested = 100;
  }
  CHECK(claims_of(rows).empty());
}

TEST_CASE("rankings: single kernel operations are no rivals") {
  CHECK(claims_of(joined({made_up_rates("micro-nop", {1, 1, 1, 1, 1}),
                          made_up_rates("micro-splice", {2, 2, 2, 2, 2})}))
            .empty());
}

TEST_SUITE_END();
