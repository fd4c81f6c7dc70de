// Numbers over steps, in the files that TensorBoard reads: a row of records, each an Event protocol buffer.
//
//   record    length u64, masked crc32c of it u32, bytes, masked crc32c of the bytes u32; all little-endian
//   mask      the crc turned right by 15 bits, plus 0xa282ead8
//   Event     1 wall_time double, 2 step int64, 3 file_version string (of the first: "brain.Event:2"), 5 Summary
//   Summary   1 Value, repeated: 1 tag string, 2 simple_value float
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "training/appended_file.h"

namespace posecu {

std::uint32_t crc32c(std::string_view bytes);  // Castagnoli's polynomial, as RFC 3720 has it

struct Scalar {
  std::string tag;  // "loss/pull"
  double value = 0;
};

// One record with its frame. `time` is in seconds since 1970.
std::string event_record(double time, std::int64_t step, std::span<const Scalar> scalars);
std::string first_event_record(double time);

class EventFile {
 public:
  static constexpr const char* kName = "events.out.tfevents.0.posecu";  // TensorBoard looks for "tfevents"

  // Opens the file in `folder`, or makes it. Its first record and up to `most` of those behind it stay, as far as they
  // are whole; the rest is cut off.
  EventFile(const std::string& folder, std::int64_t most);

  std::int64_t kept() const { return kept_; }  // records behind the first
  void append(std::int64_t step, std::span<const Scalar> scalars);

 private:
  std::int64_t kept_ = 0;
  AppendedFile file_;
};

}  // namespace posecu
