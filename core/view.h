// Shapes and views: what every tensor looks like from the outside. Dense, row-major, channels last: [N,H,W,C].
#pragma once

#include <array>
#include <cstddef>
#include <initializer_list>
#include <string>
#include <type_traits>

#include "core/error.h"

namespace posecu {

// Sizes of up to five axes, outermost first.
class Shape {
 public:
  static constexpr int kMaxRank = 5;

  Shape() = default;
  Shape(std::initializer_list<int> sizes);

  int rank() const { return rank_; }
  int operator[](int axis) const { return sizes_[static_cast<std::size_t>(axis)]; }
  std::size_t elements() const;  // 0 for the empty shape
  bool operator==(const Shape&) const = default;

 private:
  std::array<int, kMaxRank> sizes_{};
  int rank_ = 0;
};

std::string to_string(const Shape& shape);  // "[2,64,64,32]"

// A pointer and a shape, passed by value. Owns nothing: whoever made the memory must outlive the view.
template <class T>
class View {
 public:
  View() = default;
  View(T* data, Shape shape) : data_(data), shape_(shape) {}
  operator View<const T>() const  // NOLINT(google-explicit-constructor): a view of what may be written may be read
      requires(!std::is_const_v<T>) {
    return {data_, shape_};
  }

  T* data() const { return data_; }
  const Shape& shape() const { return shape_; }
  int size(int axis) const { return shape_[axis]; }
  std::size_t elements() const { return shape_.elements(); }
  bool empty() const { return data_ == nullptr; }
  T* begin() const { return data_; }
  T* end() const { return data_ + elements(); }

  // The same elements in another shape.
  View reshaped(Shape shape) const {
    require(shape.elements() == elements(), "reshaped to another number of elements");
    return {data_, shape};
  }

 private:
  T* data_ = nullptr;
  Shape shape_;
};

}  // namespace posecu
