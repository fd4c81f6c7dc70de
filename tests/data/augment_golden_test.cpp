// The golden set `augment`: decoded pictures, training samples and test-time resizes, byte for byte.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>

#include "core/file.h"
#include "core/safetensors.h"
#include "data/augment.h"
#include "data/device_batch.h"
#include "data/test_resize.h"
#include "data/warp.h"
#include "tests/data/golden_problems.h"
#include "tests/data/official_targets.h"
#include "tests/support/golden.h"

namespace posecu {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::json;

Json read_json(const fs::path& path) { return Json::parse(read_text_file(path)); }

// zlib's crc32, bit by bit.
class Crc32 {
 public:
  void add(std::uint8_t byte) {
    crc_ ^= byte;
    for (int bit = 0; bit < 8; ++bit) crc_ = (crc_ >> 1) ^ ((crc_ & 1u) != 0 ? 0xedb88320u : 0u);
  }
  std::string text() const { return fmt::format("{:08x}", ~crc_); }

 private:
  std::uint32_t crc_ = 0xffffffffu;
};

std::string crc32_bgr(const Picture& picture) {
  Crc32 crc;
  for (std::size_t i = 0; i < picture.pixels.size(); i += 3)
    for (std::size_t c = 3; c-- > 0;) crc.add(picture.pixels[i + c]);
  return crc.text();
}

Picture mirrored(Picture picture) { return oriented(std::move(picture), 2); }

void check_same_pixels(Problems& problems, const std::string& what, const Picture& found,
                       const fs::path& expected_file) {
  const Picture expected = read_picture(expected_file);
  problems.equal(what + " width", found.width, expected.width);
  problems.equal(what + " height", found.height, expected.height);
  if (found.pixels != expected.pixels) problems.add(what + ": other pixels than " + expected_file.filename().string());
}

// Masks are stored as grey PNG of 0 and 255.
void check_mask(Problems& problems, const std::string& what, const std::vector<std::uint8_t>& found, int width,
                const fs::path& expected_file) {
  Picture as_picture{width, static_cast<int>(found.size()) / width, {}};
  for (const std::uint8_t value : found) as_picture.pixels.insert(as_picture.pixels.end(), 3, value > 0 ? 255 : 0);
  check_same_pixels(problems, what, as_picture, expected_file);
}

void check_matrix(Problems& problems, const std::string& what, const Affine& found, const Json& expected) {
  for (std::size_t i = 0; i < 6; ++i) {
    const double value = expected.at(i / 3).at(i % 3);
    problems.near(fmt::format("{}[{}]", what, i), found.m[i], value, 1e-9 * std::max(std::abs(value), 1e-3));
  }
}

// `nhwc` [height,width,3].
void check_normalised(Problems& problems, const std::vector<float>& nhwc, int width, const Json& expected) {
  const auto at = [&](std::size_t c, std::size_t y, std::size_t x) {
    return nhwc[(y * static_cast<std::size_t>(width) + x) * 3 + c];
  };
  std::vector<float> nchw;
  for (std::size_t c = 0; c < 3; ++c)
    for (std::size_t i = c; i < nhwc.size(); i += 3) nchw.push_back(nhwc[i]);
  problems.checksum_near("normalised", checksum(nchw), expected.at("normalised"), 1e-6);
  for (const Json& sample : expected.at("normalised_samples"))
    problems.equal("normalised sample " + sample.dump(), at(sample[0], sample[1], sample[2]), sample[3].get<float>());
}

// One picture and its labels, read by the project's own reader.
PictureLabel read_label(const Json& document, const Skeleton& skeleton) {
  return parse_annotations(document.at("annotations").dump(), "case.json", "", skeleton).pictures.at(0);
}

void check_draws(Problems& problems, const Json& document, const Picture& picture, Augmentation& augmentation) {
  AugmentOptions options;
  const Json& raw = document.at("raw_draws");
  augmentation.scale = raw[0][1].get<double>() * (options.scale[1] - options.scale[0]) + options.scale[0];
  augmentation.rotation_deg = (2 * raw[1][1].get<double>() - 1) * options.rotation;
  const auto ranges = translation_ranges(options, augmentation.scale, picture.width, picture.height);
  for (std::size_t i = 0; i < 2; ++i) {
    problems.equal("least translation", ranges[i].least, static_cast<int>(raw[2 + i][1].get<double>()));
    problems.equal("limit of translation", ranges[i].limit, static_cast<int>(raw[2 + i][2].get<double>()));
  }
  augmentation.dx = raw[2][3];
  augmentation.dy = raw[3][3];
  augmentation.mirror = raw[4][1].get<double>() < options.flip ? Mirror::yes : Mirror::no;
  problems.equal("scale", augmentation.scale, document.at("aug_scale").get<double>());
  problems.equal("rotation", augmentation.rotation_deg, document.at("aug_rot").get<double>());
  problems.equal("dx", augmentation.dx, document.at("dx").get<int>());
  problems.equal("dy", augmentation.dy, document.at("dy").get<int>());
  problems.equal("flip", augmentation.mirror == Mirror::yes, document.at("flip").get<bool>());
}

struct TrainingCase {
  fs::path folder;
  Json document, expected;
  Safetensors tensors;
  Picture picture;
  PictureLabel label;
  const Skeleton& skeleton;
  Augmentation augmentation;
};

void check_people(Problems& problems, const TrainingCase& c, const std::vector<const Annotation*>& people) {
  const Affine map = sample_map(c.augmentation, c.picture.width, c.picture.height, c.document.at("image_size"));
  const int input_size = c.document.at("image_size");
  problems.equal("people", people.size(), c.expected.at("people").get<std::size_t>());
  std::vector<double> joints, boxes, corners, scales;
  for (const Annotation* person : people) {
    for (const double value : person->keypoints) joints.push_back(static_cast<float>(value));
    for (const double value : person->bbox) boxes.push_back(static_cast<float>(value));
    const std::array<Point, 4> box = warp_box(person->bbox, map);
    for (const Point corner : box) corners.insert(corners.end(), {corner.x, corner.y});
    scales.push_back(person_scale(box, input_size));
  }
  problems.all_near("source_joints", joints, c.tensors.doubles("source_joints"), 0);
  problems.all_near("source_boxes", boxes, c.tensors.doubles("source_boxes"), 0);
  problems.all_near("box_corners", corners, c.tensors.doubles("box_corners.f64"), 1e-6);
  std::vector<double> expected_scales = c.tensors.doubles("box_scales.f64");
  scales.resize(expected_scales.size(), 0);
  problems.all_near("box_scales", scales, expected_scales, 1e-9);
}

void check_resolution(Problems& problems, const TrainingCase& c, const std::vector<const Annotation*>& people,
                      const Mask& mask, std::size_t r) {
  const int size = c.document.at("heatmap_size").at(r);
  const std::string index = std::to_string(r);
  const Affine map = sample_map(c.augmentation, c.picture.width, c.picture.height, size);
  check_matrix(problems, "matrix " + index, map, c.expected.at("matrices").at("heatmaps").at(r));

  const std::vector<float> joints = warp_keypoints(people, c.skeleton, map, size, c.augmentation.mirror);
  problems.all_near("joints" + index, joints, c.tensors.floats("joints" + index), 1e-3);
  const std::vector<std::int64_t> encoded = reference::encoded_joints(joints, c.skeleton.size(), size);
  if (encoded != c.tensors.integers("encoded" + index)) problems.add("encoded" + index + " differs");
  problems.checksum_near("targets " + index, checksum(reference::gaussian_targets(joints, c.skeleton.size(), size)),
                         c.expected.at("targets").at(r), 1e-6);

  const std::vector<std::uint8_t> warped =
      warp_mask(mask_bits(mask), warp_places(map, size, size), c.augmentation.mirror);
  check_mask(problems, "mask" + index, warped, size, c.folder / ("mask" + index + ".png"));
  problems.equal<std::ptrdiff_t>("mask zeros " + index, std::count(warped.begin(), warped.end(), 0),
                                 c.expected.at("mask_zero_counts").at(r).get<std::ptrdiff_t>());
}

// A raw batch that holds the same sample twice.
Batch twice_in_a_batch(const PreparedSample& sample, int keypoints, const SampleOptions& options) {
  Batch batch;
  batch.size = batch.targets.pictures = 2;
  batch.raw = {sample.raw, sample.raw};
  Targets& targets = batch.targets;
  targets.keypoints = keypoints;
  const auto append = [](auto& list, const auto& values) { list.insert(list.end(), values.begin(), values.end()); };
  for (const int stride : options.strides) {
    const int size = options.input_size / stride;
    targets.resolutions.push_back({size, size, {}, {}});
  }
  for (int i = 0; i < 2; ++i) {
    append(targets.scales, sample.labels.scales);
    targets.first_person.push_back(static_cast<int>(targets.scales.size()));
    for (std::size_t r = 0; r < targets.resolutions.size(); ++r)
      append(targets.resolutions[r].keypoints, sample.labels.keypoints[r]);
  }
  return batch;
}

template <class T>
std::vector<T> twice(std::vector<T> values) {
  const std::vector<T> once = values;
  values.insert(values.end(), once.begin(), once.end());
  return values;
}

// The case's sample, made by a loader's thread and, as in a batch with itself, on a Context's device.
void check_sample(Problems& problems, const TrainingCase& c) {
  LoaderOptions options{.batch = 2, .sample = {}, .kind = BatchKind::raw};
  const int size = options.sample.input_size = c.document.at("image_size");
  options.sample.strides.clear();
  for (const Json& heatmap : c.document.at("heatmap_size")) options.sample.strides.push_back(size / heatmap.get<int>());
  DataSet set;
  set.skeleton = c.skeleton;
  const PreparedSample prepared = prepare_sample(c.picture, c.label, set, c.augmentation, options.sample);
  std::vector<float> image(static_cast<std::size_t>(size) * static_cast<std::size_t>(size) * 3);
  const SampleLabels labels = make_sample(image.data(), prepared);
  check_normalised(problems, image, size, c.expected);

  Context context({.threads = 2, .memory = std::size_t{1} << 30});
  DeviceBatch device(context, c.skeleton.size(), options);
  device.send(twice_in_a_batch(prepared, c.skeleton.size(), options.sample));
  device.receive();
  if (context.download<float>(device.images()) != twice(image)) problems.add("the device makes another image");
  for (std::size_t r = 0; r < labels.masks.size(); ++r)
    if (context.download<std::uint8_t>(device.targets().resolutions[r].masks) != twice(labels.masks[r]))
      problems.add(fmt::format("the device makes another mask {}", r));
}

std::vector<std::string> check_training_case(const fs::path& folder, const Json& document) {
  Problems problems;
  const Skeleton& skeleton = skeleton_by_name(document.at("dataset").get<std::string>());
  TrainingCase c{folder,
                 document,
                 read_json(folder / "expected.json"),
                 Safetensors::read(folder / "expected.safetensors"),
                 read_picture(golden_picture(folder, document.at("picture"))),
                 read_label(document, skeleton),
                 skeleton,
                 {}};
  problems.equal("flip_index", skeleton.flip, document.at("flip_index").get<std::vector<int>>());
  check_draws(problems, document, c.picture, c.augmentation);

  const Mask mask = training_mask(c.label, c.picture.width, c.picture.height, "case.json");
  check_mask(problems, "source mask", mask.pixels, mask.width, folder / "source_mask.png");
  problems.equal<std::ptrdiff_t>("source mask zeros", std::count(mask.pixels.begin(), mask.pixels.end(), 0),
                                 c.expected.at("source_mask_zero_count").get<std::ptrdiff_t>());

  const int size = document.at("image_size");
  const Affine map = sample_map(c.augmentation, c.picture.width, c.picture.height, size);
  check_matrix(problems, "image matrix", map, c.expected.at("matrices").at("image"));
  const Picture warped = warp(c.picture, map, size, size);
  const Picture shown = c.augmentation.mirror == Mirror::yes ? mirrored(warped) : warped;
  problems.equal("crc unflipped", crc32_bgr(warped), c.expected.at("unflipped_crc32_bgr").get<std::string>());
  problems.equal("crc", crc32_bgr(shown), c.expected.at("image_crc32_bgr").get<std::string>());
  check_same_pixels(problems, "image", shown, folder / "image.png");
  check_sample(problems, c);

  const std::vector<const Annotation*> people = training_people(c.label);
  check_people(problems, c, people);
  for (std::size_t r = 0; r < document.at("heatmap_size").size(); ++r) check_resolution(problems, c, people, mask, r);
  return problems.list();
}

void check_geometry(Problems& problems, const TestGeometry& geometry, const Json& expected) {
  problems.equal("base width", geometry.base.width, expected.at("base_size_wh")[0].get<int>());
  problems.equal("base height", geometry.base.height, expected.at("base_size_wh")[1].get<int>());
  problems.equal("centre x", geometry.centre.x, expected.at("center")[0].get<double>());
  problems.equal("centre y", geometry.centre.y, expected.at("center")[1].get<double>());
  problems.near("scale x", geometry.scale.x, expected.at("scale")[0], 1e-12);
  problems.near("scale y", geometry.scale.y, expected.at("scale")[1], 1e-12);
}

// The normalised picture at a scale, made on a Context's device; its mirror image must be that, mirrored.
std::vector<float> test_images(const Picture& picture, const TestGeometry& geometry, double factor,
                               Problems& problems) {
  Context context({.threads = 2, .memory = std::size_t{1} << 30});
  TestPicture test(context, TestPicture::Mirrored::yes);
  const Size size = scaled_size(geometry, factor);
  const Tensor<float> images = context.tensor<float>({2, size.height, size.width, 3});
  test.send(picture, geometry, std::array{0.5, factor});
  test.receive();
  test.make(images, 1);
  test.release();
  std::vector<float> both = context.download<float>(images);
  const auto half = static_cast<std::ptrdiff_t>(both.size() / 2);
  const std::vector<float> mirror_image(both.begin() + half, both.end());
  both.resize(both.size() / 2);
  const auto width = static_cast<std::size_t>(size.width);
  for (std::size_t i = 0; i < both.size(); ++i) {
    const std::size_t row = i / (3 * width), x = i / 3 % width;
    if (mirror_image[(row * width + width - 1 - x) * 3 + i % 3] == both[i]) continue;
    problems.add("the mirror image is another");
    break;
  }
  return both;
}

std::vector<std::string> check_resize_case(const fs::path& folder, const Json& document) {
  Problems problems;
  const Json expected = read_json(folder / "expected.json");
  const Picture picture = read_picture(golden_picture(folder, document.at("picture")));
  problems.equal("width", picture.width, document.at("width").get<int>());
  problems.equal("height", picture.height, document.at("height").get<int>());
  const TestGeometry geometry = test_geometry(picture.width, picture.height, document.at("input_size"), "case");
  check_geometry(problems, geometry, expected);
  problems.equal("scale factors", document.at("scale_factors").size(), expected.at("images").size());
  for (const Json& image : expected.at("images")) {
    const double factor = image.at("factor");
    check_matrix(problems, "matrix", test_map(geometry, factor), image.at("matrix"));
    const Picture resized = test_resize(picture, geometry, factor);
    problems.equal("width", resized.width, image.at("width").get<int>());
    problems.equal("height", resized.height, image.at("height").get<int>());
    problems.equal("crc", crc32_bgr(resized), image.at("crc32_bgr").get<std::string>());
    check_same_pixels(problems, "resized", resized, folder / image.at("file").get<std::string>());
    check_normalised(problems, test_images(picture, geometry, factor, problems), resized.width, image);
  }
  return problems.list();
}

std::vector<std::string> check_augment_case(const fs::path& folder) {
  const Json document = read_json(folder / "case.json");
  return document.contains("kind") ? check_resize_case(folder, document) : check_training_case(folder, document);
}

TEST(AugmentGolden, EveryCaseIsReproducedExactly) { run_golden_cases("augment", check_augment_case); }

TEST(AugmentGolden, EveryPictureDecodesToTheOfficialBytes) {
  int pictures = 0;
  for (const fs::path& set : {mini_goldens(), golden_set()})
    for (const auto& entry : fs::directory_iterator(set / "pictures")) {
      if (entry.path().extension() != ".json") continue;
      const Json expected = read_json(entry.path());
      const Picture picture = read_picture(fs::path(entry.path()).replace_extension(""));
      EXPECT_EQ(picture.width, expected.at("width").get<int>());
      EXPECT_EQ(picture.height, expected.at("height").get<int>());
      EXPECT_EQ(crc32_bgr(picture), expected.at("decoded_bgr_crc32").get<std::string>()) << entry.path();
      std::array<std::int64_t, 3> sums{};
      for (std::size_t i = 0; i < picture.pixels.size(); ++i) sums[2 - i % 3] += picture.pixels[i];
      for (std::size_t c = 0; c < 3; ++c)
        EXPECT_EQ(sums[c], expected.at("decoded_bgr_channel_sums")[c].get<std::int64_t>());
      ++pictures;
    }
  std::printf("goldens: %d decoded pictures\n", pictures);
  EXPECT_GT(pictures, 0);
}

TEST(AugmentGolden, TheTableOfTestSizesIsReproduced) {
  const Json table = read_json(mini_goldens() / "augment/align_table.json");
  Problems problems;
  for (const Json& row : table.at("rows"))
    check_geometry(problems, test_geometry(row.at("width"), row.at("height"), row.at("input_size"), "row"), row);
  EXPECT_EQ(problems.list(), std::vector<std::string>{});
  std::printf("goldens: %zu rows of align_table\n", table.at("rows").size());
  EXPECT_GT(table.at("rows").size(), 10u);
}

void damage_byte_of_png(const fs::path& path) {
  Picture picture = read_picture(path);
  picture.pixels[picture.pixels.size() / 2] ^= 1;
  write_png(path, picture);
}

TEST(AugmentGolden, DamageIsSeen) {
  const auto see = [](const std::string& name, const auto& damage) {
    expect_damage_is_seen("augment", name, damage, check_augment_case);
  };
  see("png_crop", [](const fs::path& folder) { damage_byte_of_png(folder / "image.png"); });
  see("align_png_128", [](const fs::path& folder) { damage_byte_of_png(folder / "resized_1_5.png"); });
  see("png_crop", [](const fs::path& folder) { damage_json(folder / "expected.json", "/matrices/image/0/2"); });
  see("png_crop", [](const fs::path& folder) { damage_json(folder / "expected.json", "/normalised/dot"); });
  see("png_crop", [](const fs::path& folder) { damage_tensor(folder / "expected.safetensors", "joints1"); });
  see("png_crop", [](const fs::path& folder) { damage_tensor(folder / "expected.safetensors", "box_corners.f64"); });
  see("png_crop", [](const fs::path& folder) { damage_tensor(folder / "expected.safetensors", "encoded0"); });
}

}  // namespace
}  // namespace posecu
