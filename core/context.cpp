#include "core/context.h"

#include <omp.h>
#include <sched.h>
#include <unistd.h>

#include <algorithm>

namespace posecu {

int usable_cores() {
  cpu_set_t set;
  CPU_ZERO(&set);
  if (sched_getaffinity(0, sizeof set, &set) != 0) return 1;
  return std::max(1, CPU_COUNT(&set));
}

std::size_t physical_memory() {
  return static_cast<std::size_t>(sysconf(_SC_PHYS_PAGES)) * static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
}

Context::Context(const ContextOptions& options)
    : pool_(options.threads > 0 ? options.threads : usable_cores()),
      // Counting may exceed the machine: it says how much would be needed.
      arena_(options.memory > 0 ? options.memory : (options.dry_run ? std::size_t{1} << 44 : physical_memory()),
             options.dry_run ? Arena::Backing::counting : Arena::Backing::memory),
      stream_{&pool_, options.dry_run, nullptr} {
  omp_set_num_threads(pool_.threads());
}

}  // namespace posecu
