// Sums of whole tensors, and other types for them.
#pragma once

#include "core/context.h"

namespace posecu {

// sum += x: where the gradients of two branches meet.
template <class T>
void add_to(Context& context, View<T> sum, View<const T> x);

// (a + b) / 2, written over a.
Tensor<float> mean_of(Context& context, Tensor<float> a, View<const float> b);

Tensor<float> copy_of(Context& context, View<const float> x);

// x in the type To. One of the types is float.
template <class To, class From>
Tensor<To> converted(Context& context, View<const From> x, MemoryClass memory_class = MemoryClass::activations);
template <class To, class From>
void convert(Context& context, View<To> y, View<const From> x);

}  // namespace posecu
