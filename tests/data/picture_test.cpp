#include "data/picture.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "core/error.h"
#include "core/random.h"
#include "data/exif.h"
#include "tests/data/picture_maker.h"
#include "tests/data/synthetic_set.h"

namespace posecu {
namespace {

using testing::ElementsAre;
using testing::ElementsAreArray;
using testing::HasSubstr;

// Smooth enough that JPEG keeps it within a few grey levels.
Picture smooth_picture(int width, int height) {
  Picture picture{width, height, {}};
  for (int y = 0; y < height; ++y)
    for (int x = 0; x < width; ++x)
      for (int c = 0; c < 3; ++c) picture.pixels.push_back(static_cast<std::uint8_t>(40 + x + y + 20 * c));
  return picture;
}

int greatest_difference(const Picture& a, const Picture& b) {
  int greatest = 0;
  for (std::size_t i = 0; i < a.pixels.size(); ++i) greatest = std::max(greatest, std::abs(a.pixels[i] - b.pixels[i]));
  return greatest;
}

// The first channel, row by row.
std::vector<int> reds(const Picture& picture) {
  std::vector<int> result;
  for (std::size_t i = 0; i < picture.pixels.size(); i += 3) result.push_back(picture.pixels[i]);
  return result;
}

std::string refusal(const FileBytes& file) {
  try {
    decode_picture(file, "the_file");
  } catch (const InputError& error) {
    return error.what();
  }
  return "accepted";
}

TEST(PictureTest, PngComesBackAsItWasWritten) {
  const TemporaryFolder folder;
  for (const auto& [width, height] : {std::pair{1, 1}, {7, 3}, {64, 50}}) {
    const Picture picture = noise_picture(width, height, 3);
    write_png(folder.path() / "a.png", picture);
    const Picture read = read_picture(folder.path() / "a.png");
    EXPECT_EQ(read.width, width);
    EXPECT_EQ(read.height, height);
    EXPECT_EQ(read.pixels, picture.pixels);
  }
}

TEST(PictureTest, JpegComesBackWithinItsQuality) {
  const TemporaryFolder folder;
  const Picture picture = smooth_picture(50, 37);
  write_jpeg(folder.path() / "a.jpg", picture, 95);
  const Picture read = read_picture(folder.path() / "a.jpg");
  EXPECT_EQ(read.width, 50);
  EXPECT_EQ(read.height, 37);
  EXPECT_LE(greatest_difference(read, picture), 6);
}

TEST(PictureTest, BmpAndPpmAreRead) {
  const Picture picture = noise_picture(13, 7, 1);
  EXPECT_EQ(decode_picture(make_bmp(picture), "a").pixels, picture.pixels);
  EXPECT_EQ(decode_picture(make_ppm(picture), "a").pixels, picture.pixels);
}

TEST(PictureTest, EveryPngKindBecomesRgbAsOpenCvDoes) {
  const auto read = [](int width, const std::vector<std::uint8_t>& row, PngKind kind) {
    return decode_picture(make_png(width, 1, row, kind), "a").pixels;
  };
  EXPECT_THAT(read(2, {9, 200}, {8, 0}), ElementsAre(9, 9, 9, 200, 200, 200));
  EXPECT_THAT(read(2, {0x12, 0xff, 0x34, 0x80}, {16, 0}), ElementsAre(0x12, 0x12, 0x12, 0x34, 0x34, 0x34));
  EXPECT_THAT(read(1, {1, 255, 2, 255, 3, 255}, {16, 2}), ElementsAre(1, 2, 3));
  EXPECT_THAT(read(1, {1, 2, 3, 0}, {8, 6}), ElementsAre(1, 2, 3)) << "alpha is dropped, not applied";
  EXPECT_THAT(read(1, {77, 0}, {8, 4}), ElementsAre(77, 77, 77));
  EXPECT_THAT(read(2, {0b10000000}, {1, 0}), ElementsAre(255, 255, 255, 0, 0, 0));
  EXPECT_THAT(read(2, {0x5f}, {4, 0}), ElementsAre(85, 85, 85, 255, 255, 255));
  EXPECT_THAT(read(2, {4, 10}, {8, 3}), ElementsAre(12, 20, 28, 30, 50, 70));
}

TEST(PictureTest, EveryJpegKindBecomesRgb) {
  const Picture picture = smooth_picture(24, 20);
  const auto close_to = [](const FileBytes& file, const Picture& expected) {
    EXPECT_LE(greatest_difference(decode_picture(file, "a"), expected), 8);
  };
  close_to(make_jpeg(24, 20, picture.pixels), picture);
  close_to(make_jpeg(24, 20, picture.pixels, {.progressive = true}), picture);
  close_to(make_jpeg(24, 20, picture.pixels, {.restart_interval = 2}), picture);

  std::vector<std::uint8_t> grey, inks;
  Picture grey_picture = picture, from_inks = picture;
  for (std::size_t i = 0; i < picture.pixels.size(); i += 3) {
    grey.push_back(picture.pixels[i]);
    for (std::size_t c = 0; c < 3; ++c) grey_picture.pixels[i + c] = picture.pixels[i];
    for (std::size_t c = 0; c < 3; ++c) inks.push_back(picture.pixels[i + c]);
    inks.push_back(200);
    for (std::size_t c = 0; c < 3; ++c)
      from_inks.pixels[i + c] = static_cast<std::uint8_t>(200 - ((255 - picture.pixels[i + c]) * 200 >> 8));
  }
  close_to(make_jpeg(24, 20, grey, {.components = 1}), grey_picture);
  close_to(make_jpeg(24, 20, inks, {.components = 4}), from_inks);
}

TEST(PictureTest, OrientationsTurnThePictureUpright) {
  // 1 2 3
  // 4 5 6
  const auto turned = [](int orientation) {
    const Picture picture = oriented({3, 2, {1, 0, 0, 2, 0, 0, 3, 0, 0, 4, 0, 0, 5, 0, 0, 6, 0, 0}}, orientation);
    EXPECT_EQ(picture.width, orientation >= 5 && orientation <= 8 ? 2 : 3);
    return reds(picture);
  };
  EXPECT_THAT(turned(1), ElementsAre(1, 2, 3, 4, 5, 6));
  EXPECT_THAT(turned(2), ElementsAre(3, 2, 1, 6, 5, 4));
  EXPECT_THAT(turned(3), ElementsAre(6, 5, 4, 3, 2, 1));
  EXPECT_THAT(turned(4), ElementsAre(4, 5, 6, 1, 2, 3));
  EXPECT_THAT(turned(5), ElementsAre(1, 4, 2, 5, 3, 6));
  EXPECT_THAT(turned(6), ElementsAre(4, 1, 5, 2, 6, 3));
  EXPECT_THAT(turned(7), ElementsAre(6, 3, 5, 2, 4, 1));
  EXPECT_THAT(turned(8), ElementsAre(3, 6, 2, 5, 1, 4));
  EXPECT_THAT(turned(0), ElementsAre(1, 2, 3, 4, 5, 6));
  EXPECT_THAT(turned(9), ElementsAre(1, 2, 3, 4, 5, 6));
}

TEST(PictureTest, TheOrientationOfJpegAndPngIsHonoured) {
  const Picture picture = smooth_picture(24, 17);
  const Picture upright = decode_picture(make_jpeg(24, 17, picture.pixels), "a");
  for (int orientation = 1; orientation <= 8; ++orientation) {
    const Picture jpeg = decode_picture(make_jpeg(24, 17, picture.pixels, {.orientation = orientation}), "a");
    EXPECT_EQ(jpeg.pixels, oriented(upright, orientation).pixels) << orientation;
    EXPECT_EQ(jpeg.width, orientation < 5 ? 24 : 17);
    const Picture png = decode_picture(make_png(24, 17, picture.pixels, {.orientation = orientation}), "a");
    EXPECT_EQ(png.pixels, oriented(picture, orientation).pixels) << orientation;
  }
}

TEST(PictureTest, ExifThatMakesNoSenseIsUpright) {
  for (const bool big_endian : {false, true}) {
    const FileBytes exif = make_exif(6, big_endian);
    EXPECT_EQ(exif_orientation(exif), 6);
    for (std::size_t n = 0; n < exif.size(); ++n) exif_orientation(std::span(exif).first(n));
    for (std::size_t i = 0; i < exif.size(); ++i)
      for (const std::byte value : {std::byte{0}, std::byte{0xff}}) {
        FileBytes damaged = exif;
        damaged[i] = value;
        const int orientation = exif_orientation(damaged);
        EXPECT_TRUE(orientation >= 1 && orientation <= 8);
      }
  }
  EXPECT_EQ(exif_orientation(make_exif(0, false)), 1);
  EXPECT_EQ(exif_orientation(make_exif(9, true)), 1);
}

TEST(PictureTest, RefusesWhatIsNoPicture) {
  EXPECT_THAT(refusal({}), HasSubstr("the_file: byte 0: not a picture"));
  EXPECT_THAT(refusal(FileBytes(100, std::byte{7})), HasSubstr("not a picture"));
  EXPECT_THROW(read_picture("/nowhere/a.png"), InputError);
  EXPECT_THROW(read_picture("/"), InputError);
}

TEST(PictureTest, RefusesPicturesThatAreTooLargeBeforeTakingMemory) {
  const std::string too_many = "are too many";
  EXPECT_THAT(refusal(make_png(20000, 1, std::vector<std::uint8_t>(60000))), HasSubstr(too_many));
  const auto with_size = [](FileBytes file, std::size_t at, std::initializer_list<int> bytes) {
    for (const int byte : bytes) file[at++] = static_cast<std::byte>(byte);
    repair_png_checksums(file);
    return file;
  };
  const Picture picture = smooth_picture(8, 8);
  // Width and height stand at byte 16 of a PNG: 14000 x 14000.
  EXPECT_THAT(refusal(with_size(make_png(8, 8, picture.pixels), 16, {0, 0, 0x36, 0xb0, 0, 0, 0x36, 0xb0})),
              HasSubstr(too_many));
  EXPECT_THAT(refusal(with_size(make_png(8, 8, picture.pixels), 16, {0x80, 0, 0, 0, 0, 0, 0, 1})), HasSubstr(too_many));
  EXPECT_THAT(refusal(with_size(make_png(8, 8, picture.pixels), 16, {0, 0, 0, 0, 0, 0, 0, 1})), HasSubstr("0 x 1"));
  FileBytes jpeg = make_jpeg(8, 8, picture.pixels);
  const std::array<std::byte, 2> frame{std::byte{0xff}, std::byte{0xc0}};
  const auto at = std::search(jpeg.begin(), jpeg.end(), frame.begin(), frame.end()) - jpeg.begin() + 5;
  for (std::ptrdiff_t i = at; i < at + 4; ++i) jpeg[static_cast<std::size_t>(i)] = std::byte{0x7f};
  EXPECT_THAT(refusal(jpeg), HasSubstr(too_many));
  std::string ppm = "P6 99999999999 1 255\n";
  EXPECT_THAT(refusal(FileBytes(reinterpret_cast<std::byte*>(ppm.data()),
                                reinterpret_cast<std::byte*>(ppm.data() + ppm.size()))),
              HasSubstr(too_many));
}

TEST(PictureTest, RefusesAProgressiveFileOfTooManyScans) {
  const Picture picture = smooth_picture(8, 8);
  EXPECT_THAT(refusal(make_jpeg(8, 8, picture.pixels, {.progressive = true, .extra_scans = 10})),
              HasSubstr("more than 100 scans"));
}

TEST(PictureTest, NamesFileAndPlaceOfATruncation) {
  FileBytes jpeg = make_jpeg(64, 64, noise_picture(64, 64, 2).pixels);
  jpeg.resize(jpeg.size() / 2);
  EXPECT_THAT(refusal(jpeg), testing::AllOf(HasSubstr("the_file: byte "), HasSubstr("Premature end")));
  FileBytes png = make_png(64, 64, noise_picture(64, 64, 2).pixels);
  png.resize(png.size() / 2);
  EXPECT_THAT(refusal(png), testing::AllOf(HasSubstr("the_file: byte 33: a chunk of"), HasSubstr("only")));
}

TEST(PictureTest, RefusesAPngWhoseChecksumDoesNotFit) {
  FileBytes png = make_png(8, 8, smooth_picture(8, 8).pixels);
  png[png.size() - 30] ^= std::byte{1};  // a pixel
  EXPECT_THAT(refusal(png), HasSubstr("the_file: byte 33: a chunk's checksum does not fit"));
}

// stb_image names no reason for a block of the fourth kind, which deflate does not have.
TEST(PictureTest, RefusesAPngWithoutAReasonFromItsDecoder) {
  FileBytes png = make_png(8, 8, smooth_picture(8, 8).pixels);
  constexpr std::size_t kFirstBlock = 33 + 8 + 2;  // header, the chunk's length and type, zlib's header
  png[kFirstBlock] |= std::byte{6};
  repair_png_checksums(png);
  EXPECT_EQ(refusal(png), "the_file: pixels: damaged: the compressed pixels are not valid");
}

// Legal, and what stb_image does with an empty first one is undefined, as a fuzz target found.
TEST(PictureTest, ReadsAPngWithEmptyPixelChunks) {
  const Picture picture = smooth_picture(8, 8);
  FileBytes png = make_png(8, 8, picture.pixels);
  constexpr std::array<std::byte, 12> kEmpty{
      {{}, {}, {}, {}, std::byte{'I'}, std::byte{'D'}, std::byte{'A'}, std::byte{'T'}}};
  const auto insert_empty = [&](std::ptrdiff_t at) { png.insert(png.begin() + at, kEmpty.begin(), kEmpty.end()); };
  constexpr std::ptrdiff_t kHeaderEnd = 33, kEndChunk = 12;
  insert_empty(std::ssize(png) - kEndChunk);
  insert_empty(kHeaderEnd);
  insert_empty(kHeaderEnd);
  repair_png_checksums(png);
  EXPECT_EQ(decode_picture(png, "a").pixels, picture.pixels);
  png.erase(png.begin() + kHeaderEnd + std::ssize(kEmpty), png.end() - kEndChunk);
  EXPECT_EQ(refusal(png), "the_file: no pixels (IDAT)");
}

TEST(PictureTest, FillsADamagedJpegIfAsked) {
  const Picture picture = smooth_picture(64, 64);
  FileBytes jpeg = make_jpeg(64, 64, picture.pixels);
  jpeg.resize(jpeg.size() * 3 / 4);
  const Picture filled = decode_picture(jpeg, "a", DamagedPicture::fill);
  ASSERT_EQ(filled.pixels.size(), picture.pixels.size());
  for (int x = 0; x < 64; ++x) EXPECT_NEAR(filled.row(0)[3 * x], picture.row(0)[3 * x], 8);
}

struct Kind {
  const char* name;
  FileBytes file;
};

std::vector<Kind> small_files() {
  const Picture picture = noise_picture(19, 14, 5);
  std::vector<std::uint8_t> grey(19 * 14), inks(19 * 14 * 4, 90);
  return {{"jpeg", make_jpeg(19, 14, picture.pixels, {.orientation = 6})},
          {"progressive jpeg", make_jpeg(19, 14, picture.pixels, {.progressive = true})},
          {"jpeg with restarts", make_jpeg(19, 14, picture.pixels, {.restart_interval = 1})},
          {"grey jpeg", make_jpeg(19, 14, grey, {.components = 1})},
          {"cmyk jpeg", make_jpeg(19, 14, inks, {.components = 4})},
          {"png", make_png(19, 14, picture.pixels, {.orientation = 3})},
          {"16-bit grey png", make_png(7, 14, std::vector<std::uint8_t>(14 * 14), {16, 0})},
          {"palette png", make_png(19, 14, grey, {8, 3})},
          {"bmp", make_bmp(picture)},
          {"ppm", make_ppm(picture)}};
}

TEST(PictureTest, EveryTruncationIsRefusedWithTheFilesName) {
  for (const Kind& kind : small_files()) {
    EXPECT_EQ(refusal(kind.file), "accepted") << kind.name;
    for (std::size_t n = 0; n < kind.file.size(); ++n) {
      const std::string message =
          refusal(FileBytes(kind.file.begin(), kind.file.begin() + static_cast<std::ptrdiff_t>(n)));
      EXPECT_THAT(message, HasSubstr("the_file")) << kind.name << " cut to " << n << " of " << kind.file.size();
    }
  }
}

FileBytes text(std::string_view bytes) {
  FileBytes file(bytes.size());
  std::ranges::transform(bytes, file.begin(), [](char c) { return static_cast<std::byte>(c); });
  return file;
}

FileBytes cut(FileBytes file, std::size_t left) {
  file.resize(file.size() - left);
  return file;
}

// With another byte, `behind` the first `mark`.
FileBytes patched(FileBytes file, std::string_view mark, std::ptrdiff_t behind, int byte) {
  const FileBytes wanted = text(mark);
  *(std::search(file.begin(), file.end(), wanted.begin(), wanted.end()) + behind) = static_cast<std::byte>(byte);
  repair_png_checksums(file);
  return file;
}

// What is common in the wild, odd or neither, and what becomes of it. Pixels of what is read are compared above.
TEST(PictureTest, EveryKindHasItsWrittenOutcome) {
  const Picture picture = smooth_picture(16, 12);
  const std::vector<std::uint8_t> grey(16 * 12, 99), inks(16 * 12 * 4, 200);
  const FileBytes jpeg = make_jpeg(16, 12, picture.pixels), png = make_png(16, 12, picture.pixels);
  const FileBytes bmp = make_bmp(picture), ppm = make_ppm(picture);
  const struct {
    const char* name;
    FileBytes file;
    const char* outcome;  // of the message; "accepted" where it is read
  } kinds[] = {{"grey JPEG", make_jpeg(16, 12, grey, {.components = 1}), "accepted"},
               {"CMYK JPEG", make_jpeg(16, 12, inks, {.components = 4}), "accepted"},
               {"progressive JPEG", make_jpeg(16, 12, picture.pixels, {.progressive = true}), "accepted"},
               {"JPEG with bytes behind its end",
                [&] {
                  FileBytes file = jpeg;
                  file.resize(file.size() + 99);
                  return file;
                }(),
                "accepted"},
               {"JPEG without its end mark", cut(jpeg, 2), "Premature end of JPEG file"},
               {"JPEG of 12 bits a sample", patched(jpeg, "\xff\xc0", 4, 12), "Unsupported JPEG data precision 12"},
               {"lossless JPEG", patched(jpeg, "\xff\xc0", 1, 0xc3), "Unsupported JPEG process: SOF type 0xc3"},
               {"hierarchical JPEG", patched(jpeg, "\xff\xc0", 1, 0xc5), "Unsupported JPEG process: SOF type 0xc5"},
               {"JPEG of two components", patched(jpeg, "\xff\xc0", 9, 2), "Bogus"},
               {"JPEG of no height", patched(patched(jpeg, "\xff\xc0", 6, 0), "\xff\xc0", 5, 0), "Empty JPEG image"},
               {"grey PNG", make_png(16, 12, grey, {8, 0}), "accepted"},
               {"PNG of 16 bits", make_png(8, 12, picture.pixels, {16, 2}), "accepted"},
               {"PNG of one bit", make_png(16, 12, std::vector<std::uint8_t>(24), {1, 0}), "accepted"},
               {"PNG with a palette", make_png(16, 12, std::vector<std::uint8_t>(16 * 12, 1), {8, 3}), "accepted"},
               {"PNG with transparency", make_png(16, 12, inks, {8, 6}), "accepted"},
               {"PNG of 3 bits", patched(png, "IHDR", 12, 3), "IHDR: depth 3 with colour type 2 is no PNG"},
               {"PNG of colour type 5", patched(png, "IHDR", 13, 5), "IHDR: depth 8 with colour type 5 is no PNG"},
               {"PNG without IEND", cut(png, 12), "the file ends before the picture does"},
               {"PNG without pixels", patched(png, "IDAT", 0, 'i'), "no pixels (IDAT)"},
               {"PNG of another compression", patched(png, "IHDR", 14, 1), "damaged: bad comp method"},
               {"BMP", bmp, "accepted"},
               {"BMP cut short", cut(bmp, 40), "the_file: "},
               {"PPM", ppm, "accepted"},
               {"PPM cut short", cut(ppm, 1), "the_file: "},
               {"PPM of 16 bits", text("P6 1 1 65535\n123456"), "the_file: "},
               {"GIF", text("GIF89a\1\1"), "not a picture of a known type: expected JPEG, PNG, BMP, PPM or PGM"},
               {"WebP", text("RIFF1234WEBPVP8 "), "not a picture of a known type"},
               {"TIFF", text("II*"), "not a picture of a known type"},
               {"HTML of a download that failed", text("<!DOCTYPE html>"), "not a picture of a known type"},
               {"empty file", {}, "not a picture of a known type"}};
  static_assert(std::size(kinds) >= 24);
  for (const auto& [name, file, outcome] : kinds) EXPECT_THAT(refusal(file), HasSubstr(outcome)) << name;
}

FileBytes damaged(const FileBytes& file, Random& random) {
  FileBytes result = file;
  const int changes = 1 + random.below(4);
  for (int i = 0; i < changes; ++i) {
    const auto at = static_cast<std::size_t>(random.below(static_cast<int>(result.size())));
    switch (random.below(4)) {
      case 0:
        result[at] ^= static_cast<std::byte>(1u << random.below(8));
        break;
      case 1:
        result[at] = static_cast<std::byte>(random.bits());
        break;
      case 2:
        result[at] = random.below(2) == 0 ? std::byte{0} : std::byte{0xff};
        break;
      default:
        std::copy_n(file.begin(), std::min<std::size_t>(8, result.size() - at),
                    result.begin() + static_cast<std::ptrdiff_t>(at));
    }
  }
  return result;
}

TEST(PictureTest, DamageEndsInAnInputErrorOrInAPicture) {
  int pictures = 0, refused = 0;
  for (const Kind& kind : small_files())
    for (std::uint64_t seed = 0; seed < 1700; ++seed) {
      Random random(seed, 0, hash_name(kind.name), RandomPurpose::test);
      FileBytes file = damaged(kind.file, random);
      if (seed % 2 == 0) repair_png_checksums(file);  // so that the damage reaches the decoder of pixels
      for (const DamagedPicture mode : {DamagedPicture::refuse, DamagedPicture::fill}) try {
          const Picture picture = decode_picture(file, "the_file", mode);
          EXPECT_EQ(picture.pixels.size(), picture.row_bytes() * static_cast<std::size_t>(picture.height));
          ++pictures;
        } catch (const InputError& error) {
          EXPECT_THAT(error.what(), HasSubstr("the_file"));
          ++refused;
        }
    }
  EXPECT_GT(pictures, 100);
  EXPECT_GT(refused, 100);
}

}  // namespace
}  // namespace posecu
