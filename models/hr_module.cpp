#include "models/hr_module.h"

#include <utility>

#include "layers/elementwise.h"
#include "layers/fuse.h"

namespace posecu {

HrModule::HrModule(Parameters& parameters, const std::string& name, std::span<const int> channels, int blocks,
                   int outputs)
    : branches_(channels.size()) {
  for (std::size_t branch = 0; branch < channels.size(); ++branch) {
    for (int block = 0; block < blocks; ++block) {
      branches_[branch].emplace_back(
          parameters, name + ".branches." + std::to_string(branch) + "." + std::to_string(block), channels[branch]);
    }
  }
  for (int output = 0; output < outputs; ++output) {
    Paths& paths = paths_.emplace_back(channels.size());
    for (int branch = 0; branch < static_cast<int>(channels.size()); ++branch) {
      if (branch == output) continue;
      paths[static_cast<std::size_t>(branch)].emplace(
          parameters, name + ".fuse_layers." + std::to_string(output) + "." + std::to_string(branch), channels, branch,
          output);
    }
  }
}

std::vector<View<const float>> HrModule::forward_training(Context& context, std::span<const View<const float>> x) {
  ends_.assign(x.begin(), x.end());
  for (std::size_t branch = 0; branch < branches_.size(); ++branch) {
    for (BasicBlock& block : branches_[branch]) ends_[branch] = block.forward_training(context, ends_[branch]);
  }
  for (std::size_t output = 0; output < paths_.size(); ++output) y_.push_back(output_training(context, output));
  return {y_.begin(), y_.end()};
}

Tensor<float> HrModule::output_training(Context& context, std::size_t output) {
  std::vector<Tensor<float>> arrived(ends_.size());
  std::vector<View<const float>> summands = ends_;
  for (std::size_t branch = 0; branch < ends_.size(); ++branch) {
    if (branch == output) continue;
    summands[branch] = arrived[branch] = paths_[output][branch]->forward_training(context, ends_[branch]);
  }
  return fuse_branches(context, summands);
}

std::vector<Tensor<float>> HrModule::backward(Context& context, std::vector<Tensor<float>> dy) {
  std::vector<Tensor<float>> dx(branches_.size());
  for (std::size_t output = paths_.size(); output-- > 0;) {
    output_backward(context, output, std::move(dy[output]), dx);
  }
  y_.clear(), ends_.clear();
  for (std::size_t branch = branches_.size(); branch-- > 0;) {
    for (std::size_t block = branches_[branch].size(); block-- > 0;) {
      dx[branch] = branches_[branch][block].backward(context, std::move(dx[branch]));
    }
  }
  return dx;
}

void HrModule::output_backward(Context& context, std::size_t output, Tensor<float> dy,
                               std::vector<Tensor<float>>& dbranches) {
  std::vector<Shape> shapes;
  for (std::size_t branch = 0; branch < ends_.size(); ++branch) {
    // What arrives from a higher resolution has the output's own.
    const Shape &end = ends_[branch].shape(), &y = y_[output].shape();
    shapes.push_back(branch < output ? y : Shape{end[0], end[1], end[2], y[3]});
  }
  FuseGradients gradients = fuse_branches_backward(context, std::move(dy), y_[output], shapes);
  y_[output].reset();
  const auto add = [&](std::size_t branch, Tensor<float> gradient) {
    Tensor<float>& sum = dbranches[branch];
    if (sum.empty()) {
      sum = std::move(gradient);
    } else {
      add_to(context, sum, gradient);
    }
  };
  for (std::size_t branch = 0; branch < ends_.size(); ++branch) {
    if (branch == output) continue;
    const Tensor<float> reduced = std::move(gradients.reduced[branch]);
    add(branch, paths_[output][branch]->backward(context, branch < output ? gradients.full : reduced));
  }
  add(output, std::move(gradients.full));
}

void HrModule::prepare_inference(Context& context) {
  for (auto& blocks : branches_) {
    for (BasicBlock& block : blocks) block.prepare_inference(context);
  }
  for (Paths& paths : paths_) {
    for (auto& path : paths) {
      if (path) path->prepare_inference(context);
    }
  }
}

std::vector<Tensor<float>> HrModule::forward_inference(Context& context, std::vector<Tensor<float>> x) {
  for (std::size_t branch = 0; branch < branches_.size(); ++branch) {
    for (BasicBlock& block : branches_[branch]) x[branch] = block.forward_inference(context, std::move(x[branch]));
  }
  std::vector<Tensor<float>> y;
  for (std::size_t output = 0; output < paths_.size(); ++output) {
    y.push_back(output_inference(context, output, x));
  }
  return y;
}

Tensor<float> HrModule::output_inference(Context& context, std::size_t output,
                                         std::span<const Tensor<float>> branches) {
  std::vector<Tensor<float>> arrived;
  // What comes from higher resolutions is summed by the convolutions themselves.
  for (std::size_t branch = 0; branch < output; ++branch) {
    FusePath& path = *paths_[output][branch];
    if (branch == 0) {
      arrived.push_back(path.forward_inference(context, branches[branch]));
    } else {
      arrived.front() = path.forward_inference(context, branches[branch], std::move(arrived.front()));
    }
  }
  for (std::size_t branch = output + 1; branch < branches.size(); ++branch) {
    arrived.push_back(paths_[output][branch]->forward_inference(context, branches[branch]));
  }
  std::vector<View<const float>> summands(arrived.begin(), arrived.end());
  summands.insert(summands.begin() + (output > 0 ? 1 : 0), branches[output]);
  return fuse_branches(context, summands);
}

}  // namespace posecu
