// The official code's encoded joints and Gaussian targets, from keypoints in heatmap pixels: what the golden set holds.
#pragma once

#include <cmath>
#include <cstdint>
#include <vector>

namespace posecu::reference {

struct VisibleJoint {
  int person, keypoint, x, y;
};

// Labelled joints whose pixel, cut toward zero, lies in the map.
inline std::vector<VisibleJoint> visible_joints(const std::vector<float>& joints, int keypoints, int size) {
  std::vector<VisibleJoint> result;
  const int count = static_cast<int>(joints.size()) / 3;
  for (int i = 0; i < count; ++i) {
    const float* joint = joints.data() + 3 * i;
    const int x = static_cast<int>(joint[0]), y = static_cast<int>(joint[1]);
    if (joint[2] > 0 && x >= 0 && y >= 0 && x < size && y < size)
      result.push_back({i / keypoints, i % keypoints, x, y});
  }
  return result;
}

// [30,K,2]: k*H*W + y*W + x and 1 for the visible joints of each person, from slot 0 on.
inline std::vector<std::int64_t> encoded_joints(const std::vector<float>& joints, int keypoints, int size) {
  constexpr std::size_t kPeople = 30;
  const auto k = static_cast<std::size_t>(keypoints);
  std::vector<std::int64_t> result(kPeople * k * 2, 0);
  std::vector<std::size_t> used(kPeople, 0);
  for (const VisibleJoint& joint : visible_joints(joints, keypoints, size)) {
    const auto person = static_cast<std::size_t>(joint.person);
    const std::size_t slot = (person * k + used[person]++) * 2;
    result[slot] = (std::int64_t{joint.keypoint} * size + joint.y) * size + joint.x;
    result[slot + 1] = 1;
  }
  return result;
}

// [K,size,size]: sigma 2 in windows of 15 x 15 pixels, the maximum where they overlap.
inline std::vector<float> gaussian_targets(const std::vector<float>& joints, int keypoints, int size) {
  constexpr int kReach = 7;
  constexpr double kSigma = 2;
  std::vector<float> result(static_cast<std::size_t>(keypoints) * static_cast<std::size_t>(size) *
                            static_cast<std::size_t>(size));
  for (const VisibleJoint& joint : visible_joints(joints, keypoints, size))
    for (int dy = -kReach; dy <= kReach; ++dy)
      for (int dx = -kReach; dx <= kReach; ++dx) {
        const int x = joint.x + dx, y = joint.y + dy;
        if (x < 0 || y < 0 || x >= size || y >= size) continue;
        float& target = result[static_cast<std::size_t>((joint.keypoint * size + y) * size + x)];
        target = std::fmax(target, static_cast<float>(std::exp(-(dx * dx + dy * dy) / (2 * kSigma * kSigma))));
      }
  return result;
}

}  // namespace posecu::reference
