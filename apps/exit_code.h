// What the program's end tells a script. Part of the contract: never renumber.
#pragma once

namespace posecu {

enum ExitCode : int {
  kDone = 0,
  kBug = 1,            // of ours
  kUsage = 2,          // wrong command line or configuration; run folder in use or not empty
  kInput = 3,          // a file holds something other than it should; training met non-finite values
  kMachine = 4,        // no memory, no device, disk full
  kInterrupted = 130,  // by SIGINT, after saving
  kTerminated = 143    // by SIGTERM, after saving
};

}  // namespace posecu
