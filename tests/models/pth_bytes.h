// PyTorch files made by hand, byte by byte, for tests of what the reader refuses.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "models/pth.h"

namespace posecu {

// Opcodes as text: pieces to be joined.
std::string unicode(std::string_view text);                          // BINUNICODE
std::string global(std::string_view module, std::string_view name);  // GLOBAL
std::string small_int(int value);                                    // BININT1
std::string persistent_storage(std::string_view storage_class, std::string_view key, int elements);
std::string tensor_of(std::string_view storage, int offset, std::string_view shape, std::string_view strides);

// A file around a pickle, with storages "0" of 64 bytes; `kLegacy` too.
std::vector<std::byte> zip_around(std::string_view pickle);
std::vector<std::byte> legacy_around(std::string_view pickle);

// A file of these records, "FOLDER/NAME" and bytes.
std::vector<std::byte> zip_of(const std::vector<std::pair<std::string, std::string>>& records);

std::vector<std::byte> to_bytes(std::string_view text);

}  // namespace posecu
