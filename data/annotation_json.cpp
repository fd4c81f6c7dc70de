#include "data/annotation_json.h"

#include <fmt/format.h>
#include <simdjson.h>

#include <cmath>
#include <stdexcept>
#include <utility>

#include "core/error.h"

namespace posecu {
namespace {

namespace json = simdjson::ondemand;

constexpr double kFarthest = 1e6;

// What is wrong with a field; whoever knows the annotation and the file adds them.
struct FieldError : std::runtime_error {
  FieldError(std::string_view field, std::string_view problem)
      : std::runtime_error(fmt::format("{}: {}", field, problem)) {}
};

// Which fields of an object were met: required ones must be there, none twice.
class Fields {
 public:
  explicit Fields(std::initializer_list<std::string_view> names) : names_(names) {}

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
  std::vector<std::string_view> names_;
  unsigned met_ = 0;
};

std::int64_t integer(std::string_view field, json::value value) {
  std::int64_t result = 0;
  if (value.get_int64().get(result) != simdjson::SUCCESS) {
    double real = 0;  // 18.0 is met in the wild
    if (value.get_double().get(real) != simdjson::SUCCESS || real != std::floor(real) || std::abs(real) > 1e15)
      throw FieldError(field, "expected an integer");
    result = static_cast<std::int64_t>(real);
  }
  return result;
}

int small_integer(std::string_view field, json::value value) {
  const std::int64_t result = integer(field, value);
  if (std::abs(result) > 1'000'000) throw FieldError(field, fmt::format("{} is out of range", result));
  return static_cast<int>(result);
}

double number(std::string_view field, json::value value) {
  double result = 0;
  if (value.get_double().get(result) != simdjson::SUCCESS) throw FieldError(field, "expected a number");
  if (!std::isfinite(result)) throw FieldError(field, "expected a finite number");
  return result;
}

json::array list(std::string_view field, json::value value) {
  json::array result;
  if (value.get_array().get(result) != simdjson::SUCCESS) throw FieldError(field, "expected a list");
  return result;
}

std::size_t count(json::array array) { return array.count_elements(); }

std::vector<double> numbers(std::string_view field, json::value value) {
  std::vector<double> result;
  for (json::value element : list(field, value)) result.push_back(number(field, element));
  return result;
}

std::string text(std::string_view field, json::value value) {
  std::string_view result;
  if (value.get_string().get(result) != simdjson::SUCCESS) throw FieldError(field, "expected a text");
  return std::string(result);
}

bool flag(std::string_view field, json::value value) {
  bool result = false;
  if (value.get_bool().get(result) == simdjson::SUCCESS) return result;
  const std::int64_t stated = integer(field, value);
  if (stated != 0 && stated != 1) throw FieldError(field, fmt::format("expected 0 or 1, found {}", stated));
  return stated == 1;
}

JsonCategory parse_category(json::object object) {
  JsonCategory category;
  Fields fields{"id", "name", "keypoints"};
  for (auto field : object) {
    const std::string_view key = field.unescaped_key();
    json::value value = field.value();
    switch (fields.meet(key)) {
      case 0:
        category.id = integer(key, value);
        break;
      case 1:
        category.name = text(key, value);
        break;
      case 2:
        category.keypoints = count(list(key, value));
        break;
      default:
        break;
    }
  }
  fields.require_first(1);
  return category;
}

JsonPicture parse_picture(json::object object) {
  JsonPicture picture;
  Fields fields{"id", "file_name", "width", "height", "crowdIndex"};
  for (auto field : object) {
    const std::string_view key = field.unescaped_key();
    json::value value = field.value();
    switch (fields.meet(key)) {
      case 0:
        picture.id = integer(key, value);
        break;
      case 1:
        picture.file_name = text(key, value);
        break;
      case 2:
        picture.width = small_integer(key, value);
        break;
      case 3:
        picture.height = small_integer(key, value);
        break;
      case 4:
        picture.crowd_index = number(key, value);
        break;
      default:
        break;
    }
  }
  fields.require_first(4);
  return picture;
}

// Coordinates in pixels: far outside of every picture, arithmetic in float would lose its meaning.
std::vector<double> coordinates(std::string_view field, json::value value) {
  std::vector<double> result = numbers(field, value);
  for (const double number : result)
    if (std::abs(number) > kFarthest) throw FieldError(field, fmt::format("{} is outside of every picture", number));
  return result;
}

std::array<double, 4> parse_box(std::string_view field, json::value value) {
  const std::vector<double> box = coordinates(field, value);
  if (box.size() != 4) throw FieldError(field, fmt::format("expected 4 numbers, found {}", box.size()));
  if (box[2] < 0 || box[3] < 0) throw FieldError(field, "width and height must not be negative");
  return {box[0], box[1], box[2], box[3]};
}

double parse_area(std::string_view field, json::value value) {
  const double area = number(field, value);
  if (area < 0) throw FieldError(field, fmt::format("{} is negative", area));
  return area;
}

// The JSON text of a list or an object, unparsed.
std::string_view raw_text(std::string_view field, json::value value) {
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

JsonPerson parse_person(json::object object) {
  JsonPerson person;
  Fields fields{"id",   "image_id", "keypoints",     "category_id", "iscrowd",
                "bbox", "area",     "num_keypoints", "segmentation"};
  for (auto field : object) {
    const std::string_view key = field.unescaped_key();
    json::value value = field.value();
    switch (fields.meet(key)) {
      case 0:
        person.id = integer(key, value);
        break;
      case 1:
        person.picture_id = integer(key, value);
        break;
      case 2:
        person.keypoints = coordinates(key, value);
        break;
      case 3:
        person.category_id = integer(key, value);
        break;
      case 4:
        person.iscrowd = flag(key, value);
        break;
      case 5:
        person.bbox = parse_box(key, value);
        break;
      case 6:
        person.area = parse_area(key, value);
        break;
      case 7:
        person.num_keypoints = small_integer(key, value);
        break;
      case 8:
        person.segmentation = raw_text(key, value);
        break;
      default:
        break;
    }
  }
  fields.require_first(3);
  return person;
}

// How a message calls an element of a list: by its id if it can be read, else by its place.
std::string name_element(json::object object, std::string_view what, std::string_view list, std::size_t index) {
  std::int64_t id = 0;
  if (object.reset().error() == simdjson::SUCCESS &&
      object.find_field_unordered("id").get_int64().get(id) == simdjson::SUCCESS)
    return fmt::format("{} {}", what, id);
  return fmt::format("{}[{}]", list, index);
}

template <class Element>
std::vector<Element> parse_list(const std::string& path, std::string_view name, std::string_view what,
                                json::value value, Element (*parse)(json::object)) {
  std::vector<Element> elements;
  json::array array;
  if (value.get_array().get(array) != simdjson::SUCCESS) throw InputError(path, name, "expected a list");
  for (json::value element : array) {
    json::object object;
    if (element.get_object().get(object) != simdjson::SUCCESS)
      throw InputError(path, fmt::format("{}[{}]", name, elements.size()), "expected an object");
    try {
      elements.push_back(parse(object));
    } catch (const FieldError& error) {
      throw InputError(path, name_element(object, what, name, elements.size()), error.what());
    }
  }
  return elements;
}

JsonAnnotations parse_file(const std::string& path, json::document& document) {
  JsonAnnotations result;
  Fields fields{"images", "annotations", "categories"};
  for (auto field : document.get_object()) {
    const std::string_view key = field.unescaped_key();
    json::value value = field.value();
    switch (fields.meet(key)) {
      case 0:
        result.pictures = parse_list(path, key, "picture", value, parse_picture);
        break;
      case 1:
        result.people = parse_list(path, key, "annotation", value, parse_person);
        result.labelled = true;
        break;
      case 2:
        result.categories = parse_list(path, key, "category", value, parse_category);
        break;
      default:
        break;
    }
  }
  fields.require_first(1);
  const char* rest = nullptr;
  if (document.current_location().get(rest) == simdjson::SUCCESS)
    throw FieldError("the end of the file", "something follows the annotations");
  return result;
}

RunLengths parse_runs(json::object object) {
  RunLengths runs;
  Fields fields{"counts", "size"};
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

JsonFile::JsonFile(std::string text, std::string path) : path_(std::move(path)), text_(std::move(text)) {
  text_.reserve(text_.size() + simdjson::SIMDJSON_PADDING);
}

JsonAnnotations JsonFile::parse() const {
  json::parser parser;
  json::document document;
  const simdjson::error_code bad =
      parser.iterate(simdjson::padded_string_view(text_.data(), text_.size(), text_.capacity())).get(document);
  if (bad != simdjson::SUCCESS)
    throw InputError(path_, "", fmt::format("not valid JSON: {}", simdjson::error_message(bad)));
  try {
    return parse_file(path_, document);
  } catch (const simdjson::simdjson_error& error) {
    const char* at = nullptr;
    const bool known = document.current_location().get(at) == simdjson::SUCCESS;
    throw InputError(path_, known ? fmt::format("byte {}", at - text_.data()) : "the end of the file",
                     fmt::format("not valid JSON: {}", error.what()));
  } catch (const FieldError& error) {
    throw InputError(path_, "", error.what());
  }
}

Segmentation parse_segmentation(const std::string& path, const JsonPerson& person) {
  if (person.segmentation.empty()) return {};
  const auto refuse = [&](std::string_view problem) {
    throw InputError(path, fmt::format("annotation {}", person.id), fmt::format("segmentation: {}", problem));
  };
  try {
    json::parser parser;
    const std::string_view text = person.segmentation;  // the file's own padding, or more JSON, lies behind it
    json::document document = parser.iterate(
        simdjson::padded_string_view(text.data(), text.size(), text.size() + simdjson::SIMDJSON_PADDING));
    return parse_regions(document);
  } catch (const simdjson::simdjson_error& error) {
    refuse(error.what());
  } catch (const std::exception& error) {
    refuse(error.what());
  }
  return {};
}

}  // namespace posecu
