// posecu VERB ...: finds the verb, and turns what it throws into a message and an exit code.
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <new>
#include <system_error>
#include <vector>

#include "apps/exit_code.h"
#include "apps/machine.h"
#include "apps/output.h"
#include "apps/verbs.h"
#include "core/error.h"

namespace posecu {
namespace {

int run(std::span<const char* const> words) {
  if (words.empty()) {
    say(Chatter::normal, overview());
    return kUsage;
  }
  const std::string_view first = words[0];
  const auto asks_help = [](std::string_view word) { return word == "--help" || word == "-h"; };
  if (first == "--version") return print(fmt::format("posecu {}\n", version())), kDone;
  if (asks_help(first)) return print(overview()), kDone;
  const Verb& verb = find_verb(first);
  const auto rest = words.subspan(1);
  if (std::ranges::any_of(rest, asks_help)) return print(help_of(verb)), kDone;
  return verb.run(Arguments::parse(verb, rest));
}

int report(std::string_view problem, ExitCode code) {
  const bool color = wants_color(stderr);
  say(Chatter::normal, fmt::format("{}posecu:{} {}\n", color ? "\x1b[31m" : "", color ? "\x1b[0m" : "", problem));
  return code;
}

// What libraries read when they are loaded, so the program starts itself once more with it, unless the user set the
// first. libgomp: threads that wait actively take the processor from the kernels' own threads. glibc: large blocks in
// large pages, where the first touch of small ones takes a third of the time of reading labels. Scoring is over before
// that pays.
void restart_with_settings(char** argv) {
  const bool short_verb = argv[0] != nullptr && argv[1] != nullptr && argv[1] == std::string_view("score");
  if (short_verb || std::getenv("OMP_WAIT_POLICY") != nullptr) return;
  setenv("OMP_WAIT_POLICY", "passive", 1);
  setenv("GLIBC_TUNABLES", "glibc.malloc.hugetlb=1", 0);
  execv("/proc/self/exe", argv);  // returns only on failure: then the program is slower, not wrong
}

}  // namespace
}  // namespace posecu

int main(int argc, char** argv) {
  using namespace posecu;
  restart_with_settings(argv);
  std::signal(SIGPIPE, SIG_IGN);
  try {
    const std::vector<const char*> words(argv + std::min(argc, 1), argv + argc);
    const int code = run(words);
    flush_output();
    return code;
  } catch (const OutputClosed&) {
    return kDone;
  } catch (const UsageError& error) {
    return report(error.what(), kUsage);
  } catch (const InputError& error) {
    return report(error.what(), kInput);
  } catch (const MachineError& error) {
    return report(error.what(), kMachine);
  } catch (const std::bad_alloc&) {
    return report("the machine has no memory left\n  try: a smaller train.batch or input_size", kMachine);
  } catch (const std::filesystem::filesystem_error& error) {
    return report(error.what(), kMachine);
  } catch (const std::system_error& error) {  // a thread that the system does not start
    return report(fmt::format("{}\n  try: higher limits, if there are some (ulimit -a)", error.what()), kMachine);
  } catch (const std::exception& error) {
    return report(
        fmt::format("{}\n  this is a bug of posecu {}: please report it with the command", error.what(), version()),
        kBug);
  }
}
