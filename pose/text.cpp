#include "pose/text.h"

#include <algorithm>
#include <array>
#include <cctype>

namespace posecu {
namespace {

constexpr int kColumns = 5, kRows = 7;

// Rows from the top, five bits each, the highest on the left.
struct Letter {
  char sign;
  std::array<std::uint8_t, kRows> rows;
};
constexpr auto kLetters = std::to_array<Letter>({
    {'a', {0, 0, 14, 1, 15, 17, 15}},   {'b', {16, 16, 30, 17, 17, 17, 30}}, {'c', {0, 0, 14, 16, 16, 16, 14}},
    {'d', {1, 1, 15, 17, 17, 17, 15}},  {'e', {0, 0, 14, 17, 31, 16, 14}},   {'f', {6, 8, 28, 8, 8, 8, 8}},
    {'g', {0, 15, 17, 17, 15, 1, 14}},  {'h', {16, 16, 30, 17, 17, 17, 17}}, {'i', {4, 0, 12, 4, 4, 4, 14}},
    {'j', {2, 0, 6, 2, 2, 18, 12}},     {'k', {16, 16, 18, 20, 24, 20, 18}}, {'l', {12, 4, 4, 4, 4, 4, 14}},
    {'m', {0, 0, 26, 21, 21, 21, 21}},  {'n', {0, 0, 30, 17, 17, 17, 17}},   {'o', {0, 0, 14, 17, 17, 17, 14}},
    {'p', {0, 30, 17, 17, 30, 16, 16}}, {'q', {0, 15, 17, 17, 15, 1, 1}},    {'r', {0, 0, 22, 24, 16, 16, 16}},
    {'s', {0, 0, 15, 16, 14, 1, 30}},   {'t', {8, 8, 28, 8, 8, 8, 6}},       {'u', {0, 0, 17, 17, 17, 17, 15}},
    {'v', {0, 0, 17, 17, 17, 10, 4}},   {'w', {0, 0, 17, 21, 21, 21, 10}},   {'x', {0, 0, 17, 10, 4, 10, 17}},
    {'y', {0, 17, 17, 17, 15, 1, 14}},  {'z', {0, 0, 31, 2, 4, 8, 31}},      {'0', {14, 17, 19, 21, 25, 17, 14}},
    {'1', {4, 12, 4, 4, 4, 4, 14}},     {'2', {14, 17, 1, 2, 4, 8, 31}},     {'3', {14, 17, 1, 6, 1, 17, 14}},
    {'4', {2, 6, 10, 18, 31, 2, 2}},    {'5', {31, 16, 30, 1, 1, 17, 14}},   {'6', {14, 16, 16, 30, 17, 17, 14}},
    {'7', {31, 1, 2, 4, 4, 4, 4}},      {'8', {14, 17, 17, 14, 17, 17, 14}}, {'9', {14, 17, 17, 15, 1, 1, 14}},
    {' ', {0, 0, 0, 0, 0, 0, 0}},       {'_', {0, 0, 0, 0, 0, 0, 31}},       {'-', {0, 0, 0, 31, 0, 0, 0}},
    {'.', {0, 0, 0, 0, 0, 12, 12}},     {',', {0, 0, 0, 0, 12, 12, 8}},      {':', {0, 12, 12, 0, 12, 12, 0}},
    {'/', {1, 1, 2, 4, 8, 16, 16}},     {'%', {25, 25, 2, 4, 8, 19, 19}},
});
constexpr std::array<std::uint8_t, kRows> kUnknown{31, 17, 17, 17, 17, 17, 31};

const std::array<std::uint8_t, kRows>& rows_of(char sign) {
  const char small = static_cast<char>(std::tolower(static_cast<unsigned char>(sign)));
  const auto* const letter = std::ranges::find(kLetters, small, &Letter::sign);
  return letter == kLetters.end() ? kUnknown : letter->rows;
}

void set_pixel(Picture& picture, int x, int y, Skeleton::Colour colour) {
  if (x < 0 || y < 0 || x >= picture.width || y >= picture.height) return;
  std::ranges::copy(colour, picture.row(y) + Picture::channels * x);
}

void draw_letters(Picture& picture, int x, int y, std::string_view text, Skeleton::Colour colour) {
  for (const char sign : text) {
    const auto& rows = rows_of(sign);
    for (int row = 0; row < kRows; ++row)
      for (int column = 0; column < kColumns; ++column)
        if ((rows[static_cast<std::size_t>(row)] >> (kColumns - 1 - column) & 1) != 0)
          set_pixel(picture, x + column, y + row, colour);
    x += kLetterWidth;
  }
}

}  // namespace

void draw_text(Picture& picture, int x, int y, std::string_view text, Skeleton::Colour colour) {
  constexpr Skeleton::Colour kDark{0, 0, 0};
  for (int dy = -1; dy <= 1; ++dy)
    for (int dx = -1; dx <= 1; ++dx) draw_letters(picture, x + dx, y + dy, text, kDark);
  draw_letters(picture, x, y, text, colour);
}

}  // namespace posecu
