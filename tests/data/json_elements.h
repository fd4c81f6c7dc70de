// What JsonText gives of a text that it reads in pieces of some size.
#pragma once

#include <string>
#include <string_view>

#include "data/json_text.h"

namespace posecu {

// The elements of all lists in an outermost object, or of an outermost list, as they stand in the text, each after its
// list's name and a zero byte; "refused" where the text is no JSON.
inline std::string json_elements(std::string_view text, std::size_t piece_bytes) try {
  JsonText reader(text_source(text), piece_bytes);
  std::string all, element;
  const auto read_list = [&](const std::string& name) {
    reader.for_each([&](auto value) { element = std::string(simdjson::to_json_string(value).value()); },
                    [&] { all.append(name).append(1, '\0').append(element).append(1, '\n'); });
  };
  if (reader.next() == '[') {
    read_list("");
  } else {
    reader.for_each_member([&](const std::string& name) {
      if (reader.next() == '[')
        read_list(name);
      else
        reader.skip();
    });
  }
  if (reader.next() != '\0') return "refused";
  return all;
} catch (const JsonError&) {
  return "refused";
}

}  // namespace posecu
