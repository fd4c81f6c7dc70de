// What a run is made of: each operation of a layer with its time, and the work that it cannot avoid. For `posecu
// bench`; where no profile is set, an operation costs one comparison.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/context.h"

namespace posecu {

struct Work {
  std::string_view kind;  // "convolution": a literal
  std::string shape;      // "16x128x128x32 to 32, 3x3"
  double bytes = 0;       // read and written once
  double flops = 0;       // a product or a sum is one
};

std::string describe_map(const Shape& shape);  // "16x128x128x32"

// Times of everything that runs on a context while this object lives. Lanes run one after another meanwhile, and the
// context must not replay graphs.
class Profile {
 public:
  struct Row {
    Work work;
    std::vector<double> ms{};  // of each call, in order
  };

  explicit Profile(Context& context);
  ~Profile();
  Profile(const Profile&) = delete;
  Profile& operator=(const Profile&) = delete;

  // One for each kind and shape, in the order of their first calls. Waits for the device.
  std::vector<Row> rows();

 private:
  friend class Measured;
  struct Call {
    std::size_t row;
    double begin, end;  // on the CPU ms, on a GPU stamps
  };
  double now();
  void begin(Work work);
  void end();

  Context& context_;
  std::vector<Row> rows_;
  std::vector<Call> calls_;
  std::map<std::pair<std::string_view, std::string>, std::size_t> places_;  // in rows_
  int depth_ = 0;                                                           // an operation inside another is part of it
};

// An operation, from here to the end of its block.
class Measured {
 public:
  template <class F>  // () -> Work
  Measured(Context& context, const F& describe) : profile_(context.profile()) {
    if (profile_ != nullptr) profile_->begin(describe());
  }
  ~Measured() {
    if (profile_ != nullptr) profile_->end();
  }
  Measured(const Measured&) = delete;
  Measured& operator=(const Measured&) = delete;

 private:
  Profile* profile_;
};

}  // namespace posecu
