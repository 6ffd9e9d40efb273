#include "queue/state_lock.hpp"

#include <gmock/gmock.h>
#include <unistd.h>

#include "tests/support/temporary_directory.hpp"

namespace postern::queue {
namespace {

TEST(StateLock, IsHeldByOne) {
  postern::testing::TemporaryDirectory directory;
  auto held = StateLock::take(directory.path() / "state");
  ASSERT_TRUE(held);
  const auto second = StateLock::take(directory.path() / "state");
  ASSERT_FALSE(second);
  EXPECT_THAT(second.error().what, ::testing::HasSubstr("process " + std::to_string(::getpid())));
}

TEST(StateLock, IsFreeAgainWhenItsHolderGoes) {
  postern::testing::TemporaryDirectory directory;
  { ASSERT_TRUE(StateLock::take(directory.path())); }
  EXPECT_TRUE(StateLock::take(directory.path()));
}

TEST(StateLock, SaysWhyADirectoryCannotBeUsed) {
  const auto lock = StateLock::take("/dev/null/state");
  ASSERT_FALSE(lock);
  EXPECT_THAT(lock.error().what, ::testing::HasSubstr("/dev/null/state"));
}

}  // namespace
}  // namespace postern::queue
