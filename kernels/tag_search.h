// Reading heatmaps and embeddings at places of the base size, and looking for keypoints that grouping did not find.
#pragma once

#include "core/context.h"
#include "kernels/base_maps.h"
#include "kernels/runtime/launch_options.h"

namespace posecu {

// readings [n] at places [n]. A neighbour beyond the map's edge is the edge pixel itself. This and read_embeddings are
// for looking at whole maps, which decoding never makes.
void read_heatmaps(const Stream& stream, Reading* readings, const BaseHeatmaps& heatmaps, const Place* places, int n,
                   LaunchOptions launch_options = {});

// tags [n,T] at places [n].
void read_embeddings(const Stream& stream, float* tags, const BaseEmbeddings& embeddings, const Place* places, int n,
                     LaunchOptions launch_options = {});

// A keypoint that a person lacks.
struct Missing {
  int keypoint = 0, person = 0;
};

struct SearchSizes {
  int missing = 0;  // keypoints looked for; sorted by keypoint
  int tiles = 0;    // of one keypoint's map
};

struct SearchInput {
  const Missing* missing = nullptr;    // [missing]
  const int* first = nullptr;          // [K+1]: those of keypoint k are first[k] .. first[k+1]-1
  const float* tags = nullptr;         // [people,T]
  const float* tile_values = nullptr;  // [K,tiles] from find_peaks
  const int* tile_places = nullptr;    // [K,tiles] likewise
};

// What the search needs to remember on its way.
struct SearchScratch {
  float* lows = nullptr;                // [K,tiles,T] the least and
  float* highs = nullptr;               // [K,tiles,T] the largest value that embeddings take in each tile
  float* top_tags = nullptr;            // [K,tiles,T] embeddings at tile_places
  float* bounds = nullptr;              // [missing]
  PlacedValue* tile_matches = nullptr;  // [missing,tiles]
};

// Where a missing keypoint fits its person best.
struct Match {
  PlacedValue fit;
  Reading reading;  // of the heatmap there
};

// matches [missing]: where the keypoint fits the person best: the largest heatmap - round(|embedding - person's
// embedding|), halves to even, and the first place in row order that has it. Place -1: none is a number.
void search_missing(const Stream& stream, Match* matches, const SearchScratch& scratch, const BaseHeatmaps& heatmaps,
                    const BaseEmbeddings& embeddings, const SearchInput& input, SearchSizes sizes,
                    LaunchOptions launch_options = {});

}  // namespace posecu
