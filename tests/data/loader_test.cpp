#include "data/loader.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <set>

#include "core/error.h"
#include "core/file.h"
#include "data/device_batch.h"
#include "tests/data/synthetic_set.h"

namespace posecu {
namespace {

using testing::HasSubstr;

LoaderOptions small_options(int threads) {
  LoaderOptions options;
  options.batch = 4;
  options.sample.input_size = 32;
  options.sample.seed = 7;
  options.threads = threads;
  return options;
}

bool same(const ResolutionTargets& a, const ResolutionTargets& b) {
  return a.width == b.width && a.height == b.height && a.keypoints == b.keypoints && a.masks == b.masks;
}

void expect_same(const Batch& a, const Batch& b) {
  EXPECT_EQ(a.size, b.size);
  EXPECT_EQ(a.picture_ids, b.picture_ids);
  EXPECT_TRUE(a.images == b.images);
  EXPECT_EQ(a.targets.first_person, b.targets.first_person);
  EXPECT_EQ(a.targets.scales, b.targets.scales);
  ASSERT_EQ(a.targets.resolutions.size(), b.targets.resolutions.size());
  for (std::size_t r = 0; r < a.targets.resolutions.size(); ++r)
    EXPECT_TRUE(same(a.targets.resolutions[r], b.targets.resolutions[r]));
}

// The first elements, as many as there are people.
template <class T>
std::vector<T> downloaded(Context& context, View<const T> view, std::size_t elements) {
  std::vector<T> values = context.download<T>(view);
  values.resize(elements);
  return values;
}

void expect_on_device(Context& context, const DeviceTargets& found, const Targets& expected) {
  EXPECT_EQ(found.pictures, expected.pictures);
  EXPECT_EQ(found.keypoints, expected.keypoints);
  EXPECT_EQ(context.download<int>(found.first_person), expected.first_person);
  EXPECT_EQ(downloaded(context, found.scales, expected.scales.size()), expected.scales);
  ASSERT_EQ(found.resolutions.size(), expected.resolutions.size());
  for (std::size_t r = 0; r < expected.resolutions.size(); ++r) {
    const ResolutionTargets& labels = expected.resolutions[r];
    EXPECT_EQ(downloaded(context, found.resolutions[r].keypoints, labels.keypoints.size()), labels.keypoints);
    EXPECT_EQ(context.download<std::uint8_t>(found.resolutions[r].masks), labels.masks);
  }
}

std::vector<Batch> take(Loader& loader, int batches) {
  std::vector<Batch> result;
  for (int i = 0; i < batches; ++i) result.push_back(loader.next());
  return result;
}

class LoaderTest : public testing::Test {
 protected:
  const SyntheticSet files_{33};  // 27 of them with annotations
  const DataSet set_ = read_split("coco", files_.root(), "train");
};

TEST_F(LoaderTest, GivesTheSameBatchesForAnyNumberOfThreads) {
  Loader one(set_, small_options(1));
  const std::vector<Batch> expected = take(one, 15);
  for (const int threads : {2, 8}) {
    Loader loader(set_, small_options(threads));
    for (const Batch& batch : expected) expect_same(loader.next(), batch);
  }
}

TEST_F(LoaderTest, BatchesHaveTheShapesOfTheirParts) {
  Loader loader(set_, small_options(2));
  const Batch batch = loader.next();
  EXPECT_EQ(batch.size, 4);
  EXPECT_EQ(batch.images.size(), 4u * 32 * 32 * 3);
  const Targets& targets = batch.targets;
  EXPECT_EQ(targets.pictures, 4);
  EXPECT_EQ(targets.keypoints, 17);
  ASSERT_EQ(targets.first_person.size(), 5u);
  const auto people = static_cast<std::size_t>(targets.first_person.back());
  EXPECT_GT(people, 3u);
  EXPECT_EQ(targets.scales.size(), people);
  ASSERT_EQ(targets.resolutions.size(), 2u);
  EXPECT_EQ(targets.resolutions[0].width, 8);
  EXPECT_EQ(targets.resolutions[1].height, 16);
  for (const ResolutionTargets& resolution : targets.resolutions) {
    EXPECT_EQ(resolution.keypoints.size(), people * 17 * 3);
    EXPECT_EQ(resolution.masks.size(), static_cast<std::size_t>(4 * resolution.width * resolution.height));
  }
}

TEST_F(LoaderTest, AnEpochShowsEveryAnnotatedPictureOnceAndTheNextInAnotherOrder) {
  LoaderOptions options = small_options(2);
  options.remainder = Remainder::keep;
  Loader loader(set_, options);
  EXPECT_EQ(loader.pictures(), 27);
  EXPECT_EQ(loader.batches_per_epoch(), 7);
  std::vector<std::vector<std::int64_t>> epochs(2);
  for (auto& epoch : epochs)
    for (const Batch& batch : take(loader, 7))
      epoch.insert(epoch.end(), batch.picture_ids.begin(), batch.picture_ids.end());
  for (const auto& epoch : epochs) EXPECT_EQ(std::set(epoch.begin(), epoch.end()).size(), 27u);
  EXPECT_NE(epochs[0], epochs[1]);
  EXPECT_EQ(loader.position(), (LoaderPosition{2, 0}));
}

TEST_F(LoaderTest, LeavesOutAnotherRemainderEachEpoch) {
  Loader loader(set_, small_options(2));
  EXPECT_EQ(loader.batches_per_epoch(), 6);
  std::set<std::set<std::int64_t>> shown;
  for (int epoch = 0; epoch < 4; ++epoch) {
    std::set<std::int64_t> pictures;
    for (const Batch& batch : take(loader, 6)) pictures.insert(batch.picture_ids.begin(), batch.picture_ids.end());
    EXPECT_EQ(pictures.size(), 24u);
    shown.insert(pictures);
  }
  EXPECT_GT(shown.size(), 1u);
}

TEST_F(LoaderTest, DrawsAnotherAugmentationEachEpochAndForEachSeed) {
  LoaderOptions options = small_options(1);
  options.batch = 27;
  Loader loader(set_, options);
  options.sample.seed = 8;
  Loader other_seed(set_, options);
  const Batch first = loader.next(), second = loader.next(), other = other_seed.next();
  const auto scale_of = [](const Batch& batch, std::int64_t picture) {
    const auto at = std::find(batch.picture_ids.begin(), batch.picture_ids.end(), picture) - batch.picture_ids.begin();
    return batch.targets.scales[static_cast<std::size_t>(batch.targets.first_person[static_cast<std::size_t>(at)])];
  };
  EXPECT_NE(scale_of(first, 100), scale_of(second, 100));
  EXPECT_NE(scale_of(first, 100), scale_of(other, 100));
}

TEST_F(LoaderTest, DrawsAnotherAugmentationForEachPicture) {
  SampleOptions options;
  options.input_size = 32;
  std::vector<float> first(32 * 32 * 3), second(first), again(first);
  PictureLabel label = set_.pictures[0];
  make_sample(first.data(), read_sample(label, set_, 0, options));
  make_sample(again.data(), read_sample(label, set_, 0, options));
  label.id += 1;
  make_sample(second.data(), read_sample(label, set_, 0, options));
  EXPECT_EQ(first, again);
  EXPECT_NE(first, second);
}

TEST_F(LoaderTest, ContinuesExactlyWhereItIsSent) {
  Loader straight(set_, small_options(2));
  const std::vector<Batch> expected = take(straight, 20);
  for (const int from : {0, 3, 5, 6, 13}) {
    Loader loader(set_, small_options(2));
    loader.next();
    const LoaderPosition position{from / 6, from % 6};
    loader.seek(position);
    EXPECT_EQ(loader.position(), position);
    for (int i = from; i < from + 4; ++i) expect_same(loader.next(), expected[static_cast<std::size_t>(i)]);
  }
}

// Raw batches, warped on a Context's device, while the next one is sent already.
TEST_F(LoaderTest, RawBatchesBecomeTheFinishedOnesOnTheDevice) {
  LoaderOptions options = small_options(2);
  Loader finished(set_, options);
  options.kind = BatchKind::raw;
  Loader raw(set_, options);
  Context context({.threads = 2, .memory = 1 << 26});
  DeviceBatch device(context, 17, options);
  device.send(raw.next());
  for (int i = 0; i < 8; ++i) {
    const Batch expected = finished.next();
    device.receive();
    EXPECT_EQ(device.batch().picture_ids, expected.picture_ids);
    EXPECT_TRUE(context.download<float>(device.images()) == expected.images);
    expect_on_device(context, device.targets(), expected.targets);
    device.send(raw.next());
  }
}

TEST_F(LoaderTest, FinishedBatchesReachTheDeviceAsTheyAre) {
  const LoaderOptions options = small_options(2);
  Loader loader(set_, options), same_loader(set_, options);
  Context context({.threads = 2, .memory = 1 << 26});
  DeviceBatch device(context, 17, options);
  for (int i = 0; i < 2; ++i) {
    const Batch expected = same_loader.next();
    device.send(loader.next());
    device.receive();
    EXPECT_TRUE(context.download<float>(device.images()) == expected.images);
    expect_on_device(context, device.targets(), expected.targets);
  }
}

TEST_F(LoaderTest, CarriesWhatWentWrongToTheCallerWithTheFilesName) {
  std::ofstream(files_.picture(3)) << "no picture";
  Loader loader(set_, small_options(3));
  int failures = 0;
  for (int i = 0; i < 2 * 6; ++i) try {
      loader.next();
    } catch (const InputError& error) {
      EXPECT_THAT(error.what(), HasSubstr(files_.picture(3).string()));
      ++failures;
    }
  EXPECT_GE(failures, 1);  // the picture may be in an epoch's remainder
  EXPECT_LE(failures, 2);
}

TEST_F(LoaderTest, SaysThatAPictureIsMissing) {
  for (int i = 0; i < 33; ++i) std::filesystem::remove(files_.picture(i));
  Loader loader(set_, small_options(2));
  try {
    loader.next();
    FAIL() << "a missing picture was read";
  } catch (const InputError& error) {
    EXPECT_THAT(error.what(), HasSubstr(".png"));
  }
}

TEST_F(LoaderTest, RemarksThatAPictureHasAnotherSizeThanItsLabels) {
  write_png(files_.picture(0), noise_picture(31, 57, 0));
  LoaderOptions options = small_options(2);
  options.batch = 27;
  Loader loader(set_, options);
  const Batch batch = loader.next();
  ASSERT_EQ(batch.remarks.size(), 1u);
  EXPECT_THAT(batch.remarks[0], HasSubstr("000.png: 31 x 57 pixels, the annotations say"));
}

TEST_F(LoaderTest, RefusesABatchLargerThanTheSet) {
  LoaderOptions options = small_options(1);
  options.batch = 28;
  EXPECT_THROW(Loader(set_, options), UsageError);
}

TEST_F(LoaderTest, CanBeDestroyedAtAnyTime) {
  for (int taken = 0; taken < 4; ++taken) {
    Loader loader(set_, small_options(4));
    take(loader, taken);
  }
}

TEST_F(LoaderTest, MeasuresHowLongItWaited) {
  Loader loader(set_, small_options(1));
  take(loader, 12);
  EXPECT_GT(loader.seconds_waited(), 0);
}

// Twenty broken pictures, one at a time, for one, two and eight threads: the error is the picture's, and nothing hangs.
TEST_F(LoaderTest, CarriesTwentyErrorsWhereverTheyHappen) {
  const std::string whole = read_text_file(files_.picture(0));
  int carried = 0;
  for (int number = 0; number < 20; ++number) {
    const std::string& name = set_.pictures[static_cast<std::size_t>(number)].path;
    if (set_.pictures[static_cast<std::size_t>(number)].annotations.empty()) continue;
    std::ofstream(name) << whole.substr(0, whole.size() * static_cast<std::size_t>(number % 4) / 4);
    Loader loader(set_, small_options(1 << number % 4));
    try {
      take(loader, 14);  // two epochs: the picture is among them
    } catch (const InputError& error) {
      EXPECT_THAT(error.what(), HasSubstr(name));
      ++carried;
    }
    std::ofstream(name) << whole;
  }
  EXPECT_GE(carried, 14);
}

// A picture that cannot be opened for ever, as on a network drive that is gone: what next() waits for is told.
TEST_F(LoaderTest, TellsWhatItWaitsFor) {
  int hangs = 0;
  for (std::size_t number = 0; hangs < 5; ++number) {
    if (set_.pictures[number].annotations.empty()) continue;
    ++hangs;
    const std::string name = set_.pictures[number].path;
    std::filesystem::remove(name);
    ASSERT_EQ(mkfifo(name.c_str(), 0600), 0);  // opening it waits for somebody who writes
    LoaderOptions options = small_options(2);
    std::vector<std::string> told;
    int writer = -1;
    options.patience = 0.2;
    options.on_wait = [&](const std::string& text) {
      told.push_back(text);
      if (told.size() == 2) writer = open(name.c_str(), O_RDWR | O_NONBLOCK);  // now it is opened
    };
    {
      Loader loader(set_, options);
      EXPECT_THROW(take(loader, 14), InputError) << "a pipe is no picture";
    }
    close(writer);
    ASSERT_GE(told.size(), 2U);
    EXPECT_THAT(told.front(),
                testing::AllOf(HasSubstr("waited 0 s for batch "), HasSubstr(" of epoch "), HasSubstr(name)));
    std::filesystem::remove(name);
    write_png(name, noise_picture(40, 30, number));
  }
}

}  // namespace
}  // namespace posecu
