// Values of configuration keys: read from text, checked against the table, written as TOML.
#include <fmt/format.h>

#include <charconv>
#include <cmath>

#include "apps/config.h"
#include "core/error.h"

namespace posecu {
namespace {

[[noreturn]] void fail(const Key& key, std::string_view text, std::string_view origin) {
  throw UsageError(fmt::format("{}: {} = {}: expected {}", origin, key.name, text, describe_range(key)));
}

std::string_view trimmed(std::string_view text) {
  const std::size_t first = text.find_first_not_of(" \t");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

std::string_view unquoted(std::string_view text) {
  const bool quoted = text.size() >= 2 && (text.front() == '"' || text.front() == '\'') && text.front() == text.back();
  return quoted ? text.substr(1, text.size() - 2) : text;
}

template <class Number>
bool parse_number(std::string_view text, Number& number) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return error == std::errc() && end == text.data() + text.size() && !text.empty();
}

// "[a, "b, c", d]" -> a | b, c | d. A comma after the last element is allowed, as in TOML.
bool split_list(std::string_view text, std::vector<std::string_view>& elements) {
  if (text.size() < 2 || text.front() != '[' || text.back() != ']') return false;
  text = trimmed(text.substr(1, text.size() - 2));
  while (!text.empty()) {
    const bool quoted = text[0] == '"' || text[0] == '\'';
    const std::size_t last = quoted ? text.find(text[0], 1) : 0;
    if (last == std::string_view::npos) return false;
    const std::size_t end = std::min(text.find(',', last), text.size());
    const std::string_view element = trimmed(text.substr(0, end));
    if (element.empty()) return false;
    elements.push_back(unquoted(element));
    text = trimmed(text.substr(std::min(end + 1, text.size())));
  }
  return true;
}

template <class Element>
ConfigValue parse_list(const Key& key, std::string_view text, std::string_view origin) {
  std::vector<std::string_view> words;
  if (!split_list(text, words)) fail(key, text, origin);
  std::vector<Element> elements;
  for (const std::string_view word : words) {
    if constexpr (std::is_same_v<Element, std::string>) {
      elements.emplace_back(word);
    } else {
      Element number{};
      if (!parse_number(word, number)) fail(key, text, origin);
      elements.push_back(number);
    }
  }
  return elements;
}

ConfigValue parse_unchecked(const Key& key, std::string_view text, std::string_view origin) {
  switch (key.type) {
    case KeyType::boolean:
      if (text != "true" && text != "false") fail(key, text, origin);
      return text == "true";
    case KeyType::integer: {
      std::int64_t number = 0;
      if (!parse_number(text, number)) fail(key, text, origin);
      return number;
    }
    case KeyType::number: {
      double number = 0;
      if (!parse_number(text, number)) fail(key, text, origin);
      return number;
    }
    case KeyType::text:
      return std::string(unquoted(text));
    case KeyType::integers:
      return parse_list<std::int64_t>(key, text, origin);
    case KeyType::numbers:
      return parse_list<double>(key, text, origin);
    case KeyType::texts:
      return parse_list<std::string>(key, text, origin);
  }
  throw std::logic_error("key type");
}

bool is_choice(std::string_view choices, std::string_view text) {
  while (!choices.empty()) {
    const std::size_t bar = choices.find('|');
    if (choices.substr(0, bar) == text) return true;
    choices = bar == std::string_view::npos ? std::string_view() : choices.substr(bar + 1);
  }
  return false;
}

std::string format_number(double number) {
  std::string text = fmt::format("{}", number);
  if (text.find_first_of(".en") == std::string::npos) text += ".0";
  return text;
}

std::string format_text(std::string_view text) {
  std::string quoted = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\')
      quoted += {'\\', c};
    else if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f)
      quoted += fmt::format("\\u{:04X}", static_cast<unsigned>(c));
    else
      quoted += c;
  }
  return quoted + '"';
}

std::string format_element(std::int64_t number) { return fmt::format("{}", number); }
std::string format_element(double number) { return format_number(number); }
std::string format_element(const std::string& text) { return format_text(text); }

}  // namespace

ConfigValue parse_value(const Key& key, std::string_view text, std::string_view origin) {
  ConfigValue value = parse_unchecked(key, trimmed(text), origin);
  check_range(key, value, origin);
  return value;
}

void check_range(const Key& key, const ConfigValue& value, std::string_view origin) {
  const auto inside = [&](double number) { return number >= key.least && number <= key.most; };
  const bool good = std::visit(
      [&](const auto& v) {
        using T = std::decay_t<decltype(v)>;
        if constexpr (std::is_same_v<T, bool>) {
          return true;
        } else if constexpr (std::is_arithmetic_v<T>) {
          return inside(static_cast<double>(v));
        } else if constexpr (std::is_same_v<T, std::string>) {
          return key.choices.empty() || is_choice(key.choices, v);
        } else {
          bool all = v.size() >= key.min_length && v.size() <= key.max_length;
          if constexpr (!std::is_same_v<T, std::vector<std::string>>)
            for (const auto number : v) all = all && inside(static_cast<double>(number));
          return all;
        }
      },
      value);
  if (!good) fail(key, format_value(value), origin);
}

std::string format_value(const ConfigValue& value) {
  return std::visit(
      [](const auto& v) -> std::string {
        using T = std::decay_t<decltype(v)>;
        if constexpr (std::is_same_v<T, bool>) {
          return v ? "true" : "false";
        } else if constexpr (std::is_arithmetic_v<T> || std::is_same_v<T, std::string>) {
          return format_element(v);
        } else {
          std::string list = "[";
          for (const auto& element : v) list += (list.size() > 1 ? ", " : "") + format_element(element);
          return list + "]";
        }
      },
      value);
}

}  // namespace posecu
