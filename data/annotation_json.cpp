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
#include "data/json_fields.h"
#include "data/json_text.h"

namespace posecu {
namespace {

namespace json = simdjson::ondemand;

void parse_category(json::object object, JsonCategory& category) {
  static constexpr auto kNames = std::to_array<std::string_view>({"id", "name", "keypoints"});
  Fields fields(kNames);
  fields.read(object, [&](int which, std::string_view key, json::value& value) {
    if (which == 0) category.id = read_integer(key, value);
    if (which == 1) category.name = read_text(key, value);
    if (which == 2) {
      json::array names = read_list(key, value);
      category.keypoints = names.count_elements();
    }
  });
  fields.require_first(1);
}

void parse_picture(json::object object, JsonPicture& picture) {
  static constexpr auto kNames = std::to_array<std::string_view>({"id", "file_name", "width", "height", "crowdIndex"});
  Fields fields(kNames);
  fields.read(object, [&](int which, std::string_view key, json::value& value) {
    if (which == 0) picture.id = read_integer(key, value);
    if (which == 1) picture.file_name = read_text(key, value);
    if (which == 2) picture.width = read_small_integer(key, value);
    if (which == 3) picture.height = read_small_integer(key, value);
    if (which == 4) picture.crowd_index = read_number(key, value);
  });
  fields.require_first(4);
}

std::array<double, 4> parse_box(std::string_view field, json::value& value) {
  std::array<double, 4> box{};
  std::size_t n = 0;
  for (json::value element : read_list(field, value)) {
    const double next = read_coordinate(field, element);
    if (n < box.size()) box[n] = next;
    ++n;
  }
  if (n != box.size()) throw FieldError(field, fmt::format("expected 4 numbers, found {}", n));
  if (box[2] < 0 || box[3] < 0) throw FieldError(field, "width and height must not be negative");
  return box;
}

double parse_area(std::string_view field, json::value& value) {
  const double area = read_number(field, value);
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
  fields.read(object, [&](int which, std::string_view key, json::value& value) {
    if (which == 0) person.id = read_integer(key, value);
    if (which == 1) person.picture_id = read_integer(key, value);
    if (which == 2) person.keypoints = read_coordinates(key, value);
    if (which == 3) person.category_id = read_integer(key, value);
    if (which == 4) person.iscrowd = read_flag(key, value);
    if (which == 5) person.bbox = parse_box(key, value);
    if (which == 6) person.area = parse_area(key, value);
    if (which == 7) person.num_keypoints = read_small_integer(key, value);
    if (which == 8) segmentation = raw_text(key, value);
  });
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
  std::list<Element> parse_list(std::string_view name, std::string_view what, JsonText& text,
                                void (*parse_element)(json::object, Element&)) {
    if (text.next() != '[')
      throw InputError(path_, name, fmt::format("expected a list, found {}", text.describe_next()));
    std::list<Element> elements, next;  // the one that is being read
    std::size_t index = 0;
    std::optional<Fault> fault;
    const auto read = [&](json::value value) {
      next.clear();
      fault.reset();
      json::object object;
      if (value.get_object().get(object) != simdjson::SUCCESS) {
        fault = Fault{fmt::format("{}[{}]", name, index), std::string(what),
                      fmt::format("expected an object, found {}", describe_found(value))};
        return;
      }
      try {
        parse_element(object, next.emplace_back());
      } catch (const FieldError& error) {
        fault = Fault{name_element(object, what, name, index), error.field, error.what()};
      }
    };
    text.for_each(read, [&] {
      ++index;
      if (fault)
        report(std::move(*fault));
      else
        elements.splice(elements.end(), next);
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
  fields.read(object, [&](int which, std::string_view key, json::value& value) {
    if (which == 0 && value.type() == json::json_type::string)
      runs.counts = parse_compressed_counts(read_text(key, value));
    if (which == 0 && value.type() == json::json_type::array)
      for (const double count : read_numbers(key, value)) {
        if (!(count >= 0 && count <= UINT32_MAX && count == std::floor(count)))
          throw FieldError(key, fmt::format("{} is no run length", count));
        runs.counts.push_back(static_cast<std::uint32_t>(count));
      }
    if (which == 1) {
      const std::vector<double> size = read_numbers(key, value);
      if (size.size() != 2) throw FieldError(key, "expected [height, width]");
      runs.height = static_cast<int>(std::clamp(size[0], -1.0, 1e6));
      runs.width = static_cast<int>(std::clamp(size[1], -1.0, 1e6));
    }
  });
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
    segmentation.polygons.push_back(read_numbers("polygon", polygon));
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
