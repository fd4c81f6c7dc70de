// What holds of every PyTorch file that the reader accepts, whichever format it has; and the format's words.
#pragma once

#include <array>
#include <string_view>

#include "core/error.h"
#include "models/pth.h"
#include "tests/fuzz/fuzz_target.h"

namespace posecu {

inline void check_pth(const PthFile& file, std::size_t input_bytes) {
  std::size_t bytes = 0;
  for (const StoredTensor& tensor : file.tensors.tensors()) {
    require(file.tensors.find(tensor.name) == &tensor, "a tensor is not found under its name");
    require(tensor.shape.size() <= 8, "a tensor's rank");
    std::size_t elements = 1;
    for (const std::int64_t size : tensor.shape) elements *= static_cast<std::size_t>(size);
    require(elements * bytes_of(tensor.type) == tensor.bytes.size(), "a tensor's size");
    bytes += tensor.bytes.size();
    to_doubles(tensor);  // reads every byte
  }
  // Shared storages count once a tensor: at most 2^17 tensors, each no larger than the file or its share of the copies.
  require(bytes <= file.tensors.tensors().size() * input_bytes + (std::size_t{16} << 20) + input_bytes,
          "more tensors than the file can hold");
}

inline constexpr std::array<std::string_view, 28> kPthWords{"\x80\x02",
                                                            "ccollections\nOrderedDict\n",
                                                            "ccollections\nCounter\n",
                                                            "ctorch._utils\n_rebuild_tensor_v2\n",
                                                            "ctorch._utils\n_rebuild_parameter\n",
                                                            "ctorch\nFloatStorage\n",
                                                            "ctorch\nHalfStorage\n",
                                                            "ctorch\nLongStorage\n",
                                                            "cos\nsystem\n",
                                                            "Q",
                                                            "R",
                                                            "b",
                                                            "(",
                                                            "t",
                                                            "u",
                                                            "s",
                                                            "a",
                                                            ")",
                                                            "}",
                                                            "]",
                                                            "\x85",
                                                            "q\x01",
                                                            "h\x01",
                                                            "\x8a\x08",
                                                            "\x8a\x0a",
                                                            "PK\x03\x04",
                                                            "PK\x01\x02",
                                                            "PK\x05\x06"};

}  // namespace posecu
