// The closest known word.
#include "config/wording.hpp"

#include <gtest/gtest.h>

#include <vector>

namespace postern::config {
namespace {

TEST(EditDistance, CountsInsertionsDeletionsReplacementsAndSwaps) {
  EXPECT_EQ(edit_distance("", ""), 0U);
  EXPECT_EQ(edit_distance("retry", "retry"), 0U);
  EXPECT_EQ(edit_distance("", "abc"), 3U);
  EXPECT_EQ(edit_distance("abc", ""), 3U);
  EXPECT_EQ(edit_distance("rety", "retry"), 1U);
  EXPECT_EQ(edit_distance("rettry", "retry"), 1U);
  EXPECT_EQ(edit_distance("retri", "retry"), 1U);
  EXPECT_EQ(edit_distance("retyr", "retry"), 1U);
  EXPECT_EQ(edit_distance("kitten", "sitting"), 3U);
}

TEST(Nearest, IsTheClosestWord) {
  const std::vector<std::string> known{"keep_bodies", "keep_history", "retry", "on_uncertain"};
  EXPECT_EQ(nearest("keep_body", known), "keep_bodies");
  EXPECT_EQ(nearest("keep-history", known), "keep_history");
  EXPECT_EQ(nearest("Retry", known), "retry");
  EXPECT_EQ(nearest("uncertain", known), "on_uncertain");
}

TEST(Nearest, IsSilentWhereNothingIsClose) {
  const std::vector<std::string> known{"tls", "retry"};
  EXPECT_EQ(nearest("concurrency", known), std::nullopt);
  EXPECT_EQ(nearest("", known), std::nullopt);
  EXPECT_EQ(nearest("abc", known), std::nullopt) << "three changes leave nothing of tls";
  EXPECT_EQ(nearest(std::string(1000, 'r'), known), std::nullopt);
}

TEST(Suggestion, IsAQuestionOrNothing) {
  const std::vector<std::string> known{"retry"};
  EXPECT_EQ(suggestion("retyr", known), " (did you mean \"retry\"?)");
  EXPECT_EQ(suggestion("bogus", known), "");
}

TEST(Quote, EscapesAndCutsWhatTheOperatorWrote) {
  EXPECT_EQ(quote("a\nb\x1B[31m"), "\"a\\x0ab\\x1b[31m\"");
  EXPECT_LT(quote(std::string(5000, 'x')).size(), 100U);
}

}  // namespace
}  // namespace postern::config
