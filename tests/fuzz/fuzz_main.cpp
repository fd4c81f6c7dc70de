// Runs a fuzz target (fuzz_target.h) on seeds and on mutations of them. Options and behaviour are libFuzzer's:
//
//   NAME_fuzz [-runs=N] [-max_total_time=S] [-seed=N] [-max_len=BYTES] [-timeout=S] [-rss_limit_mb=MB]
//             [-artifact_prefix=FOLDER/] SEED...
//
// Each SEED is a file or a folder of files. The seeds are run as they are, then mutations: N of them, or as many as S
// seconds allow. An input that is a finding is written to FOLDER/crash-SEED-RUN, and the program dies of a signal.
// Compiled with coverage (-DPOSECU_FUZZ=ON), inputs that reach new edges of the code become seeds.
#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <string>
#include <vector>

#include "core/error.h"
#include "core/file.h"
#include "core/random.h"
#include "tests/fuzz/fuzz_target.h"

namespace {

using Bytes = std::vector<std::byte>;

struct Options {
  std::uint64_t runs = 0, seed = 1, max_len = 1 << 16;
  int max_total_time = 0, timeout = 1, rss_limit_mb = 2048;
  std::string artifact_prefix = "./";
  std::vector<std::string> seeds;
};

// What a signal handler needs to write down the input that is being run.
struct Current {
  const std::byte* data = nullptr;
  std::size_t size = 0;
  char path[512] = {};
};
Current g_current;

// Edges seen, by a hash of the instruction's address: filled by instrumented code.
std::array<unsigned char, 1 << 16> g_edges;

void write_current() {
  const int file = creat(g_current.path, 0644);
  if (file < 0) return;
  std::size_t done = 0;
  while (done < g_current.size) {
    const ssize_t n = write(file, g_current.data + done, g_current.size - done);
    if (n <= 0) break;
    done += static_cast<std::size_t>(n);
  }
  close(file);
  const auto say = [](const char* text) { return write(2, text, std::strlen(text)); };
  if (say("fuzz: the input is in ") < 0 || say(g_current.path) < 0 || say("\n") < 0) return;
}

void on_signal(int number) {
  write_current();
  signal(number, SIG_DFL);
  raise(number);
}

[[noreturn]] void finding(const std::string& what) {
  std::fprintf(stderr, "fuzz: %s\n", what.c_str());
  std::abort();
}

template <class T>
bool read_option(std::string_view word, std::string_view name, T& value) {
  if (!word.starts_with(name)) return false;
  word.remove_prefix(name.size());
  if constexpr (std::is_same_v<T, std::string>) {
    value = word;
    return true;
  } else {
    const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), value);
    return error == std::errc() && end == word.data() + word.size();
  }
}

Options read_options(int count, char** words) {
  Options o;
  for (int i = 1; i < count; ++i) {
    const std::string_view word = words[i];
    const bool known = read_option(word, "-runs=", o.runs) || read_option(word, "-seed=", o.seed) ||
                       read_option(word, "-max_len=", o.max_len) || read_option(word, "-timeout=", o.timeout) ||
                       read_option(word, "-max_total_time=", o.max_total_time) ||
                       read_option(word, "-rss_limit_mb=", o.rss_limit_mb) ||
                       read_option(word, "-artifact_prefix=", o.artifact_prefix);
    if (!known && word.starts_with('-')) {
      std::fprintf(stderr, "fuzz: unknown option %s\n", words[i]);
      std::exit(2);
    }
    if (!known) o.seeds.emplace_back(word);
  }
  return o;
}

std::vector<Bytes> read_seeds(const Options& options) {
  namespace fs = std::filesystem;
  std::vector<std::string> files;
  for (const std::string& seed : options.seeds) {
    if (!fs::is_directory(seed)) files.push_back(seed);
    if (fs::is_directory(seed)) {
      for (const auto& entry : fs::recursive_directory_iterator(seed)) {
        if (entry.is_regular_file()) files.push_back(entry.path().string());
      }
    }
  }
  std::ranges::sort(files);
  std::vector<Bytes> seeds;
  for (const std::string& file : files) seeds.push_back(posecu::read_file(file));
  return seeds;
}

// Draws one mutation after another.
class Mutator {
 public:
  Mutator(std::uint64_t seed, std::uint64_t run) : random_(seed, 0, run, posecu::RandomPurpose::test) {}

  const Bytes& pick(const std::vector<Bytes>& corpus) { return corpus[below(corpus.size())]; }

  void mutate(Bytes& bytes, const std::vector<Bytes>& corpus, std::uint64_t max_len) {
    for (int edits = 1 << random_.below(5); edits > 0; --edits) edit(bytes, corpus);
    if (bytes.size() > max_len) bytes.resize(max_len);
  }

 private:
  std::size_t below(std::size_t n) {
    return n == 0 ? 0 : static_cast<std::size_t>(random_.below(static_cast<int>(std::min<std::size_t>(n, 1 << 30))));
  }
  std::byte any() { return static_cast<std::byte>(random_.bits() & 0xFFU); }

  void edit(Bytes& bytes, const std::vector<Bytes>& corpus) {
    const std::size_t at = below(bytes.size() + 1), length = std::min(below(64) + 1, bytes.size() - at);
    const auto place = bytes.begin() + static_cast<std::ptrdiff_t>(at);
    switch (random_.below(9)) {
      case 0:  // flip a bit
        if (length > 0) bytes[at] ^= static_cast<std::byte>(1U << below(8));
        break;
      case 1:  // another byte
        if (length > 0) bytes[at] = any();
        break;
      case 2:  // cut
        bytes.erase(place, place + static_cast<std::ptrdiff_t>(length));
        break;
      case 3:  // cut off
        if (random_.below(8) == 0) bytes.resize(at);
        break;
      case 4: {  // repeat
        const Bytes part(place, place + static_cast<std::ptrdiff_t>(length));
        bytes.insert(bytes.begin() + static_cast<std::ptrdiff_t>(below(bytes.size() + 1)), part.begin(), part.end());
        break;
      }
      case 5: {  // splice with another seed
        const Bytes& other = pick(corpus);
        const std::size_t from = below(other.size() + 1), n = std::min(below(256) + 1, other.size() - from);
        const std::span part = std::span(other).subspan(from, n);
        bytes.insert(place, part.begin(), part.end());
        break;
      }
      case 6:  // a number at a border, little- or big-endian
        put_number(bytes, at);
        break;
      case 7:  // a word of the format
        put_word(bytes, at);
        break;
      default:  // a small step up or down: lengths and counts
        if (length > 0) bytes[at] = static_cast<std::byte>(std::to_integer<int>(bytes[at]) + random_.below(9) - 4);
    }
  }

  void put_number(Bytes& bytes, std::size_t at) {
    const std::uint64_t power = std::uint64_t{1} << below(64);
    std::uint64_t number = power + static_cast<std::uint64_t>(random_.below(3)) - 1;
    if (random_.below(4) == 0) number = ~number;
    const std::size_t width = std::size_t{1} << below(4);
    if (at + width > bytes.size()) return;
    std::memcpy(bytes.data() + at, &number, width);
    if (random_.below(2) == 0)
      std::reverse(bytes.begin() + static_cast<std::ptrdiff_t>(at),
                   bytes.begin() + static_cast<std::ptrdiff_t>(at + width));
  }

  void put_word(Bytes& bytes, std::size_t at) {
    const auto dictionary = posecu::fuzz_dictionary();
    if (dictionary.empty()) return;
    const auto word = std::as_bytes(std::span(dictionary[below(dictionary.size())]));
    if (random_.below(2) == 0 && at + word.size() <= bytes.size()) {
      std::ranges::copy(word, bytes.begin() + static_cast<std::ptrdiff_t>(at));
    } else {
      bytes.insert(bytes.begin() + static_cast<std::ptrdiff_t>(at), word.begin(), word.end());
    }
  }

  posecu::Random random_;
};

class Fuzzer {
 public:
  explicit Fuzzer(const Options& options) : options_(options) {}

  void run() {
    corpus_ = read_seeds(options_);
    if (corpus_.empty()) corpus_.emplace_back();
    const std::size_t seeds = corpus_.size();
    for (std::size_t i = 0; i < seeds; ++i) run_one(Bytes(corpus_[i]), i);
    const auto start = std::chrono::steady_clock::now();
    std::uint64_t runs = 0;
    const auto goes_on = [&] {
      if (options_.runs > 0) return runs < options_.runs;
      return std::chrono::steady_clock::now() - start < std::chrono::seconds(options_.max_total_time);
    };
    for (; goes_on(); ++runs) {
      Mutator mutator(options_.seed, runs);
      Bytes input = mutator.pick(corpus_);
      mutator.mutate(input, corpus_, options_.max_len);
      if (run_one(input, seeds + runs) && corpus_.size() < kMaxCorpus) corpus_.push_back(std::move(input));
    }
    std::printf("fuzz: %zu seeds and %llu mutations, %llu accepted; %zu inputs reached something new\n", seeds,
                static_cast<unsigned long long>(runs), static_cast<unsigned long long>(accepted_),
                corpus_.size() - seeds);
  }

 private:
  static constexpr std::size_t kMaxCorpus = 20000;

  // Whether it reached edges that no input before it did.
  bool run_one(const Bytes& input, std::uint64_t number) {
    g_current.data = input.data();
    g_current.size = input.size();
    std::snprintf(g_current.path, sizeof g_current.path, "%scrash-%llu-%llu", options_.artifact_prefix.c_str(),
                  static_cast<unsigned long long>(options_.seed), static_cast<unsigned long long>(number));
    g_edges.fill(0);
    alarm(static_cast<unsigned>(options_.timeout));
    try {
      posecu::fuzz(input);
      ++accepted_;
    } catch (const posecu::InputError&) {
    } catch (const std::exception& error) {
      finding(std::string("the reader threw ") + error.what());
    }
    alarm(0);
    struct rusage usage {};
    getrusage(RUSAGE_SELF, &usage);
    if (usage.ru_maxrss / 1024 > options_.rss_limit_mb) finding("more memory than -rss_limit_mb");
    bool is_new = false;
    for (std::size_t i = 0; i < g_edges.size(); ++i) {
      if (g_edges[i] != 0 && seen_[i] == 0) seen_[i] = 1, is_new = true;
    }
    return is_new;
  }

  const Options& options_;
  std::vector<Bytes> corpus_;
  std::array<unsigned char, 1 << 16> seen_{};
  std::uint64_t accepted_ = 0;
};

}  // namespace

// GCC's -fsanitize-coverage=trace-pc calls this at every edge.
extern "C" void __sanitizer_cov_trace_pc();
extern "C" void __sanitizer_cov_trace_pc() {
  const auto address = reinterpret_cast<std::uintptr_t>(__builtin_return_address(0));
  g_edges[(address ^ (address >> 16)) & 0xFFFFU] = 1;
}

// AddressSanitizer calls this before it ends the program: present only in its build.
extern "C" void __sanitizer_set_death_callback(void (*callback)()) __attribute__((weak));

int main(int argc, char** argv) {
  for (const int number : {SIGABRT, SIGALRM}) signal(number, on_signal);
  if (__sanitizer_set_death_callback != nullptr) {
    __sanitizer_set_death_callback(write_current);  // and the signals below are its own
  } else {
    for (const int number : {SIGSEGV, SIGBUS, SIGFPE, SIGILL}) signal(number, on_signal);
  }
  const Options options = read_options(argc, argv);
  Fuzzer(options).run();
}
