#include "models/pth_pickle.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cstring>
#include <map>
#include <optional>

#include "core/checked_size.h"
#include "core/error.h"
#include "models/pth_names.h"

namespace posecu {
namespace {

constexpr std::size_t kMaxBytes = std::size_t{8} << 20;
constexpr std::size_t kMaxValues = std::size_t{1} << 19;
constexpr std::size_t kMaxMemo = std::size_t{1} << 20;
constexpr std::uint32_t kNothing = 0xFFFFFFFFU;  // a memo entry that was never put

bool is_digits(std::string_view text) {
  return !text.empty() && text.size() <= 20 && std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
}

class Machine {
 public:
  explicit Machine(const PickleSource& source)
      : source_(source),
        bytes_(source.bytes.first(std::min(source.bytes.size(), source.begin + kMaxBytes))),
        at_(source.begin) {}

  Pickle run() {
    while (step()) {
    }
    if (stack_.size() != 1 || !marks_.empty()) refuse("STOP with more or less than one value on the stack");
    pickle_.root = stack_.front();
    pickle_.end = at_;
    return std::move(pickle_);
  }

 private:
  [[noreturn]] void refuse(std::string_view problem) const {
    const std::string record = source_.record.empty() ? "" : source_.record + ", ";
    throw InputError(source_.file, fmt::format("{}byte {}", record, opcode_at_), problem);
  }

  // -- bytes
  std::string_view take(std::uint64_t count) {
    if (count > bytes_.size() - at_) {
      refuse(bytes_.size() < source_.bytes.size()
                 ? fmt::format("the pickle has more than {} bytes", kMaxBytes)
                 : fmt::format("{} bytes are announced, the pickle ends after {}", count, bytes_.size() - at_));
    }
    const std::string_view taken(reinterpret_cast<const char*>(bytes_.data()) + at_, count);
    at_ += count;
    return taken;
  }
  template <class T>
  T number() {
    T value;
    std::memcpy(&value, take(sizeof(T)).data(), sizeof(T));
    return value;
  }
  std::string_view line() {
    const std::string_view rest(reinterpret_cast<const char*>(bytes_.data()) + at_, bytes_.size() - at_);
    const std::size_t length = std::min(rest.find('\n'), rest.size());
    const std::string_view text = take(std::min(length, std::size_t{256}));
    if (take(1) != "\n") refuse("a name of more than 256 bytes");
    return text;
  }

  // -- stack
  void push(std::uint32_t index) { stack_.push_back(index); }
  PickleValue& push_new(PickleKind kind) {
    if (pickle_.values.size() == kMaxValues) refuse(fmt::format("more than {} values", kMaxValues));
    push(static_cast<std::uint32_t>(pickle_.values.size()));
    PickleValue& value = pickle_.values.emplace_back();
    value.kind = kind;
    return value;
  }
  void push_integer(PickleKind kind, std::int64_t integer) { push_new(kind).integer = integer; }
  std::uint32_t pop() {
    if (stack_.size() == (marks_.empty() ? 0 : marks_.back())) refuse("takes a value from an empty stack");
    const std::uint32_t index = stack_.back();
    stack_.pop_back();
    return index;
  }
  PickleValue& value(std::uint32_t index) { return pickle_.values[index]; }
  PickleValue& top() {
    const std::uint32_t index = pop();
    push(index);
    return value(index);
  }
  std::vector<std::uint32_t> pop_to_mark() {
    if (marks_.empty()) refuse("there is no MARK");
    std::vector<std::uint32_t> items(stack_.begin() + marks_.back(), stack_.end());
    stack_.resize(marks_.back());
    marks_.pop_back();
    return items;
  }
  std::vector<std::uint32_t> pop_some(std::size_t count) {
    std::vector<std::uint32_t> items(count);
    for (std::size_t i = count; i-- > 0;) items[i] = pop();
    return items;
  }

  // One opcode; false after STOP.
  bool step() {
    opcode_at_ = at_;
    if (at_ == source_.bytes.size()) refuse("the pickle ends without STOP");
    const auto opcode = static_cast<unsigned char>(take(1).front());
    switch (opcode) {
      case '.':
        return false;
      case 0x80:  // PROTO
        if (const int protocol = number<std::uint8_t>(); protocol != 2)
          refuse(fmt::format("pickle protocol {}; PyTorch saves with protocol 2", protocol));
        break;
      case '(':  // MARK
        marks_.push_back(static_cast<std::uint32_t>(stack_.size()));
        break;
      case 'c':  // GLOBAL
        global();
        break;
      case 'R':  // REDUCE
        reduce();
        break;
      case 'b':  // BUILD
        build();
        break;
      case 'Q':  // BINPERSID
        persistent_id();
        break;
      default:
        if (!scalar(opcode) && !container(opcode) && !memo(opcode)) {
          refuse(fmt::format("opcode {} (0x{:02x}) is none of those that tensors need", opcode_name(opcode), opcode));
        }
    }
    return true;
  }

  bool scalar(unsigned char opcode) {
    switch (opcode) {
      case 'N':
        return push_new(PickleKind::none), true;
      case 0x88:
      case 0x89:  // NEWTRUE, NEWFALSE
        return push_integer(PickleKind::boolean, opcode == 0x88 ? 1 : 0), true;
      case 'J':  // BININT, BININT1, BININT2
        return push_integer(PickleKind::integer, number<std::int32_t>()), true;
      case 'K':
        return push_integer(PickleKind::integer, number<std::uint8_t>()), true;
      case 'M':
        return push_integer(PickleKind::integer, number<std::uint16_t>()), true;
      case 0x8A:  // LONG1
        return long_integer(take(number<std::uint8_t>())), true;
      case 'G':  // BINFLOAT, big-endian
        push_new(PickleKind::real).real = std::bit_cast<double>(__builtin_bswap64(number<std::uint64_t>()));
        return true;
      case 'X': {  // BINUNICODE
        const std::string_view text = take(number<std::uint32_t>());
        if (!is_utf8(text)) refuse("a text that is not UTF-8");
        push_new(PickleKind::text).text = text;
        return true;
      }
      default:
        return false;
    }
  }

  void long_integer(std::string_view bytes) {
    if (bytes.size() > 8) {
      push_new(PickleKind::big_integer).text = bytes;
      return;
    }
    std::int64_t integer = !bytes.empty() && (bytes.back() & 0x80) != 0 ? -1 : 0;
    if (!bytes.empty()) std::memcpy(&integer, bytes.data(), bytes.size());
    push_integer(PickleKind::integer, integer);
  }

  bool container(unsigned char opcode) {
    switch (opcode) {
      case '}':
        return push_new(PickleKind::dict), true;
      case ']':
        return push_new(PickleKind::list), true;
      case ')':
        return push_new(PickleKind::tuple), true;
      case 't':
        return push_tuple(pop_to_mark()), true;
      case 0x85:
      case 0x86:
      case 0x87:  // TUPLE1 to TUPLE3
        return push_tuple(pop_some(opcode - 0x84U)), true;
      case 'a':  // APPEND, APPENDS
        return append(pop_some(1)), true;
      case 'e':
        return append(pop_to_mark()), true;
      case 's':  // SETITEM, SETITEMS
        return set_items(pop_some(2)), true;
      case 'u':
        return set_items(pop_to_mark()), true;
      default:
        return false;
    }
  }

  void push_tuple(std::vector<std::uint32_t> items) { push_new(PickleKind::tuple).items = std::move(items); }

  void append(const std::vector<std::uint32_t>& items) {
    PickleValue& list = top();
    if (list.kind != PickleKind::list) refuse("appends to something that is no list");
    list.items.insert(list.items.end(), items.begin(), items.end());
  }

  void set_items(const std::vector<std::uint32_t>& items) {
    PickleValue& dict = top();
    if (dict.kind != PickleKind::dict && dict.kind != PickleKind::ordered_dict) {
      refuse("sets an item of something that is no dictionary");
    }
    if (items.size() % 2 != 0) refuse("a key without a value");
    for (std::size_t i = 0; i < items.size(); i += 2) {
      const PickleKind kind = value(items[i]).kind;
      if (kind != PickleKind::text && kind != PickleKind::integer) {
        refuse("a dictionary's key that is neither a text nor an integer");
      }
    }
    dict.items.insert(dict.items.end(), items.begin(), items.end());
  }

  bool memo(unsigned char opcode) {
    switch (opcode) {
      case 'q':  // BINPUT, LONG_BINPUT
        return put(number<std::uint8_t>()), true;
      case 'r':
        return put(number<std::uint32_t>()), true;
      case 'h':  // BINGET, LONG_BINGET
        return get(number<std::uint8_t>()), true;
      case 'j':
        return get(number<std::uint32_t>()), true;
      default:
        return false;
    }
  }

  void put(std::uint32_t slot) {
    if (slot >= kMaxMemo) refuse(fmt::format("memo entry {} of at most {}", slot, kMaxMemo));
    if (slot >= memo_.size()) memo_.resize(slot + std::size_t{1}, kNothing);
    top();
    memo_[slot] = stack_.back();
  }

  void get(std::uint32_t slot) {
    if (slot >= memo_.size() || memo_[slot] == kNothing) refuse(fmt::format("memo entry {} was never put", slot));
    push(memo_[slot]);
  }

  // -- names and what they do
  void global() {
    const std::string_view module = line(), name = line();
    const std::optional<std::size_t> index = pth_name_index(module, name);
    if (!index)
      refuse(fmt::format("the name {}.{} is none of those that tensors need", printable(module), printable(name)));
    push_integer(PickleKind::name, static_cast<std::int64_t>(*index));
  }

  const PthName& name_of(const PickleValue& value) const {
    return pth_names()[static_cast<std::size_t>(value.integer)];
  }

  void reduce() {
    const std::uint32_t arguments = pop(), callee = pop();
    if (value(callee).kind != PickleKind::name) refuse("REDUCE of something that is no name");
    if (value(arguments).kind != PickleKind::tuple) refuse("REDUCE with something that is no tuple");
    const std::vector<std::uint32_t> items = value(arguments).items;
    const PthName& name = name_of(value(callee));
    switch (name.meaning) {
      case PthMeaning::ordered_dict:
        if (!items.empty()) refuse("an OrderedDict with arguments");
        push_new(PickleKind::ordered_dict);
        return;
      case PthMeaning::counter:
        if (items.size() != 1 || value(items[0]).kind != PickleKind::dict)
          refuse("a Counter that is not made of a dictionary");
        push(items[0]);
        return;
      case PthMeaning::parameter:
        if (items.size() != 3 || value(items[0]).kind != PickleKind::tensor)
          refuse("a parameter that is not made of a tensor");
        push(items[0]);
        return;
      case PthMeaning::tensor:
        tensor(items);
        return;
      case PthMeaning::storage:
        refuse(fmt::format("a call of torch.{}", name.name));
    }
  }

  std::vector<std::int64_t> integers(std::uint32_t index, std::string_view what) {
    const PickleValue& tuple = value(index);
    if (tuple.kind != PickleKind::tuple || tuple.items.size() > kMaxAxes) {
      refuse(fmt::format("a tensor's {}: expected a tuple of at most {} integers", what, kMaxAxes));
    }
    std::vector<std::int64_t> result;
    for (const std::uint32_t item : tuple.items) {
      if (value(item).kind != PickleKind::integer) refuse(fmt::format("a tensor's {}: not an integer", what));
      result.push_back(value(item).integer);
    }
    return result;
  }

  // _rebuild_tensor_v2(storage, offset, shape, strides, requires_grad, hooks[, metadata])
  void tensor(const std::vector<std::uint32_t>& items) {
    if (items.size() != 6 && items.size() != 7) refuse("a tensor that is not made of six or seven values");
    const PickleValue &storage = value(items[0]), &offset = value(items[1]), &hooks = value(items[5]);
    if (storage.kind != PickleKind::storage) refuse("a tensor without a storage");
    if (offset.kind != PickleKind::integer || offset.integer < 0)
      refuse("a tensor's offset: not a non-negative integer");
    if (value(items[4]).kind != PickleKind::boolean) refuse("a tensor's requires_grad: not a boolean");
    if (hooks.kind != PickleKind::ordered_dict || !hooks.items.empty()) refuse("a tensor with hooks");
    if (items.size() == 7 && value(items[6]).kind != PickleKind::none) refuse("a tensor with metadata");

    PickleTensor tensor{static_cast<std::size_t>(storage.integer), static_cast<std::uint64_t>(offset.integer),
                        integers(items[2], "shape"), integers(items[3], "strides")};
    const std::uint64_t held = pickle_.storages[tensor.storage].elements;
    const auto extent = checked_extent(tensor.offset, tensor.shape, tensor.strides);
    if (!extent || *extent > held || tensor.offset > held) {
      refuse(fmt::format("a tensor of shape [{}], strides [{}], offset {} does not lie in its storage of {} elements",
                         fmt::join(tensor.shape, ","), fmt::join(tensor.strides, ","), tensor.offset, held));
    }
    push_integer(PickleKind::tensor, static_cast<std::int64_t>(pickle_.tensors.size()));
    pickle_.tensors.push_back(std::move(tensor));
  }

  // ("storage", its class, key, device, elements[, None])
  void persistent_id() {
    const PickleValue& id = value(pop());
    if (id.kind != PickleKind::tuple || id.items.size() < 5 || id.items.size() > 6) {
      refuse("a persistent id that is no tuple of five or six values");
    }
    const auto item = [&](std::size_t i) -> const PickleValue& { return value(id.items[i]); };
    if (item(0).kind != PickleKind::text || item(0).text != "storage") refuse("a persistent id that is no storage");
    if (item(1).kind != PickleKind::name || name_of(item(1)).meaning != PthMeaning::storage) {
      refuse("a storage whose class is none of torch's");
    }
    if (item(2).kind != PickleKind::text || !is_digits(item(2).text)) {
      refuse(fmt::format("a storage's key: expected decimal digits, found {}", printable(item(2).text)));
    }
    if (item(3).kind != PickleKind::text) refuse("a storage's device: not a text");
    if (item(4).kind != PickleKind::integer || item(4).integer < 0)
      refuse("a storage's size: not a non-negative integer");
    if (id.items.size() == 6 && item(5).kind != PickleKind::none) refuse("a storage that is a view of another one");
    push_storage({name_of(item(1)).type, item(2).text, static_cast<std::uint64_t>(item(4).integer)});
  }

  void push_storage(const PickleStorage& storage) {
    const auto [place, added] = storage_by_key_.emplace(storage.key, pickle_.storages.size());
    if (added) pickle_.storages.push_back(storage);
    const PickleStorage& known = pickle_.storages[place->second];
    if (known.type != storage.type || known.elements != storage.elements) {
      refuse(fmt::format("storage {} is described in two ways", storage.key));
    }
    push_integer(PickleKind::storage, static_cast<std::int64_t>(place->second));
  }

  void build() {
    const PickleValue& state = value(pop());
    const bool is_metadata = state.kind == PickleKind::dict && state.items.size() == 2 &&
                             value(state.items[0]).kind == PickleKind::text &&
                             value(state.items[0]).text == "_metadata";
    if (top().kind != PickleKind::ordered_dict || !is_metadata) {
      refuse("BUILD of something other than an OrderedDict's _metadata");
    }
  }

  const PickleSource& source_;
  std::span<const std::byte> bytes_;
  std::size_t at_, opcode_at_ = 0;
  Pickle pickle_;
  std::vector<std::uint32_t> stack_, marks_, memo_;
  std::map<std::string_view, std::size_t> storage_by_key_;
};

}  // namespace

Pickle read_pickle(const PickleSource& source) { return Machine(source).run(); }

}  // namespace posecu
