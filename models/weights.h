// Weights files: which network they are of, and their way into a network's parameters, by official names.
#pragma once

#include <array>
#include <optional>
#include <string>
#include <vector>

#include "core/parameters.h"
#include "core/safetensors.h"
#include "models/keypoint_rows.h"
#include "models/network.h"

namespace posecu {

// What names and shapes say about a network; what they do not say is 0 (a backbone alone has no head).
struct RecognisedNetwork {
  std::optional<Head> head;
  int width = 0, blocks = 0;
  std::array<int, 3> modules{};
  int keypoints = 0, embedding_dim = 0;
};
RecognisedNetwork recognise_parts(const Safetensors& weights);

// The network that the file is of. Throws InputError naming what is missing when it is not a whole network's.
NetworkOptions recognise_network(const Safetensors& weights);

enum class LoadMode {
  whole,    // every parameter must be there
  initial,  // replaces what the file holds; of the backbone it must hold all
  partial   // replaces what the file holds in the network's shapes, be it little; but something
};

// What to do with values that are no numbers, and with negative variances: no training leaves such behind.
enum class NonFinite { refuse, allow };

struct LoadOptions {
  LoadMode mode = LoadMode::whole;
  NonFinite non_finite = NonFinite::refuse;
  // Names of the keypoints that the file's head and the network have. Where both are known and differ, the rows of
  // keypoints of the same name are carried over and the others stay as they were.
  std::vector<std::string> file_keypoints = {}, network_keypoints = {};
};

struct LoadReport {
  std::vector<std::string> matched;        // now hold the file's values, or the rows of the keypoints below
  std::vector<std::string> missing;        // not in the file (partial: or of another shape there): left as they were
  std::vector<std::string> unused;         // in the file only
  std::vector<CarriedKeypoint> keypoints;  // empty: the keypoints are the same
};

// Copies tensors into the parameters of their official names. Throws InputError, before anything is changed, when the
// file does not hold what `options` ask for, holds it in other shapes than the network's (then saying what would fit),
// or holds values that are refused.
LoadReport load_weights(Parameters& parameters, const Safetensors& weights, const LoadOptions& options);
LoadReport load_weights(Parameters& parameters, const Safetensors& weights, LoadMode mode);

}  // namespace posecu
