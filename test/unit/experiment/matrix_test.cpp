// The order of trials: complete rounds, shuffled, the same for the same seed.
#include "experiment/matrix.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <numeric>
#include <vector>

TEST_SUITE_BEGIN("unit");

namespace {

urb::Grid study() {
  urb::Grid grid;
  grid.subjects = {{"cluster"}, {"socket"}, {"passthru"}, {"direct"}};
  grid.bodies = {urb::Bytes{1 << 20}, urb::Bytes{10 << 20}};
  grid.reuses = {false, true};
  return grid;
}

std::vector<std::size_t> all_cells(const urb::Grid& grid) {
  std::vector<std::size_t> all(make_cells(grid).size());
  std::iota(all.begin(), all.end(), std::size_t{0});
  return all;
}

// Of all rounds, one behind the other.
std::vector<std::size_t> order_of(const urb::Grid& grid) {
  urb::RoundOrder order{grid.seed};
  std::vector<std::size_t> indexes;
  for (unsigned repeat = 0; repeat < grid.repeats; ++repeat) {
    const std::vector<std::size_t> round = order.next(all_cells(grid));
    indexes.insert(indexes.end(), round.begin(), round.end());
  }
  return indexes;
}

}  // namespace

TEST_CASE("matrix: every combination is a cell, in the order given") {
  const auto cells = make_cells(study());
  REQUIRE(cells.size() == 16);
  CHECK(cells[0] == urb::CellSpec{{"cluster"}, urb::Bytes{1 << 20}, false});
  CHECK(cells[1] == urb::CellSpec{{"cluster"}, urb::Bytes{1 << 20}, true});
  CHECK(cells[15] == urb::CellSpec{{"direct"}, urb::Bytes{10 << 20}, true});
}

TEST_CASE("matrix: a mode's data paths are cells of their own") {
  urb::Grid grid = study();
  grid.subjects = {{"passthru", urb::RelayKind::sync}, {"passthru", urb::RelayKind::copy}};
  const auto cells = make_cells(grid);
  REQUIRE(cells.size() == 8);
  CHECK(cells[0].relay == urb::RelayKind::sync);
  CHECK(cells[4].relay == urb::RelayKind::copy);
}

TEST_CASE("matrix: each round runs every cell of it once") {
  urb::RoundOrder order{1};
  for (const std::vector<std::size_t>& cells : {all_cells(study()), {3, 5, 7}}) {
    for (int round = 0; round < 5; ++round) {
      std::vector<std::size_t> run = order.next(cells);
      std::sort(run.begin(), run.end());
      CHECK(run == cells);
    }
  }
}

TEST_CASE("matrix: a seed fixes the order, another changes it") {
  urb::Grid grid = study();
  const auto first = order_of(grid);
  CHECK(order_of(grid) == first);
  // Written down once: the order must not change with the compiler or the library either.
  const std::vector<std::size_t> begin(first.begin(), first.begin() + 6);
  CHECK(begin == std::vector<std::size_t>{13, 6, 5, 1, 10, 2});
  grid.seed = 2;
  CHECK(order_of(grid) != first);
}

TEST_CASE("matrix: rounds are not all in one order") {
  const auto order = order_of(study());
  CHECK_FALSE(std::equal(order.begin(), order.begin() + 16, order.begin() + 16));
}

TEST_CASE("matrix: in the long run each cell comes first equally often") {
  urb::Grid grid;
  grid.subjects = {{"a"}, {"b"}, {"c"}};
  grid.bodies = {urb::Bytes{1}};
  grid.reuses = {false};
  grid.repeats = 3000;
  const auto order = order_of(grid);
  std::vector<int> first_count(3);
  for (std::size_t index = 0; index < order.size(); index += 3) ++first_count[order[index]];
  // Binomial with p = 1/3: a deviation of 26; the seed is fixed, so this cannot flicker.
  for (const int count : first_count) CHECK(std::abs(count - 1000) < 104);
}

TEST_SUITE_END();
