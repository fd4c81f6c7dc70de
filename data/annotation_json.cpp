#include "data/annotation_json.h"

#include <fmt/format.h>
#include <simdjson.h>

#include <array>
#include <cmath>
#include <new>
#include <span>
#include <stdexcept>
#include <utility>

#include "core/error.h"
#include "data/json_text.h"

namespace posecu {
namespace {

namespace json = simdjson::ondemand;

constexpr double kFarthest = 1e6;

// What is wrong with a field; whoever knows the annotation and the file adds them.
struct FieldError : std::runtime_error {
  FieldError(std::string_view name, std::string_view problem)
      : std::runtime_error(fmt::format("{}: {}", name, problem)), field(name) {}
  std::string field;
};

// Which fields of an object were met: required ones must be there, none twice.
class Fields {
 public:
  explicit Fields(std::span<const std::string_view> names) : names_(names) {}  // must outlive this

  // The position of `name` among the names, or -1; an error when it comes a second time.
  int meet(std::string_view name) {
    for (std::size_t i = 0; i < names_.size(); ++i) {
      if (names_[i] != name) continue;
      if ((met_ >> i & 1u) != 0) throw FieldError(name, "is there twice");
      met_ |= 1u << i;
      return static_cast<int>(i);
    }
    return -1;
  }

  void require_first(std::size_t n) const {
    for (std::size_t i = 0; i < n; ++i)
      if ((met_ >> i & 1u) == 0) throw FieldError(names_[i], "is missing");
  }

 private:
  std::span<const std::string_view> names_;
  unsigned met_ = 0;
};

std::string found(json::value& value) { return describe_json(value.raw_json_token()); }

std::int64_t integer(std::string_view field, json::value& value) {
  std::int64_t result = 0;
  if (value.get_int64().get(result) != simdjson::SUCCESS) {
    double real = 0;  // 18.0 is met in the wild
    if (value.get_double().get(real) != simdjson::SUCCESS || real != std::floor(real) || std::abs(real) > 1e15)
      throw FieldError(field, fmt::format("expected an integer, found {}", found(value)));
    result = static_cast<std::int64_t>(real);
  }
  return result;
}

int small_integer(std::string_view field, json::value& value) {
  const std::int64_t result = integer(field, value);
  if (std::abs(result) > 1'000'000) throw FieldError(field, fmt::format("{} is out of range", result));
  return static_cast<int>(result);
}

// A JSON number of a few digits and nothing else, which most keypoints are; -1 for any other token.
int few_digits(std::string_view token) {
  if (token.empty() || token.size() > 6 || (token[0] == '0' && token.size() > 1)) return -1;
  int result = 0;
  for (const char c : token) {
    const int digit = c - '0';
    if (digit < 0 || digit > 9) return -1;
    result = 10 * result + digit;
  }
  return result;
}

[[gnu::noinline]] double any_number(std::string_view field, json::value& value) {
  double result = 0;
  if (value.get_double().get(result) != simdjson::SUCCESS)
    throw FieldError(field, fmt::format("expected a number, found {}", found(value)));
  if (!std::isfinite(result)) throw FieldError(field, "expected a finite number");
  return result;
}

[[gnu::always_inline]] inline double number(std::string_view field, json::value& value) {
  const int digits = few_digits(value.raw_json_token());
  return digits >= 0 ? digits : any_number(field, value);
}

// In pixels: far outside of every picture, arithmetic in float would lose its meaning.
[[gnu::always_inline]] inline double coordinate(std::string_view field, json::value& value) {
  const double result = number(field, value);
  if (std::abs(result) > kFarthest) throw FieldError(field, fmt::format("{} is outside of every picture", result));
  return result;
}

json::array list(std::string_view field, json::value& value) {
  json::array result;
  if (value.get_array().get(result) != simdjson::SUCCESS)
    throw FieldError(field, fmt::format("expected a list, found {}", found(value)));
  return result;
}

std::size_t count(json::array array) { return array.count_elements(); }

// Most lists are short: one allocation of the right size serves them. `read` is number or coordinate.
template <auto read = number>
std::vector<double> numbers(std::string_view field, json::value& value) {
  std::array<double, 128> first;
  std::vector<double> result;
  std::size_t n = 0;
  for (json::value element : list(field, value)) {
    const double next = read(field, element);
    if (n < first.size()) {
      first[n] = next;
    } else {
      if (n == first.size()) result.assign(first.begin(), first.end());
      result.push_back(next);
    }
    ++n;
  }
  if (n <= first.size()) result.assign(first.begin(), first.begin() + static_cast<std::ptrdiff_t>(n));
  return result;
}

std::string text(std::string_view field, json::value& value) {
  std::string_view result;
  if (value.get_string().get(result) != simdjson::SUCCESS)
    throw FieldError(field, fmt::format("expected a text, found {}", found(value)));
  return std::string(result);
}

bool flag(std::string_view field, json::value& value) {
  bool result = false;
  if (value.get_bool().get(result) == simdjson::SUCCESS) return result;
  const std::int64_t stated = integer(field, value);
  if (stated != 0 && stated != 1) throw FieldError(field, fmt::format("expected 0 or 1, found {}", stated));
  return stated == 1;
}

void parse_category(json::object object, JsonCategory& category) {
  static constexpr auto kNames = std::to_array<std::string_view>({"id", "name", "keypoints"});
  Fields fields(kNames);
  for (auto field : object) {
    const std::string_view key = field.unescaped_key();
    json::value value = field.value();
    const int which = fields.meet(key);
    if (which == 0) category.id = integer(key, value);
    if (which == 1) category.name = text(key, value);
    if (which == 2) category.keypoints = count(list(key, value));
  }
  fields.require_first(1);
}

void parse_picture(json::object object, JsonPicture& picture) {
  static constexpr auto kNames = std::to_array<std::string_view>({"id", "file_name", "width", "height", "crowdIndex"});
  Fields fields(kNames);
  for (auto field : object) {
    const std::string_view key = field.unescaped_key();
    json::value value = field.value();
    const int which = fields.meet(key);
    if (which == 0) picture.id = integer(key, value);
    if (which == 1) picture.file_name = text(key, value);
    if (which == 2) picture.width = small_integer(key, value);
    if (which == 3) picture.height = small_integer(key, value);
    if (which == 4) picture.crowd_index = number(key, value);
  }
  fields.require_first(4);
}

std::array<double, 4> parse_box(std::string_view field, json::value& value) {
  std::array<double, 4> box{};
  std::size_t n = 0;
  for (json::value element : list(field, value)) {
    const double next = coordinate(field, element);
    if (n < box.size()) box[n] = next;
    ++n;
  }
  if (n != box.size()) throw FieldError(field, fmt::format("expected 4 numbers, found {}", n));
  if (box[2] < 0 || box[3] < 0) throw FieldError(field, "width and height must not be negative");
  return box;
}

double parse_area(std::string_view field, json::value& value) {
  const double area = number(field, value);
  if (area < 0) throw FieldError(field, fmt::format("{} is negative", area));
  return area;
}

// The JSON text of a list or an object, unparsed.
std::string_view raw_text(std::string_view field, json::value& value) {
  switch (value.type()) {
    case json::json_type::array:
      return value.get_array().value().raw_json();
    case json::json_type::object:
      return value.get_object().value().raw_json();
    case json::json_type::null:
      return {};
    default:
      throw FieldError(field, "expected a list of polygons or an object with counts and size");
  }
}

void parse_person(json::object object, JsonPerson& person) {
  static constexpr auto kNames = std::to_array<std::string_view>(
      {"id", "image_id", "keypoints", "category_id", "iscrowd", "bbox", "area", "num_keypoints", "segmentation"});
  Fields fields(kNames);
  std::string_view segmentation;
  for (auto field : object) {
    const std::string_view key = field.unescaped_key();
    json::value value = field.value();
    const int which = fields.meet(key);
    if (which == 0) person.id = integer(key, value);
    if (which == 1) person.picture_id = integer(key, value);
    if (which == 2) person.keypoints = numbers<coordinate>(key, value);
    if (which == 3) person.category_id = integer(key, value);
    if (which == 4) person.iscrowd = flag(key, value);
    if (which == 5) person.bbox = parse_box(key, value);
    if (which == 6) person.area = parse_area(key, value);
    if (which == 7) person.num_keypoints = small_integer(key, value);
    if (which == 8) segmentation = raw_text(key, value);
  }
  fields.require_first(3);
  if (person.iscrowd || person.num_keypoints == 0 || count_labelled(person.keypoints) == 0)
    person.segmentation = segmentation;
}

// How a message calls an element of a list: by its id if it can be read, else by its place.
std::string name_element(json::object object, std::string_view what, std::string_view list, std::size_t index) {
  std::int64_t id = 0;
  if (object.reset().error() == simdjson::SUCCESS &&
      object.find_field_unordered("id").get_int64().get(id) == simdjson::SUCCESS)
    return fmt::format("{} {}", what, id);
  return fmt::format("{}[{}]", list, index);
}

// Reads the lists of a file, entry by entry.
class Parser {
 public:
  Parser(const std::string& path, Faults faults) : path_(path), faults_(faults) {}

  JsonAnnotations parse(JsonText& text) {
    static constexpr auto kNames = std::to_array<std::string_view>({"images", "annotations", "categories"});
    Fields fields(kNames);
    if (text.next() == '\0')
      throw InputError(path_, "", "the file is empty, expected an object with images and annotations");
    if (text.next() == '[')
      throw InputError(path_, "", "expected an object with images and annotations, found a list, as results files are");
    text.for_each_member([&](const std::string& key) {
      switch (fields.meet(key)) {
        case 0:
          result_.pictures = parse_list(key, "picture", text, parse_picture);
          break;
        case 1:
          result_.people = parse_list(key, "annotation", text, parse_person);
          result_.labelled = true;
          break;
        case 2:
          result_.categories = parse_list(key, "category", text, parse_category);
          break;
        default:
          text.skip();
      }
    });
    fields.require_first(1);
    if (text.next() != '\0') throw FieldError("the end of the file", "something follows the annotations");
    return std::move(result_);
  }

 private:
  template <class Element>
  std::vector<Element> parse_list(std::string_view name, std::string_view what, JsonText& text,
                                  void (*parse_element)(json::object, Element&)) {
    if (text.next() != '[')
      throw InputError(path_, name, fmt::format("expected a list, found {}", text.describe_next()));
    std::vector<Element> elements;
    std::size_t index = 0;
    Element next;
    std::optional<Fault> fault;
    const auto read = [&](json::value value) {
      next = {};
      fault.reset();
      json::object object;
      if (value.get_object().get(object) != simdjson::SUCCESS) {
        fault = Fault{fmt::format("{}[{}]", name, index), std::string(what),
                      fmt::format("expected an object, found {}", found(value))};
        return;
      }
      try {
        parse_element(object, next);
      } catch (const FieldError& error) {
        fault = Fault{name_element(object, what, name, index), error.field, error.what()};
      }
    };
    text.for_each(read, [&] {
      ++index;
      if (fault)
        report(std::move(*fault));
      else
        elements.push_back(std::move(next));
    });
    return elements;
  }

  void report(Fault fault) {
    if (faults_ == Faults::refuse) throw InputError(path_, fault.place, fault.problem);
    result_.faults.add(std::move(fault));
  }

  const std::string& path_;
  Faults faults_;
  JsonAnnotations result_;
};

RunLengths parse_runs(json::object object) {
  RunLengths runs;
  static constexpr auto kNames = std::to_array<std::string_view>({"counts", "size"});
  Fields fields(kNames);
  for (auto field : object) {
    const std::string_view key = field.unescaped_key();
    json::value value = field.value();
    const int which = fields.meet(key);
    if (which == 0 && value.type() == json::json_type::string) runs.counts = parse_compressed_counts(text(key, value));
    if (which == 0 && value.type() == json::json_type::array)
      for (const double count : numbers(key, value)) {
        if (!(count >= 0 && count <= UINT32_MAX && count == std::floor(count)))
          throw FieldError(key, fmt::format("{} is no run length", count));
        runs.counts.push_back(static_cast<std::uint32_t>(count));
      }
    if (which == 1) {
      const std::vector<double> size = numbers(key, value);
      if (size.size() != 2) throw FieldError(key, "expected [height, width]");
      runs.height = static_cast<int>(std::clamp(size[0], -1.0, 1e6));
      runs.width = static_cast<int>(std::clamp(size[1], -1.0, 1e6));
    }
  }
  fields.require_first(2);
  check_runs(runs);
  return runs;
}

Segmentation parse_regions(json::document& document) {
  Segmentation segmentation;
  if (document.type() == json::json_type::object) {
    segmentation.runs = parse_runs(document.get_object());
    return segmentation;
  }
  for (json::value polygon : document.get_array()) {
    segmentation.polygons.push_back(numbers("polygon", polygon));
    check_polygon(segmentation.polygons.back());
  }
  return segmentation;
}

}  // namespace

int count_labelled(const std::vector<double>& keypoints) {
  int labelled = 0;
  for (std::size_t i = 2; i < keypoints.size(); i += 3) labelled += keypoints[i] > 0;
  return labelled;
}

JsonAnnotations parse_annotation_json(TextSource source, const std::string& path, Faults faults) try {
  JsonText text(std::move(source));
  return Parser(path, faults).parse(text);
} catch (const JsonError& error) {
  throw InputError(path, error.place, error.what());
} catch (const FieldError& error) {
  throw InputError(path, "", error.what());
}

Segmentation parse_segmentation(std::string_view text) {
  if (text.empty()) return {};
  try {
    check_memory_for_texts(text.size());
    json::parser parser;
    const simdjson::padded_string padded(text);
    json::document document = parser.iterate(padded);
    return parse_regions(document);
  } catch (const std::bad_alloc&) {
    throw;
  } catch (const simdjson::simdjson_error& error) {
    if (error.error() == simdjson::MEMALLOC) throw std::bad_alloc();
    throw std::invalid_argument(fmt::format("segmentation: {}", error.what()));
  } catch (const std::exception& error) {  // of a field, or of a check of data/mask.h
    throw std::invalid_argument(fmt::format("segmentation: {}", error.what()));
  }
}

}  // namespace posecu
