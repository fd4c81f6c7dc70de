// HRNet's module: each branch (a resolution) goes through its basic blocks, then every output sums all branches.
//
//   output i = relu(sum over j, from 0 up, of path_ij(branch j))     path_ii changes nothing; models/fuse_path.h
//
// Branches do not depend on each other, and neither do outputs: they run side by side where the device can.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "layers/fuse.h"
#include "models/basic_block.h"
#include "models/fuse_path.h"

namespace posecu {

template <class T>
class HrModule {
 public:
  // `outputs`: as many as there are branches, or 1 where only the first output is wanted (the network's last module).
  HrModule(Parameters& parameters, const std::string& name, std::span<const int> channels, int blocks, int outputs);

  // One tensor a branch. The inputs must live until backward; the outputs belong to the module.
  std::vector<View<const T>> forward_training(Context& context, std::span<const View<const T>> x);

  // The gradients of the outputs -> those of the inputs. Frees what forward kept.
  std::vector<Tensor<T>> backward(Context& context, std::vector<Tensor<T>> dy);

  void prepare_inference(Context& context);
  std::vector<Tensor<T>> forward_inference(Context& context, std::vector<Tensor<T>> x);

 private:
  using Paths = std::vector<std::optional<FusePath<T>>>;  // one a branch, none from a branch to itself

  Tensor<T> output_training(Context& context, std::size_t output);
  FuseGradients<T> output_backward(Context& context, std::size_t output, Tensor<T> dy);
  Tensor<T> branch_backward(Context& context, std::size_t branch, std::vector<FuseGradients<T>>& gradients);
  Tensor<T> output_inference(Context& context, std::size_t output, std::span<const Tensor<T>> branches);

  std::vector<std::vector<BasicBlock<T>>> branches_;  // [branch][block]
  std::vector<Paths> paths_;                          // [output][branch]
  std::vector<View<const T>> ends_;                   // of the branches, kept for backward
  std::vector<Tensor<T>> y_;                          // the outputs, likewise
};

}  // namespace posecu
