// Average precision over OKS, to the last digit of three public tools, their quirks included.
//
//   xtcocotools     the official code's; drops detections without a joint of score > 0; a match to an annotation of
//                   negative id does not count
//   pycocotools     cannot score an empty list; a match to the annotation of id 0 does not count
//   crowdposetools  the same two quirks; CrowdPose only (14 joints)
//
// All three: at most 20 detections a picture, the best; greedy matching by falling score; thresholds .50:.05:.95, with
// min(t, 1 - 1e-10); of equal OKS the later annotation wins; people without labelled joints and crowds are neither
// found nor missed, and a crowd matches repeatedly; 101 recall points; areas all, medium (32^2..96^2) and large.
#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "pose/ground_truth.h"
#include "pose/results.h"

namespace posecu {

inline constexpr std::size_t kMostDetections = 20;  // of a picture that count

enum class Evaluator { xtcocotools, pycocotools, crowdposetools };
std::string_view to_string(Evaluator evaluator);
Evaluator evaluator_by_name(std::string_view name);  // throws UsageError

// What is reported: COCO's ten numbers with the annotations' areas, or CrowdPose's nine with areas made from boxes
// (0.53 of them) and the pictures sorted into easy, medium and hard by their crowd index.
enum class Protocol { coco, crowdpose };

struct EvaluateOptions {
  Evaluator evaluator = Evaluator::xtcocotools;
  Protocol protocol = Protocol::coco;
  std::vector<double> sigmas;  // one a joint
};

// CrowdPose's protocol where every picture has a crowd index; sigmas of 17 (COCO) or 14 joints (CrowdPose). Throws
// UsageError for another number of joints: then the caller must know the sigmas.
EvaluateOptions options_for(const GroundTruth& truth, Evaluator evaluator);

// The same for any number of joints, whose sigmas the caller knows.
EvaluateOptions options_for(const GroundTruth& truth, Evaluator evaluator, std::vector<double> sigmas);

// One number of the table. Value -1: there was nobody to find.
struct Statistic {
  std::string name;  // "AP", "AP50", "APM", "AP_easy", ...
  double value = -1;
};

struct ScoreTable {
  static constexpr int kThresholds = 10, kRecalls = 101, kAreas = 3;

  Evaluator evaluator{};
  Protocol protocol{};
  std::vector<Statistic> statistics;
  int categories = 0;
  std::vector<double> precision;   // [kThresholds, kRecalls, categories, kAreas], -1 where there was nobody to find
  std::vector<double> recall;      // [kThresholds, categories, kAreas]
  std::vector<std::string> notes;  // what a reader should know: what was not scored, why a number is -1

  double value(std::string_view name) const;  // of the statistic of that name, which must exist
};

// Throws InputError (files' names are the sources of `truth` and `detections`) for what the tools cannot score either:
// results of unknown pictures, another number of joints, missing areas or crowd indices.
ScoreTable evaluate(const GroundTruth& truth, const Detections& detections, const EvaluateOptions& options);

// The lines that the tool prints, and one for each note.
std::string format_table(const ScoreTable& table);

}  // namespace posecu
