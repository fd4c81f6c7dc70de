#include "models/hr_module.h"

#include <utility>

#include "layers/elementwise.h"

namespace posecu {
namespace {

// work(0) .. work(count - 1), side by side where the device can.
template <class F>
void in_parallel(Context& context, std::size_t count, const F& work) {
  context.parallel(static_cast<int>(count), [&](int i) { work(static_cast<std::size_t>(i)); });
}

}  // namespace

template <class T>
HrModule<T>::HrModule(Parameters& parameters, const std::string& name, std::span<const int> channels, int blocks,
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

template <class T>
std::vector<View<const T>> HrModule<T>::forward_training(Context& context, std::span<const View<const T>> x) {
  ends_.assign(x.begin(), x.end());
  in_parallel(context, branches_.size(), [&](std::size_t branch) {
    for (BasicBlock<T>& block : branches_[branch]) ends_[branch] = block.forward_training(context, ends_[branch]);
  });
  y_.resize(paths_.size());
  in_parallel(context, y_.size(), [&](std::size_t output) { y_[output] = output_training(context, output); });
  return {y_.begin(), y_.end()};
}

template <class T>
Tensor<T> HrModule<T>::output_training(Context& context, std::size_t output) {
  std::vector<Tensor<T>> arrived(ends_.size());
  std::vector<View<const T>> summands = ends_;
  for (std::size_t branch = 0; branch < ends_.size(); ++branch) {
    if (branch == output) continue;
    summands[branch] = arrived[branch] = paths_[output][branch]->forward_training(context, ends_[branch]);
  }
  return fuse_branches<T>(context, summands);
}

template <class T>
std::vector<Tensor<T>> HrModule<T>::backward(Context& context, std::vector<Tensor<T>> dy) {
  std::vector<FuseGradients<T>> gradients(paths_.size());
  in_parallel(context, paths_.size(),
              [&](std::size_t output) { gradients[output] = output_backward(context, output, std::move(dy[output])); });
  y_.clear();
  std::vector<Tensor<T>> dx(branches_.size());
  in_parallel(context, branches_.size(), [&](std::size_t branch) {
    dx[branch] = branch_backward(context, branch, gradients);
    for (std::size_t block = branches_[branch].size(); block-- > 0;) {
      dx[branch] = branches_[branch][block].backward(context, std::move(dx[branch]));
    }
  });
  ends_.clear();
  return dx;
}

template <class T>
FuseGradients<T> HrModule<T>::output_backward(Context& context, std::size_t output, Tensor<T> dy) {
  std::vector<Shape> shapes;
  for (std::size_t branch = 0; branch < ends_.size(); ++branch) {
    // What arrives from a higher resolution has the output's own.
    const Shape &end = ends_[branch].shape(), &y = y_[output].shape();
    shapes.push_back(branch < output ? y : Shape{end[0], end[1], end[2], y[3]});
  }
  return fuse_branches_backward<T>(context, std::move(dy), y_[output], shapes);
}

// The sum of what comes back to the end of a branch, from the last output to the first. Other branches may read the
// gradients of the outputs themselves at the same time.
template <class T>
Tensor<T> HrModule<T>::branch_backward(Context& context, std::size_t branch, std::vector<FuseGradients<T>>& gradients) {
  Tensor<T> sum;
  for (std::size_t output = paths_.size(); output-- > 0;) {
    if (branch == output) {
      if (!sum.empty()) add_to<T>(context, sum, gradients[output].full);
      continue;
    }
    const Tensor<T> reduced = std::move(gradients[output].reduced[branch]);
    Tensor<T> more = paths_[output][branch]->backward(context, branch < output ? gradients[output].full : reduced);
    if (!sum.empty()) {
      add_to<T>(context, sum, more);
    } else {
      sum = std::move(more);
      const bool own_came_first = output < branch && branch < paths_.size();
      if (own_came_first) add_to<T>(context, sum, gradients[branch].full);
    }
  }
  return sum.empty() ? std::move(gradients[branch].full) : std::move(sum);  // empty: a module of one output
}

template <class T>
void HrModule<T>::prepare_inference(Context& context) {
  for (auto& blocks : branches_) {
    for (BasicBlock<T>& block : blocks) block.prepare_inference(context);
  }
  for (Paths& paths : paths_) {
    for (auto& path : paths) {
      if (path) path->prepare_inference(context);
    }
  }
}

template <class T>
std::vector<Tensor<T>> HrModule<T>::forward_inference(Context& context, std::vector<Tensor<T>> x) {
  in_parallel(context, branches_.size(), [&](std::size_t branch) {
    for (BasicBlock<T>& block : branches_[branch]) x[branch] = block.forward_inference(context, std::move(x[branch]));
  });
  std::vector<Tensor<T>> y(paths_.size());
  in_parallel(context, y.size(), [&](std::size_t output) { y[output] = output_inference(context, output, x); });
  return y;
}

template <class T>
Tensor<T> HrModule<T>::output_inference(Context& context, std::size_t output, std::span<const Tensor<T>> branches) {
  std::vector<Tensor<T>> arrived;
  // What comes from higher resolutions is summed by the convolutions themselves.
  for (std::size_t branch = 0; branch < output; ++branch) {
    FusePath<T>& path = *paths_[output][branch];
    if (branch == 0) {
      arrived.push_back(path.forward_inference(context, branches[branch]));
    } else {
      arrived.front() = path.forward_inference(context, branches[branch], std::move(arrived.front()));
    }
  }
  for (std::size_t branch = output + 1; branch < branches.size(); ++branch) {
    arrived.push_back(paths_[output][branch]->forward_inference(context, branches[branch]));
  }
  std::vector<View<const T>> summands(arrived.begin(), arrived.end());
  summands.insert(summands.begin() + (output > 0 ? 1 : 0), branches[output]);
  return fuse_branches<T>(context, summands);
}

template class HrModule<float>;
template class HrModule<bfloat16>;
template class HrModule<float16>;

}  // namespace posecu
