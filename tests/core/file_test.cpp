#include "core/file.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>

#include "core/error.h"
#include "tests/support/golden.h"

namespace posecu {
namespace {

namespace fs = std::filesystem;

class FileTest : public testing::Test {
 protected:
  std::string path(const std::string& name) const { return (folder_.path() / name).string(); }
  TemporaryFolder folder_;
};

TEST_F(FileTest, WhatIsWrittenIsReadBack) {
  write_file_atomically(path("a"), "hello");
  EXPECT_EQ(read_text_file(path("a")), "hello");
  EXPECT_EQ(read_file(path("a")).size(), 5U);
  EXPECT_FALSE(fs::exists(path("a.part")));
}

TEST_F(FileTest, WithoutCommitTheOldFileStays) {
  write_file_atomically(path("a"), "old");
  {
    AtomicFile file(path("a"));
    file.write("new");
  }
  EXPECT_EQ(read_text_file(path("a")), "old");
  EXPECT_FALSE(fs::exists(path("a.part")));
}

TEST_F(FileTest, AFullDiskLeavesTheOldFile) {
  write_file_atomically(path("a"), "old");
  const pid_t child = fork();
  ASSERT_GE(child, 0);
  if (child == 0) {  // the file size limit stands for a full disk: the write comes back short, then fails
    signal(SIGXFSZ, SIG_IGN);
    const rlimit limit{1000, 1000};
    setrlimit(RLIMIT_FSIZE, &limit);
    int result = 1;
    try {
      write_file_atomically(path("a"), std::string(5000, 'x'));
    } catch (const MachineError& error) {
      result = std::string(error.what()).find("a.part: cannot write") == std::string::npos ? 2 : 0;
    }
    _exit(result);
  }
  int status = 0;
  waitpid(child, &status, 0);
  EXPECT_EQ(WEXITSTATUS(status), 0);
  EXPECT_EQ(read_text_file(path("a")), "old");
  EXPECT_FALSE(fs::exists(path("a.part")));
}

TEST_F(FileTest, MissingFoldersAndFilesAreNamed) {
  try {
    read_file(path("missing"));
    FAIL() << "read a file that does not exist";
  } catch (const InputError& error) {
    EXPECT_EQ(std::string(error.what()), path("missing") + ": no such file");
  }
  EXPECT_THROW(read_file(folder_.path().string()), InputError);
  EXPECT_THROW(write_file_atomically(path("no/such/folder/a"), ""), MachineError);
}

TEST_F(FileTest, RefusesAFileAboveItsLimit) {
  write_file_atomically(path("a"), "12345");
  EXPECT_NO_THROW(read_file(path("a"), 5));
  EXPECT_THROW(read_file(path("a"), 4), InputError);
}

TEST_F(FileTest, ALockKeepsOthersOutUntilItIsGone) {
  {
    const FileLock lock(path("lock"), "the run folder");
    EXPECT_THROW(FileLock(path("lock"), "the run folder"), UsageError);
  }
  EXPECT_NO_THROW(FileLock(path("lock"), "the run folder"));
}

}  // namespace
}  // namespace posecu
