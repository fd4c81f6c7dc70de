#include "apps/device.h"

#include <fmt/format.h>

#include <charconv>

#include "core/error.h"

namespace posecu {
namespace {

constexpr int kMaxThreads = 1024;

int whole_number(std::string_view option, const std::string& text, int least, int most) {
  int number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size() || number < least || number > most)
    throw UsageError(fmt::format("{} {}: expected a whole number from {} to {}", option, text, least, most));
  return number;
}

void check_device(const std::string& device) {
  if (device == "auto" || device == "cpu") return;
  if (device != "cuda" && !device.starts_with("cuda:"))
    throw UsageError(fmt::format("--device {}: expected auto, cpu or cuda[:i]", device));
  if (device != "cuda") whole_number("--device", device.substr(5), 0, kMaxThreads);
  throw MachineError(fmt::format("--device {}: this build computes on the CPU only\n  try: --device cpu", device));
}

}  // namespace

ContextOptions context_options(const Arguments& arguments) {
  const std::string device = arguments.value("--device").value_or("auto");
  check_device(device);
  ContextOptions options;
  if (const auto threads = arguments.value("--threads"))
    options.threads = whole_number("--threads", *threads, 1, kMaxThreads);
  if (device == "auto")
    say(chatter(arguments),
        fmt::format("device: cpu, {} threads\n", options.threads > 0 ? options.threads : usable_cores()));
  return options;
}

Chatter chatter(const Arguments& arguments) { return arguments.given("--quiet") ? Chatter::quiet : Chatter::normal; }

}  // namespace posecu
