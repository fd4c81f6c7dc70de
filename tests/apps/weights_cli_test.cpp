// `posecu weights`, and weights of every format where the other verbs take a MODEL.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>
#include <limits>
#include <nlohmann/json.hpp>

#include "core/file.h"
#include "core/safetensors.h"
#include "models/weights_file.h"
#include "tests/apps/program.h"
#include "tests/apps/tiny_network.h"
#include "tests/support/golden.h"

namespace posecu {
namespace {

using testing::AnyOf;
using testing::HasSubstr;
using testing::Not;
namespace fs = std::filesystem;

class WeightsCliTest : public testing::Test {
 protected:
  std::string file(const std::string& name) const { return (folder_.path() / name).string(); }
  ProgramResult posecu(const std::vector<std::string>& words) const { return run_posecu(words, folder_.path()); }
  void expect_done(const std::vector<std::string>& words) const {
    const ProgramResult result = posecu(words);
    EXPECT_EQ(result.code, 0) << words[1] << ' ' << result.err;
  }
  static std::string golden(const std::string& name) { return (mini_goldens() / "pth" / name).string(); }

  TemporaryFolder folder_;
};

TEST_F(WeightsCliTest, InspectTellsWhatAFileIs) {
  const ProgramResult result = posecu({"weights", "inspect", golden("files/ce_best_half_zip.pth")});
  ASSERT_EQ(result.code, 0) << result.err;
  for (const char* text :
       {"PyTorch, zip", "HigherHRNet, width 2, blocks 1, modules [1, 1, 1], 2 keypoints, embeddings of 2",
        "251 tensors matched, 0 missing, 0 of another shape, 0 unused", "49 PyTorch's counter of batches",
        "model/backbone.conv1.weight", "-> backbone.conv1.weight", "F16  [64,3,3,3]"})
    EXPECT_THAT(result.out, HasSubstr(text));
}

TEST_F(WeightsCliTest, InspectAsJsonIsComplete) {
  const ProgramResult result =
      posecu({"weights", "inspect", "--json", golden("files/mmpose_higherhrnet_subset_zip.pth")});
  ASSERT_EQ(result.code, 0) << result.err;
  const auto json = nlohmann::json::parse(result.out);
  EXPECT_EQ(json["names"], "mmpose, HigherHRNet");
  EXPECT_THAT(json["remark"], HasSubstr("only the backbone is taken"));
  EXPECT_EQ(json["tensors"].size(), 103U);
  EXPECT_EQ(json["tensors"][0]["official"][0], "backbone.bn1.weight");
  EXPECT_NEAR(json["tensors"][0]["max"], 1.22778, 1e-5);
}

TEST_F(WeightsCliTest, OurWeightsGoThroughAPthFileAndBackToTheSameBytes) {
  write_weights(file("a.safetensors"), kTinyNetwork);
  expect_done({"weights", "convert", "a.safetensors", "b.pth"});
  expect_done({"weights", "convert", "b.pth", "c.safetensors"});
  expect_done({"weights", "convert", "a.safetensors", "d.safetensors"});
  EXPECT_EQ(read_text_file(file("c.safetensors")), read_text_file(file("d.safetensors")));
  EXPECT_EQ(posecu({"weights", "diff", "a.safetensors", "b.pth"}).code, 0);
}

// POSECU_PYTHON names a Python that has PyTorch.
TEST_F(WeightsCliTest, OurWeightsGoThroughPyTorchAndBackToTheSameBytes) {
  const char* python = std::getenv("POSECU_PYTHON");
  if (python == nullptr) GTEST_SKIP() << "POSECU_PYTHON names no Python with PyTorch";
  write_weights(file("a.safetensors"), kTinyNetwork);
  expect_done({"weights", "convert", "a.safetensors", "a.pth"});
  expect_done({"weights", "convert", "a.safetensors", "half.pth", "--half"});
  write_file_atomically(file("through.py"),
                        "import torch\n"
                        "for name in ('a', 'half'):\n"
                        "  state = torch.load(name + '.pth', weights_only=True)\n"
                        "  assert type(state).__name__ == 'OrderedDict' and len(state) > 100\n"
                        "  assert all(t.is_contiguous() for t in state.values())\n"
                        "  torch.save(state, name + '_zip.pth')\n"
                        "  torch.save(state, name + '_old.pth', _use_new_zipfile_serialization=False)\n");
  const ProgramResult through = run_shell(std::string(python) + " through.py", folder_.path());
  ASSERT_EQ(through.code, 0) << through.err;
  for (const std::string name : {"a", "half"}) {
    expect_done({"weights", "convert", name + ".pth", name + ".safetensors"});
    for (const std::string way : {"_zip", "_old"}) {
      expect_done({"weights", "convert", name + way + ".pth", name + way + ".safetensors"});
      EXPECT_EQ(read_text_file(file(name + way + ".safetensors")), read_text_file(file(name + ".safetensors")))
          << name << way;
    }
  }
}

TEST_F(WeightsCliTest, DiffNamesWhatDiffersAndByHowMuch) {
  write_weights(file("a.safetensors"), kTinyNetwork);
  write_weights(file("b.safetensors"), kTinyNetwork);
  EXPECT_EQ(posecu({"weights", "diff", "a.safetensors", "b.safetensors"}).code, 0);
  damage_tensor(file("b.safetensors"), "head.tms_pred_layers.weight");
  ProgramResult result = posecu({"weights", "diff", "a.safetensors", "b.safetensors"});
  EXPECT_EQ(result.code, 3);
  EXPECT_THAT(result.out, HasSubstr("differ in 1 tensors"));
  EXPECT_THAT(result.out, HasSubstr("head.tms_pred_layers.weight: 1 values differ"));
  EXPECT_THAT(result.out, HasSubstr("largest difference: "));
  result = posecu({"weights", "diff", "a.safetensors", "b.safetensors", "--json"});
  EXPECT_EQ(result.code, 3);
  EXPECT_EQ(nlohmann::json::parse(result.out)["differences"][0]["count"], 1);
  NetworkOptions other = kTinyNetwork;
  other.keypoints = 14;
  write_weights(file("c.safetensors"), other);
  result = posecu({"weights", "diff", "a.safetensors", "c.safetensors"});
  EXPECT_EQ(result.code, 3);
  EXPECT_THAT(result.out, HasSubstr("head.hms_pred_layers.0.weight: F32 [17,8,1,1] against F32 [14,8,1,1]"));
}

TEST_F(WeightsCliTest, HalfPrecisionGivesTheSameMapsWithinTwoPercent) {
  write_weights(file("w.safetensors"), kTinyNetwork);
  write_input(file("input.safetensors"), "input", 1, 64, 64);
  expect_done({"weights", "convert", "w.safetensors", "half.pth", "--half"});
  EXPECT_LT(fs::file_size(file("half.pth")), fs::file_size(file("w.safetensors")) * 6 / 10);
  expect_done({"forward", "w.safetensors", "input.safetensors", "--out", "whole.safetensors"});
  expect_done({"forward", "half.pth", "input.safetensors", "--out", "half.safetensors"});
  const Safetensors whole = Safetensors::read(file("whole.safetensors")),
                    half = Safetensors::read(file("half.safetensors"));
  for (const StoredTensor& tensor : whole.tensors()) {
    const std::vector<double> right = whole.doubles(tensor.name), found = half.doubles(tensor.name);
    double largest = 0, error = 0;
    for (std::size_t i = 0; i < right.size(); ++i) {
      largest = std::max(largest, std::abs(right[i]));
      error = std::max(error, std::abs(right[i] - found[i]));
    }
    EXPECT_LE(error, 2e-2 * largest) << tensor.name;
    EXPECT_GT(error, 0) << tensor.name << ": was half precision used at all?";
  }
}

TEST_F(WeightsCliTest, WrongWordsAreUsageErrors) {
  for (const std::vector<std::string>& words :
       std::vector<std::vector<std::string>>{{"weights", "inspekt", "a"},
                                             {"weights", "inspect", "a", "b"},
                                             {"weights", "diff", "a"},
                                             {"weights", "convert", "a", "b.txt"},
                                             {"weights", "inspect", "a", "--half"},
                                             {"weights", "convert", "a", "b.pth", "--json"},
                                             {"weights", "inspect"},
                                             {"weights", "inspect", "a", "--max-model-bytes", "many"},
                                             {"weights", "inspect", "a", "--max-model-bytes", "0"}})
    EXPECT_EQ(posecu(words).code, 2) << words[1];
  EXPECT_THAT(posecu({"weights", "inspekt", "a"}).err, HasSubstr("did you mean `inspect`"));
}

TEST_F(WeightsCliTest, AFlippedBitOfOurOwnFilesIsFoundByEveryVerb) {
  write_weights(file("w.safetensors"), kTinyNetwork);
  expect_done({"weights", "convert", "w.safetensors", "own.safetensors"});
  write_input(file("input.safetensors"), "input", 1, 64, 64);
  std::string contents = read_text_file(file("own.safetensors"));
  contents[contents.size() - 1000] ^= 0x04;
  write_file_atomically(file("own.safetensors"), contents);
  for (const std::vector<std::string>& words : std::vector<std::vector<std::string>>{
           {"weights", "inspect", "own.safetensors"},
           {"forward", "own.safetensors", "input.safetensors", "--out", "x.safetensors"},
           {"eval", "own.safetensors"}}) {
    const ProgramResult result = posecu(words);
    EXPECT_EQ(result.code, 3) << words[0];
    EXPECT_THAT(result.err, HasSubstr("own.safetensors: metadata checksum: its content does not match")) << words[0];
  }
}

TEST_F(WeightsCliTest, ValuesThatAreNoNumbersAreRefusedUnlessAllowed) {
  write_weights(file("w.safetensors"), kTinyNetwork);
  write_input(file("input.safetensors"), "input", 1, 64, 64);
  Safetensors weights = Safetensors::read(file("w.safetensors"));
  std::vector<float> values = weights.floats("backbone.bn1.running_var");
  values[7] = -1;
  std::vector<StoredTensor> tensors = weights.tensors();
  for (StoredTensor& tensor : tensors)
    if (tensor.name == "backbone.bn1.running_var") tensor.bytes = std::as_bytes(std::span(values));
  write_safetensors(file("bad.safetensors"), tensors, {});
  const std::vector<std::string> words{"forward", "bad.safetensors", "input.safetensors", "--out", "x.safetensors"};
  const ProgramResult result = posecu(words);
  EXPECT_EQ(result.code, 3);
  EXPECT_THAT(result.err,
              HasSubstr("bad.safetensors: parameter backbone.bn1.running_var: element 7 is -1, and a variance"));
  EXPECT_FALSE(fs::exists(file("x.safetensors")));
  std::vector<std::string> allowed = words;
  allowed.emplace_back("--allow-non-finite");
  EXPECT_EQ(posecu(allowed).code, 0);
}

TEST_F(WeightsCliTest, AHeadThatStaysBehindIsSaidSo) {
  const ProgramResult result = posecu({"eval", golden("files/higherhrnet_repo_subset_zip.pth")});
  EXPECT_EQ(result.code, 3);
  EXPECT_THAT(
      result.err,
      HasSubstr("only the backbone is taken: in that head the transposed convolution also reads the embeddings"));
  EXPECT_THAT(result.err, HasSubstr("model.init="));
}

TEST_F(WeightsCliTest, EveryHostileFileEndsWithAMessageAndNothingElse) {
  const TemporaryFolder empty;
  const auto list = nlohmann::json::parse(read_text_file(golden("hostile.json")));
  for (const auto& row : list) {
    const ProgramResult result = run_posecu({"weights", "inspect", golden(row["file"])}, empty.path());
    const std::string expect = row["expect"];
    const bool right = expect == "accept"   ? result.code == 0
                       : expect == "reject" ? result.code == 3
                                            : result.code == 0 || result.code == 3;
    EXPECT_TRUE(right) << row["file"] << ' ' << result.code << ' ' << result.err;
  }
  EXPECT_TRUE(fs::is_empty(empty.path()));
}

TEST_F(WeightsCliTest, AHostileFileOpensAndRunsNothing) {
  if (run_shell("strace -o trace.txt true", folder_.path()).code != 0) GTEST_SKIP() << "no strace here";
  for (const char* name : {"os_system", "stack_global", "key_traversal", "zip_absolute_path", "torch_load"}) {
    const std::string hostile = golden("hostile/" + std::string(name) + ".pth");
    // Leaks cannot be looked for under strace.
    const ProgramResult result = run_shell(
        "ASAN_OPTIONS=detect_leaks=0 OMP_WAIT_POLICY=passive strace -f -e "
        "trace=execve,socket,connect,openat,open,creat,fork,vfork -o trace.txt "
        "posecu weights inspect " +
            hostile,
        folder_.path());
    EXPECT_EQ(result.code, 3) << result.err;
    // What the loader and the C library open, the file itself, and the program's own start.
    const ProgramResult foreign =
        run_shell("grep -vE '(openat|open)\\(.*\"(/etc/ld.so|/lib|/usr/lib|/usr/local/lib|/proc/|/sys/|" + hostile +
                      "|/etc/OpenCL|/etc/localtime|/usr/share)|execve\\(.*posecu|^[0-9]+ +(\\+\\+\\+|---)' trace.txt",
                  folder_.path());
    EXPECT_EQ(foreign.out, "") << name;
  }
}

#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
TEST_F(WeightsCliTest, MemoryStaysBelow64MiBAndFiveTimesTheFile) {
  using namespace std::string_literals;
  const std::string legacy =
      "\x80\x02\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19.\x80\x02M\xe9\x03.\x80\x02}.\x80\x02";
  for (const std::string& piece :
       {"]"s, "("s, "}"s, ")\x85"s, "]q\x01"s, "h\x01"s, "NN\x86"s, "X\x01\0\0\0a"s, "}K\x01K\x02s"s}) {
    std::string bomb = legacy + "]q\x01";
    while (bomb.size() < (std::size_t{8} << 20)) bomb += piece;
    write_file_atomically(file("bomb.pth"), bomb);
    const ProgramResult peak = posecu({"weights", "inspect", "bomb.pth"});
    EXPECT_EQ(peak.code, 3);
    EXPECT_THAT(peak.err, AnyOf(HasSubstr("more than 524288 values"), HasSubstr("ends without STOP"))) << piece;
    EXPECT_LE(peak.peak_mib, 64 + 5 * 8) << "a pickle of " << piece;
  }
  std::string header = "{";
  const auto fill = [&header](std::size_t tensors, std::size_t bytes) {
    for (std::size_t i = 0; i < tensors && header.size() < bytes; ++i)
      header += '"' + std::to_string(i) + R"(":{"dtype":"U8","shape":[0],"data_offsets":[0,0]},)";
    header.back() = '}';
  };
  fill(~std::size_t{0}, std::size_t{15} << 20);  // refused at the limit of tensors
  std::string length(8, '\0');
  for (std::size_t i = 0; i < 8; ++i) length[i] = static_cast<char>((header.size() >> (8 * i)) & 0xFFU);
  write_file_atomically(file("bomb.safetensors"), length + header);
  EXPECT_LE(posecu({"weights", "inspect", "bomb.safetensors"}).peak_mib, 64 + 5 * 15);
  header = "{";
  fill(32768, ~std::size_t{0});  // accepted: 1.9 MB
  for (std::size_t i = 0; i < 8; ++i) length[i] = static_cast<char>((header.size() >> (8 * i)) & 0xFFU);
  write_file_atomically(file("many.safetensors"), length + header);
  const ProgramResult many = posecu({"weights", "inspect", "many.safetensors"});
  EXPECT_EQ(many.code, 0);
  EXPECT_LE(many.peak_mib, 64 + 5 * 1.8);
  const std::vector<float> values(std::size_t{24} << 20, 1.F);  // 96 MiB in one tensor
  const StoredTensor tensor{"w", DataType::f32, {24 << 20}, std::as_bytes(std::span(values))};
  write_safetensors(file("large.safetensors"), std::span(&tensor, 1), {});
  write_pth(file("large.pth"), std::span(&tensor, 1));
  for (const char* name : {"large.safetensors", "large.pth"}) {
    const ProgramResult peak = posecu({"weights", "inspect", name});
    EXPECT_EQ(peak.code, 0);
    EXPECT_LE(peak.peak_mib, 64 + 2.2 * 96) << name;  // the reader holds a file at most twice
  }
}
#endif

}  // namespace
}  // namespace posecu
