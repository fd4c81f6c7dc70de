// From pictures to people with a trained network: the loop that `eval`, `predict` and training's evaluations share.
#pragma once

#include <functional>
#include <list>
#include <optional>
#include <vector>

#include "apps/config.h"
#include "core/context.h"
#include "data/annotations.h"
#include "data/picture.h"
#include "data/test_resize.h"
#include "models/network.h"
#include "pose/decode.h"
#include "pose/evaluate.h"
#include "pose/person.h"
#include "pose/results.h"

namespace posecu {

struct FindOptions {
  enum class Flip { no, yes };

  int input_size = 512;
  Flip flip = Flip::yes;  // average with the mirrored picture
  std::vector<double> scales{1.0};
  DamagedPicture damaged = DamagedPicture::refuse;
  DecodeOptions decode;
};
FindOptions find_options(const Config& config);

// On a GPU the network's work is recorded and replayed, for each of the last eight sizes of input (core/replay.h).
class PeopleFinder {
 public:
  // All must outlive this object. The network must be prepared for inference, and stay as it is.
  PeopleFinder(Context& context, Network& network, const Skeleton& skeleton, const FindOptions& options);
  ~PeopleFinder();

  // People are in pixels of the picture, in the order of decoding. `name` is the picture's, for messages.
  std::vector<Person> find(const Picture& picture, const std::string& name);

  // The same in two parts: `meanwhile` is called while a GPU computes, and may read and send the next picture. One that
  // was sent must stay until it is found or the next one is sent.
  void send(const Picture& picture, const std::string& name);
  std::vector<Person> find_sent(const std::function<void()>& meanwhile);

 private:
  struct Pass;
  Pass& run_pass();  // on the picture that was sent
  Pass& pass_for(const TestGeometry& geometry);
  void compute(Pass& pass);

  Context& context_;
  Network& network_;
  const Skeleton& skeleton_;
  FindOptions options_;
  TestPicture picture_;
  TestGeometry geometry_;   // of the picture that was sent
  std::list<Pass> passes_;  // the last one used first
};

// Called after each picture with the number done; false stops the loop.
using OnPicture = std::function<bool(std::size_t done)>;

// Everybody in a data set's pictures, in the order of the set; nothing when `on_picture` stopped it.
std::optional<Detections> find_people(Context& context, Network& network, const DataSet& set,
                                      const FindOptions& options, const OnPicture& on_picture);

// The table of that, by eval.evaluator. The network must be prepared for inference.
std::optional<ScoreTable> score_network(Context& context, Network& network, const DataSet& set,
                                        const GroundTruth& truth, const Config& config, const OnPicture& on_picture);

}  // namespace posecu
