// The zip files that PyTorch writes: records that are stored, not compressed, one after another from the file's first
// byte, all in one folder. Anything that another program could read in another way is refused: what lies before,
// between or beside the records, two records of one name, sizes or checksums that disagree, flags for encryption.
#pragma once

#include <cstddef>
#include <functional>
#include <map>
#include <span>
#include <string>
#include <vector>

namespace posecu {

// Records by name, without the folder: "data.pkl", "data/0". `file` is for messages: InputError names it and the
// record.
using ZipRecords = std::map<std::string, std::vector<std::byte>, std::less<>>;
ZipRecords read_zip_records(const std::string& file, std::span<const std::byte> contents);

// A zip file of these records, in their order, handed to `sink` piece by piece; equal records give equal bytes.
struct ZipRecord {
  std::string name;  // with its folder
  std::span<const std::byte> bytes;
};
void write_zip_records(std::span<const ZipRecord> records, const std::function<void(std::span<const std::byte>)>& sink);

}  // namespace posecu
