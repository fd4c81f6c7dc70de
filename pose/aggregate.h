// The maps of all scales, of picture and mirrored picture, joined into what decoding reads.
#pragma once

#include <span>
#include <vector>

#include "core/context.h"
#include "kernels/base_maps.h"
#include "pose/decode_options.h"

namespace posecu {

// What the network gave for one scale: side 0 is the picture, side 1, if there, the mirrored picture.
struct MapSource {
  View<const float> heatmaps;    // [1 or 2,h,w,K]
  View<const float> embeddings;  // [1 or 2,h',w',K*M], channel k*M+m; empty for all scales but 1
};

class AggregatedMaps {
 public:
  // Exactly one source has embeddings, which must outlive this object. `flip` [K]: the keypoint that k becomes in a
  // mirrored picture. Only queues work on the device. Throws UsageError when there are more than kMaxScales sources, or
  // kMaxKeypoints keypoints, or a source is far larger than the base.
  AggregatedMaps(Context& context, std::span<const MapSource> sources, BaseSize base, std::span<const int> flip);

  const BaseHeatmaps& heatmaps() const { return heatmaps_; }
  const BaseEmbeddings& embeddings() const { return embeddings_; }

 private:
  std::vector<Tensor<float>> planes_;  // for each source [K,h,w]
  BaseHeatmaps heatmaps_;
  BaseEmbeddings embeddings_;
};

}  // namespace posecu
