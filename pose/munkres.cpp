#include "pose/munkres.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <utility>

#include "core/error.h"

namespace posecu {
namespace {

enum class Mark : unsigned char { none, star, prime };

// The state of the package's six steps on the matrix padded to a square with rows of 0. Names are the package's.
class Munkres {
 public:
  Munkres(const std::vector<float>& costs, int rows, int n)
      : n_(n), costs_(costs), marks_(cells(), Mark::none), row_covered_(size(), 0), column_covered_(size(), 0) {
    costs_.resize(cells(), 0.f);
    subtract_row_minima();
    star_first_zeros();
    while (!cover_starred_columns()) augment(prime_until_free());
    for (int row = 0; row < rows; ++row) columns_.push_back(column_of(row, Mark::star));
  }

  std::vector<int> columns() && { return std::move(columns_); }

 private:
  struct Cell {
    int row, column;
  };

  std::size_t size() const { return static_cast<std::size_t>(n_); }
  std::size_t cells() const { return size() * size(); }
  std::size_t at(int row, int column) const {
    return static_cast<std::size_t>(row) * size() + static_cast<std::size_t>(column);
  }
  char& row_covered(int row) { return row_covered_[static_cast<std::size_t>(row)]; }
  char& column_covered(int column) { return column_covered_[static_cast<std::size_t>(column)]; }
  bool open_zero(int row, int column) {
    return costs_[at(row, column)] == 0.f && !row_covered(row) && !column_covered(column);
  }

  void clear_covers() {
    std::ranges::fill(row_covered_, 0);
    std::ranges::fill(column_covered_, 0);
  }

  void subtract_row_minima() {  // step 1; there is no such step for columns
    for (int row = 0; row < n_; ++row) {
      const auto first = costs_.begin() + static_cast<std::ptrdiff_t>(at(row, 0));
      const float least = *std::min_element(first, first + n_);
      std::for_each(first, first + n_, [least](float& cost) { cost -= least; });
    }
  }

  void star_first_zeros() {  // step 2
    for (int row = 0; row < n_; ++row)
      for (int column = 0; column < n_; ++column)
        if (open_zero(row, column)) {
          marks_[at(row, column)] = Mark::star;
          row_covered(row) = column_covered(column) = 1;
          break;
        }
    clear_covers();
  }

  bool cover_starred_columns() {  // step 3; true when every column has its star
    int count = 0;
    for (int row = 0; row < n_; ++row)
      for (int column = 0; column < n_; ++column)
        if (marks_[at(row, column)] == Mark::star && !column_covered(column)) {
          column_covered(column) = 1;
          ++count;
        }
    return count >= n_;
  }

  Cell prime_until_free() {  // steps 4 and 6: primes zeros until one stands in a row without a star
    for (;;) {
      for (Cell zero = find_open_zero({0, 0}); zero.row >= 0; zero = find_open_zero(zero)) {
        marks_[at(zero.row, zero.column)] = Mark::prime;
        const int star = column_of(zero.row, Mark::star);
        if (star < 0) return zero;
        row_covered(zero.row) = 1;
        column_covered(star) = 0;
        zero.column = star;  // where the next search begins
      }
      make_zeros();
    }
  }

  // Rows are looked through from start.row on, cyclically, each from start.column on, cyclically. The first row with an
  // open zero decides, and in it the last one met: the package goes on to the end of the row.
  Cell find_open_zero(Cell start) {
    for (int i = 0; i < n_; ++i) {
      const int row = (start.row + i) % n_;
      if (row_covered(row)) continue;
      for (int j = n_ - 1; j >= 0; --j)
        if (const int column = (start.column + j) % n_; open_zero(row, column)) return {row, column};
    }
    return {-1, -1};
  }

  void make_zeros() {  // step 6
    float least = INFINITY;
    for (int row = 0; row < n_; ++row)
      for (int column = 0; column < n_; ++column)
        if (!row_covered(row) && !column_covered(column)) least = std::min(least, costs_[at(row, column)]);
    require(std::isfinite(least), "a matrix of finite costs");
    for (int row = 0; row < n_; ++row)
      for (int column = 0; column < n_; ++column) {
        float& cost = costs_[at(row, column)];
        if (row_covered(row)) cost += least;
        if (!column_covered(column)) cost -= least;  // both: it may come back with another last bit, as there
      }
  }

  void augment(Cell prime) {  // step 5: stars and primes change places along the alternating path
    std::vector<Cell> path{prime};
    for (int row = row_of_star(prime.column); row >= 0; row = row_of_star(path.back().column)) {
      path.push_back({row, path.back().column});
      path.push_back({row, column_of(row, Mark::prime)});
    }
    for (const auto& [row, column] : path) {
      Mark& mark = marks_[at(row, column)];
      mark = mark == Mark::star ? Mark::none : Mark::star;
    }
    clear_covers();
    std::ranges::replace(marks_, Mark::prime, Mark::none);
  }

  int column_of(int row, Mark mark) const {
    for (int column = 0; column < n_; ++column)
      if (marks_[at(row, column)] == mark) return column;
    return -1;
  }

  int row_of_star(int column) const {
    for (int row = 0; row < n_; ++row)
      if (marks_[at(row, column)] == Mark::star) return row;
    return -1;
  }

  int n_;
  std::vector<float> costs_;
  std::vector<Mark> marks_;
  std::vector<char> row_covered_, column_covered_;
  std::vector<int> columns_;
};

}  // namespace

std::vector<int> munkres_assignment(const std::vector<float>& costs, int rows, int columns) {
  require(rows > 0 && rows <= columns, "an assignment of at least one row and no fewer columns");
  require(costs.size() == static_cast<std::size_t>(rows) * static_cast<std::size_t>(columns), "[rows,columns] costs");
  return Munkres(costs, rows, columns).columns();
}

}  // namespace posecu
