// JPEG by libjpeg-turbo with its default settings (slow integer transform, fancy upsampling), as OpenCV uses it.
//
// libjpeg reports errors through error_exit, which must not return: it jumps back to setjmp in read_header or
// read_rows. Those two hold no object with a destructor; memory of libjpeg's own goes with JpegReader.
#include <csetjmp>
#include <cstdio>  // jpeglib.h needs FILE

// clang-format off
#include <jpeglib.h>
#include <jerror.h>
// clang-format on

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <new>
#include <string_view>

#include "core/error.h"
#include "data/exif.h"
#include "data/picture_formats.h"

namespace posecu {
namespace {

constexpr int kMostScans = 100;  // of a progressive file; encoders write about ten
constexpr std::string_view kExifMark{"Exif\0\0", 6};

struct ErrorState {
  jpeg_error_mgr manager{};  // first: libjpeg hands back a pointer to it
  std::jmp_buf back{};
  std::array<char, JMSG_LENGTH_MAX> message{};
  bool refuse_damage = true;  // else libjpeg fills in grey
};

ErrorState& state_of(j_common_ptr info) { return *reinterpret_cast<ErrorState*>(info->err); }

[[noreturn]] void on_error(j_common_ptr info) {
  ErrorState& state = state_of(info);
  info->err->format_message(info, state.message.data());
  std::longjmp(state.back, 1);
}

bool means_damage(int code) {
  return code == JWRN_JPEG_EOF || code == JWRN_HIT_MARKER || code == JWRN_HUFF_BAD_CODE ||
         code == JWRN_ARITH_BAD_CODE || code == JWRN_MUST_RESYNC;
}

// Level -1 is a warning; other levels trace.
void on_message(j_common_ptr info, int level) {
  if (level < 0 && state_of(info).refuse_damage && means_damage(info->err->msg_code)) on_error(info);
}

void on_progress(j_common_ptr info) {
  const auto* reader = reinterpret_cast<j_decompress_ptr>(info);
  if (reader->input_scan_number <= kMostScans) return;
  ErrorState& state = state_of(info);
  std::snprintf(state.message.data(), state.message.size(), "more than %d scans", kMostScans);
  std::longjmp(state.back, 1);
}

class JpegReader {
 public:
  JpegReader(Bytes bytes, DamagedPicture damaged) : bytes_(bytes) {
    info_.err = jpeg_std_error(&errors_.manager);
    errors_.manager.error_exit = on_error;
    errors_.manager.emit_message = on_message;
    errors_.refuse_damage = damaged == DamagedPicture::refuse;
    progress_.progress_monitor = on_progress;
  }
  ~JpegReader() { jpeg_destroy_decompress(&info_); }
  JpegReader(const JpegReader&) = delete;
  JpegReader& operator=(const JpegReader&) = delete;

  // Both return false after an error.
  bool read_header() {
    if (setjmp(errors_.back) != 0) return false;
    jpeg_create_decompress(&info_);
    info_.progress = &progress_;
    jpeg_save_markers(&info_, JPEG_APP0 + 1, 0xffff);
    jpeg_mem_src(&info_, reinterpret_cast<const unsigned char*>(bytes_.data()), bytes_.size());
    jpeg_read_header(&info_, TRUE);
    return true;
  }

  bool read_rows(std::uint8_t* pixels, std::size_t row_bytes) {
    if (setjmp(errors_.back) != 0) return false;
    info_.out_color_space = four_inks() ? JCS_CMYK : JCS_RGB;
    jpeg_start_decompress(&info_);
    while (info_.output_scanline < info_.output_height) {
      JSAMPROW row = pixels + info_.output_scanline * row_bytes;
      jpeg_read_scanlines(&info_, &row, 1);
    }
    jpeg_finish_decompress(&info_);
    return true;
  }

  // Of libjpeg while it reads rows: all coefficients, where there are several scans.
  std::uint64_t coefficient_bytes() {
    std::uint64_t blocks = 0;
    for (int i = 0; jpeg_has_multiple_scans(&info_) != 0 && i < info_.num_components; ++i)
      blocks += std::uint64_t{info_.comp_info[i].width_in_blocks} * info_.comp_info[i].height_in_blocks;
    return blocks * sizeof(JBLOCK);
  }

  bool four_inks() const { return info_.num_components == 4; }
  int width() const { return static_cast<int>(info_.image_width); }
  int height() const { return static_cast<int>(info_.image_height); }
  bool out_of_memory() const { return errors_.manager.msg_code == JERR_OUT_OF_MEMORY; }
  std::string message() const { return errors_.message.data(); }
  std::size_t position() const {
    return info_.src == nullptr ? 0 : bytes_.size() - std::min(bytes_.size(), info_.src->bytes_in_buffer);
  }

  // Of the first APP1 marker that holds EXIF.
  int orientation() const {
    for (jpeg_saved_marker_ptr marker = info_.marker_list; marker != nullptr; marker = marker->next) {
      const std::string_view data(reinterpret_cast<const char*>(marker->data), marker->data_length);
      if (data.starts_with(kExifMark))
        return exif_orientation(
            std::as_bytes(std::span(data.data() + kExifMark.size(), data.size() - kExifMark.size())));
    }
    return 1;
  }

 private:
  Bytes bytes_;
  ErrorState errors_;
  jpeg_progress_mgr progress_{};
  jpeg_decompress_struct info_{};
};

// OpenCV's rule, for the inverted inks that JPEG files hold.
void inks_to_rgb(std::uint8_t* rgb, const std::uint8_t* inks, std::size_t pixels) {
  for (std::size_t i = 0; i < pixels; ++i) {
    const int k = inks[4 * i + 3];
    for (std::size_t c = 0; c < 3; ++c)
      rgb[3 * i + c] = static_cast<std::uint8_t>(k - ((255 - inks[4 * i + c]) * k >> 8));
  }
}

class JpegWriter {
 public:
  JpegWriter() {
    info_.err = jpeg_std_error(&errors_.manager);
    errors_.manager.error_exit = on_error;
  }
  ~JpegWriter() {
    jpeg_destroy_compress(&info_);
    std::free(buffer_);
  }
  JpegWriter(const JpegWriter&) = delete;
  JpegWriter& operator=(const JpegWriter&) = delete;

  bool write(const Picture& picture, int quality) {
    if (setjmp(errors_.back) != 0) return false;
    jpeg_create_compress(&info_);
    jpeg_mem_dest(&info_, &buffer_, &size_);
    info_.image_width = static_cast<JDIMENSION>(picture.width);
    info_.image_height = static_cast<JDIMENSION>(picture.height);
    info_.input_components = Picture::channels;
    info_.in_color_space = JCS_RGB;
    jpeg_set_defaults(&info_);
    jpeg_set_quality(&info_, quality, TRUE);
    jpeg_start_compress(&info_, TRUE);
    while (info_.next_scanline < info_.image_height) {
      auto* row = const_cast<JSAMPROW>(picture.row(static_cast<int>(info_.next_scanline)));
      jpeg_write_scanlines(&info_, &row, 1);
    }
    jpeg_finish_compress(&info_);
    return true;
  }

  std::vector<std::uint8_t> bytes() const { return {buffer_, buffer_ + size_}; }
  std::string message() const { return errors_.message.data(); }

 private:
  ErrorState errors_;
  jpeg_compress_struct info_{};
  unsigned char* buffer_ = nullptr;  // libjpeg's malloc
  unsigned long size_ = 0;
};

}  // namespace

DecodedPicture decode_jpeg(Bytes bytes, const std::string& name, DamagedPicture damaged) {
  JpegReader reader(bytes, damaged);
  const auto refuse = [&] {
    if (reader.out_of_memory()) throw std::bad_alloc();
    throw InputError(name, fmt::format("byte {}", reader.position()), reader.message());
  };
  if (!reader.read_header()) refuse();
  check_picture_size(name, reader.width(), reader.height());

  DecodedPicture result{{reader.width(), reader.height(), {}}, reader.orientation()};
  const std::size_t pixels = static_cast<std::size_t>(reader.width()) * static_cast<std::size_t>(reader.height());
  const std::uint64_t decoding = pixels * (reader.four_inks() ? 7 : 3) + reader.coefficient_bytes();
  const std::uint64_t turning = result.orientation > 1 ? pixels * 6 : 0;
  check_decoding_memory(name, std::max(decoding, turning), pixels, bytes.size());
  result.picture.pixels.resize(pixels * 3);
  if (!reader.four_inks()) {
    if (!reader.read_rows(result.picture.pixels.data(), result.picture.row_bytes())) refuse();
    return result;
  }
  std::vector<std::uint8_t> inks(pixels * 4);
  if (!reader.read_rows(inks.data(), static_cast<std::size_t>(reader.width()) * 4)) refuse();
  inks_to_rgb(result.picture.pixels.data(), inks.data(), pixels);
  return result;
}

std::vector<std::uint8_t> encode_jpeg(const Picture& picture, int quality) {
  require(picture.width > 0 && picture.height > 0 &&
              picture.pixels.size() == picture.row_bytes() * static_cast<std::size_t>(picture.height),
          "a picture to write has pixels");
  JpegWriter writer;
  if (!writer.write(picture, quality)) throw MachineError("cannot write a JPEG: " + writer.message());
  return writer.bytes();
}

}  // namespace posecu
