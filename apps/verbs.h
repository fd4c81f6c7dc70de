// The verbs, one file each: a function that does it, and what its help says.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "apps/arguments.h"

namespace posecu {

int run_bench(const Arguments& arguments);
int run_config(const Arguments& arguments);
int run_data(const Arguments& arguments);
int run_demo(const Arguments& arguments);
int run_doctor(const Arguments& arguments);
int run_eval(const Arguments& arguments);
int run_forward(const Arguments& arguments);
int run_help(const Arguments& arguments);
int run_plan(const Arguments& arguments);
int run_predict(const Arguments& arguments);
int run_score(const Arguments& arguments);
int run_train(const Arguments& arguments);
int run_weights(const Arguments& arguments);

extern const VerbHelp kBenchHelp, kConfigHelp, kDataHelp, kDemoHelp, kDoctorHelp, kEvalHelp, kForwardHelp, kHelpHelp,
    kPlanHelp, kPredictHelp, kScoreHelp, kTrainHelp, kWeightsHelp;

std::span<const Verb> verbs();                 // in the order of the overview
const Verb& find_verb(std::string_view name);  // throws UsageError with the nearest right name
std::string overview();

}  // namespace posecu
