// The verbs, one file each: a function that does it, and what its help says.
#pragma once

#include "apps/arguments.h"

namespace posecu {

int run_bench(const Arguments& arguments);
int run_config(const Arguments& arguments);
int run_data(const Arguments& arguments);
int run_doctor(const Arguments& arguments);
int run_eval(const Arguments& arguments);
int run_forward(const Arguments& arguments);
int run_predict(const Arguments& arguments);
int run_score(const Arguments& arguments);
int run_train(const Arguments& arguments);
int run_weights(const Arguments& arguments);

extern const VerbHelp kBenchHelp, kConfigHelp, kDataHelp, kDoctorHelp, kEvalHelp, kForwardHelp, kPredictHelp,
    kScoreHelp, kTrainHelp, kWeightsHelp;

}  // namespace posecu
