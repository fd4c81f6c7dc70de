// Files that would run something, if anything in them were ever run; and zip files that two programs read differently.
#include <gtest/gtest.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstring>
#include <ctime>
#include <functional>

#include "core/error.h"
#include "core/file.h"
#include "tests/models/pth_bytes.h"
#include "tests/support/golden.h"

namespace posecu {
namespace {

namespace fs = std::filesystem;

struct Hostile {
  std::string what;
  std::vector<std::byte> file;
  std::string named = "";  // must stand in the message: the name or the opcode that is refused
};

struct Callable {
  std::string_view module, name;
};
constexpr auto kCallables = std::to_array<Callable>({
    {"os", "system"},
    {"posix", "system"},
    {"nt", "system"},
    {"subprocess", "Popen"},
    {"subprocess", "check_output"},
    {"builtins", "eval"},
    {"builtins", "exec"},
    {"builtins", "compile"},
    {"builtins", "getattr"},
    {"builtins", "open"},
    {"builtins", "__import__"},
    {"__builtin__", "eval"},
    {"importlib", "import_module"},
    {"runpy", "_run_code"},
    {"pty", "spawn"},
    {"socket", "create_connection"},
    {"operator", "methodcaller"},
    {"functools", "partial"},
    {"torch", "load"},
    {"torch.hub", "load"},
    {"torch.storage", "_load_from_bytes"},
    {"torch.jit", "load"},
    {"torch._utils", "_rebuild_tensor"},
    {"numpy", "load"},
    {"numpy.core.multiarray", "_reconstruct"},
    {"pickle", "loads"},
    {"marshal", "loads"},
    {"ctypes", "CDLL"},
    {"types", "FunctionType"},
    {"timeit", "timeit"},
    {"pdb", "run"},
    {"webbrowser", "open"},
    {"collections", "namedtuple"},
    {"collections", "OrderedDict.__class__"},
    {"torch._utils", "os.system"},
    {"torch", "FloatStorage.from_file"},
    {"Torch", "FloatStorage"},
    {"torch ", "FloatStorage"},
    {"", "system"},
    {"os", ""},
});

const std::string kArgument = "(" + unicode("touch pwned") + "t";

// All the ways in which a pickle can call, or make an object of, a name.
std::vector<std::pair<std::string, std::string>> calls_of(const Callable& callable) {
  const std::string module(callable.module), name(callable.name), plain = global(module, name);
  const std::string short_names = "\x8c" + std::string(1, static_cast<char>(module.size())) + module + "\x94\x8c" +
                                  std::string(1, static_cast<char>(name.size())) + name + "\x94";
  return {
      {"REDUCE", "\x80\x02" + plain + kArgument + "R."},
      {"NEWOBJ", "\x80\x02" + plain + kArgument + "\x81."},
      {"NEWOBJ_EX", "\x80\x04" + plain + kArgument + "}\x92."},
      {"INST", "(" + unicode("touch pwned") + "i" + module + "\n" + name + "\n."},
      {"OBJ", "(" + plain + unicode("touch pwned") + "o."},
      {"BUILD", "\x80\x02" + plain + "}" + unicode("__setstate__") + kArgument + "sb."},
      {"STACK_GLOBAL", "\x80\x04" + short_names + "\x93" + kArgument + "R."},
      {"STACK_GLOBAL through memo", "\x80\x04" + short_names + std::string("00h\x00h\x01\x93", 7) + kArgument + "R."},
      {"storage class", "\x80\x02" + persistent_storage(plain, "0", 16) + "."},
      {"hook", "\x80\x02" + plain +
                   "q\x01"
                   "0" +
                   tensor_of(persistent_storage(global("torch", "FloatStorage"), "0", 16), 0, small_int(4) + "\x85",
                             small_int(1) + "\x85") +
                   "h\x01" + kArgument + "R."}};
}

// What the message names: the first thing that is refused.
std::string named_in(const Callable& callable, const std::string& form) {
  if (form == "INST") return "opcode INST (0x69)";
  if (form == "NEWOBJ_EX" || form.starts_with("STACK_GLOBAL")) return "pickle protocol 4";
  return "the name " + std::string(callable.module) + "." + std::string(callable.name) + " is none of those";
}

std::vector<Hostile> evil_pickles() {
  std::vector<Hostile> files;
  const auto add = [&files](const std::string& what, const std::string& pickle, const std::string& named = "") {
    files.push_back({what + ", zip", zip_around(pickle), named});
    files.push_back({what + ", legacy", legacy_around(pickle), named});
  };
  for (const Callable& callable : kCallables)
    for (const auto& [form, pickle] : calls_of(callable))
      add(std::string(callable.module) + "." + std::string(callable.name) + " by " + form, pickle,
          named_in(callable, form));
  const std::string dict = global("collections", "OrderedDict") + ")R", ending = kArgument + "R.";
  add("EXT1", "\x80\x02\x82\x01" + ending);
  add("EXT2", std::string("\x80\x02\x83\x01\x00", 5) + ending);
  add("EXT4", std::string("\x80\x02\x84\x01\x00\x00\x00", 7) + ending);
  add("PERSID", "Pos.system\n.");
  add("call of a storage class", "\x80\x02" + global("torch", "FloatStorage") + "(K\x01tR.");
  add("call of a dictionary", "\x80\x02" + dict + ending);
  add("call of a text", "\x80\x02" + unicode("os.system") + ending);
  add("BUILD of attributes", "\x80\x02" + dict + "}" + unicode("__class__") + "Nsb.");
  add("BUILD of two attributes", "\x80\x02" + dict + "}(" + unicode("_metadata") + "N" + unicode("__class__") + "Nub.");
  add("BUILD of a tuple", "\x80\x02" + dict +
                              "N}\x86"
                              "b.");
  add("OrderedDict of arguments", "\x80\x02" + global("collections", "OrderedDict") + "(]tR.");
  add("Counter of a text", "\x80\x02" + global("collections", "Counter") + kArgument + "R.");
  add("parameter of a text",
      "\x80\x02" + global("torch._utils", "_rebuild_parameter") + "(" + unicode("x") + "\x88" + dict + "tR.");
  add("a class as a value", "\x80\x02}" + unicode("w") + global("torch", "FloatStorage") + "s.");
  add("a storage as a value",
      "\x80\x02}" + unicode("w") + persistent_storage(global("torch", "FloatStorage"), "0", 16) + "s.");
  add("an escape sequence as a key", "\x80\x02}" + unicode("\x1b]0;pwned\x07") + "Ns.");
  add("a nested pickle", "\x80\x02}" + unicode("w") + "C\x04\x80\x02N.s.");
  add("a nested zip file", "PK\x03\x04");
  for (const char opcode : std::string_view("012FILPSTUVdglpB\x8b\x8c\x8d\x8e\x8f\x90\x91\x94\x95\x96\x97\x98")) {
    add("opcode " + std::to_string(static_cast<unsigned char>(opcode)),
        std::string("\x80\x02") + opcode + std::string(9, '\0') + ".");
  }
  return files;
}

// "", or how the file got past the reader.
std::string failure_of(const Hostile& hostile) {
  try {
    parse_pth("hostile.pth", hostile.file);
  } catch (const InputError& error) {
    const std::string text = error.what();
    const bool place = text.starts_with("hostile.pth: ") && std::ranges::count(text, ':') >= 2;
    const bool clean =
        std::ranges::none_of(text, [](char c) { return static_cast<unsigned char>(c) < ' ' && c != '\n'; });
    if (text.find(hostile.named) == std::string::npos) return hostile.what + ": the message does not name it: " + text;
    return place && clean ? ""
                          : hostile.what + ": a message without file and place, or with control characters: " + text;
  } catch (const std::exception& error) {
    return hostile.what + ": " + error.what();
  }
  return hostile.what + " was accepted";
}

TEST(PthHostileTest, TheFilesAroundThePicklesAreGood) {
  const std::string tensor =
      tensor_of(persistent_storage(global("torch", "FloatStorage"), "0", 16), 1, "(K\x02K\x03t", "(K\x03K\x01t");
  for (const auto& file : {zip_around("\x80\x02}" + unicode("w") + tensor + "s."),
                           legacy_around("\x80\x02}" + unicode("w") + tensor + "s.")}) {
    const PthFile read = parse_pth("good.pth", file);
    ASSERT_EQ(read.tensors.at("w").shape, (std::vector<std::int64_t>{2, 3}));
    EXPECT_EQ(read.tensors.at("w").bytes.size(), 24U);
  }
}

TEST(PthHostileTest, EveryEvilPickleIsRefusedWithFileAndPlace) {
  const TemporaryFolder empty;
  const fs::path before = fs::current_path();
  fs::current_path(empty.path());
  const std::vector<Hostile> files = evil_pickles();
  EXPECT_GE(files.size(), 100U);
  for (const Hostile& hostile : files) EXPECT_EQ(failure_of(hostile), "");
  EXPECT_TRUE(fs::is_empty(empty.path()));
  fs::current_path(before);
}

TEST(PthHostileTest, ATensorThatStandsThereTooOftenIsRefused) {
  std::string pickle =
      "\x80\x02]" + tensor_of(persistent_storage(global("torch", "FloatStorage"), "0", 16), 0, "(K\x04t", "(K\x01t");
  pickle +=
      "q\x01"
      "a(";
  for (int i = 0; i < 40000; ++i) pickle += "h\x01";
  try {
    parse_pth("f.pth", legacy_around(pickle + "e."));
    FAIL() << "accepted";
  } catch (const InputError& error) {
    EXPECT_NE(std::string(error.what()).find("more than 32768 tensors"), std::string::npos) << error.what();
  }
}

// From now on, the kernel kills this process when it opens a file, runs a program, makes a process or a socket, or
// changes anything on disk.
bool forbid_the_world() {
  constexpr auto kForbidden = std::to_array<unsigned>(
      {SYS_open,   SYS_openat,  SYS_creat,   SYS_execve, SYS_execveat, SYS_fork,     SYS_vfork,  SYS_clone,
       SYS_clone3, SYS_socket,  SYS_connect, SYS_sendto, SYS_unlink,   SYS_unlinkat, SYS_rename, SYS_renameat2,
       SYS_mkdir,  SYS_mkdirat, SYS_symlink, SYS_link,   SYS_chmod,    SYS_kill,     SYS_ptrace, SYS_memfd_create});
  std::vector<sock_filter> program{BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr))};
  for (const unsigned call : kForbidden) {
    program.push_back(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, call, 0, 1));
    program.push_back(BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS));
  }
  program.push_back(BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW));
  const sock_fprog filter{static_cast<unsigned short>(program.size()), program.data()};
  return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 && prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter) == 0;
}

// What a child does under that law: its exit code, or minus the signal that killed it; 99: the law is not to be had.
int in_a_cage(const std::function<int()>& action) {
  const pid_t child = fork();
  if (child == 0) _exit(forbid_the_world() ? action() : 99);
  int status = 0;
  waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

TEST(PthHostileTest, NothingIsOpenedRunOrSentWhileReading) {
  std::vector<Hostile> files = evil_pickles();
  for (const auto& entry : fs::recursive_directory_iterator(mini_goldens() / "pth"))
    if (entry.path().extension() == ".pth")
      files.push_back({entry.path().filename(), read_file(entry.path().string())});
  tzset();  // libzip asks for the local time, and the C library then opens its table once
  const int outcome = in_a_cage([&files] {
    for (const Hostile& hostile : files) failure_of(hostile);
    return 0;
  });
  if (outcome == 99) GTEST_SKIP() << "this machine has no seccomp filters";
  EXPECT_EQ(outcome, 0);
  EXPECT_EQ(in_a_cage([] { return system("true"); }), -SIGSYS) << "the cage lets a program run";
  EXPECT_EQ(in_a_cage([] { return fopen("/dev/null", "r") != nullptr ? 0 : 1; }), -SIGSYS)
      << "the cage lets a file open";
}

}  // namespace
}  // namespace posecu
