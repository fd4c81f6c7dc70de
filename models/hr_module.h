// HRNet's module: each branch (a resolution) goes through its basic blocks, then every output sums all branches.
//
//   output i = relu(sum over j, from 0 up, of path_ij(branch j))     path_ii changes nothing; models/fuse_path.h
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "models/basic_block.h"
#include "models/fuse_path.h"

namespace posecu {

class HrModule {
 public:
  // `outputs`: as many as there are branches, or 1 where only the first output is wanted (the network's last module).
  HrModule(Parameters& parameters, const std::string& name, std::span<const int> channels, int blocks, int outputs);

  // One tensor a branch. The inputs must live until backward; the outputs belong to the module.
  std::vector<View<const float>> forward_training(Context& context, std::span<const View<const float>> x);

  // The gradients of the outputs -> those of the inputs. Frees what forward kept.
  std::vector<Tensor<float>> backward(Context& context, std::vector<Tensor<float>> dy);

  void prepare_inference(Context& context);
  std::vector<Tensor<float>> forward_inference(Context& context, std::vector<Tensor<float>> x);

 private:
  using Paths = std::vector<std::optional<FusePath>>;  // one a branch, none from a branch to itself

  Tensor<float> output_training(Context& context, std::size_t output);
  void output_backward(Context& context, std::size_t output, Tensor<float> dy, std::vector<Tensor<float>>& dbranches);
  Tensor<float> output_inference(Context& context, std::size_t output, std::span<const Tensor<float>> branches);

  std::vector<std::vector<BasicBlock>> branches_;  // [branch][block]
  std::vector<Paths> paths_;                       // [output][branch]
  std::vector<View<const float>> ends_;            // of the branches, kept for backward
  std::vector<Tensor<float>> y_;                   // the outputs, likewise
};

}  // namespace posecu
