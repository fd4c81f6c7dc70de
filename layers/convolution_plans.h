// The plans of all convolutions on one GPU: made when a shape is first met, shared by the layers that meet it, kept as
// long as the context. In a dry run they are made for the first GPU of the machine, or for an H100 where there is none:
// their memory is exact for that card.
//
// By default a plan has the first engine of cuDNN's heuristic that gives the same bits on every run. As text, engines
// can be written beside a run and given back, so that it goes on with the same ones.
#pragma once

#include <array>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "layers/cudnn.h"

namespace posecu {

class ConvolutionPlans {
 public:
  // Throws MachineError where cuDNN is missing.
  explicit ConvolutionPlans(Context& context);

  // The operation's plan. Null where cuDNN has no engine for it, which the fused forms must expect.
  const CudnnPlan* find(const CudnnOperation& operation);
  const CudnnPlan& get(const CudnnOperation& operation);  // throws MachineError instead

  const Cudnn& cudnn() const { return *cudnn_; }
  const std::string& device() const { return device_; }
  std::string origin() const;                      // "NVIDIA H200, cuDNN 9.19.0": whose engines these are
  std::vector<CudnnOperation> operations() const;  // that were asked for

  // One line an operation, "OPERATION: ENGINE", in the order of the alphabet, after the line "# ORIGIN". Engines that
  // were restored are among them, whether they have been asked for yet or not.
  std::string describe() const;

  // Plans made from now on have these engines, where they are there. `source` is for errors.
  void restore(std::string_view description, const std::string& source);
  const std::vector<std::string>& missing() const { return missing_; }  // restored, but not there: another was taken

  // Gives the operation's plan another engine. Nothing may be recorded with the old one.
  void choose(const CudnnOperation& operation, const std::string& engine);

 private:
  using Key = std::array<int, 12>;
  struct Entry {
    CudnnOperation operation;
    Cudnn::Found found;
  };
  static Key key_of(const CudnnOperation& operation);
  const Entry& entry(const CudnnOperation& operation);
  Cudnn::Found make(const CudnnOperation& operation);

  std::string device_;
  std::unique_ptr<Cudnn> cudnn_;
  std::map<Key, Entry> entries_;
  std::map<std::string, std::string> wanted_;  // operation -> engine
  std::vector<std::string> missing_;
};

ConvolutionPlans& convolution_plans(Context& context);  // of this context

// The line that a description begins with, without "# "; empty where there is none.
std::string origin_of_plans(std::string_view description);

}  // namespace posecu
