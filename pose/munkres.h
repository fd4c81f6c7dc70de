// The assignment problem, solved as the Python package munkres 1.1.4 solves it, step by step in float: among equally
// cheap assignments it ends with the same one. Grouping needs that, since costs that differ by 0 or 1 are often equal.
#pragma once

#include <vector>

namespace posecu {

// costs [rows,columns], rows <= columns, all finite. Returns the column that each row is paired with; every row gets
// one, no column twice, and the sum of their costs is the least possible (within rounding).
std::vector<int> munkres_assignment(const std::vector<float>& costs, int rows, int columns);

}  // namespace posecu
