#include "mail/references.hpp"

#include <gtest/gtest.h>

#include <map>
#include <random>
#include <vector>

namespace postern::mail {
namespace {

const std::string kFrom = "From: ann@a.example\r\n";

std::string restored(const std::string& header, const std::map<std::string, std::string>& known) {
  return restore_references(header, [&](std::string_view id) -> std::optional<std::string> {
    const auto found = known.find(std::string(id));
    return found == known.end() ? std::nullopt : std::optional(found->second);
  });
}

// ---- On the way out ---------------------------------------------------------------------------

TEST(AddReference, MakesAFieldWhereThereIsNone) {
  EXPECT_EQ(add_reference(kFrom + "\r\n", "<1@a.example>"),
            kFrom + "References: <1@a.example>\r\n\r\n");
  EXPECT_EQ(add_reference(kFrom, "<1@a.example>"), kFrom + "References: <1@a.example>\r\n")
      << "without the empty line";
}

// RFC 5322 section 3.6.4: without References an answer's are those of In-Reply-To.
TEST(AddReference, KeepsWhatIsAnswered) {
  EXPECT_EQ(
      add_reference("In-Reply-To: Your mail of today <0@b>\r\n" + kFrom + "\r\n", "<1@a>"),
      "In-Reply-To: Your mail of today <0@b>\r\n" + kFrom + "References: <0@b>\r\n <1@a>\r\n\r\n");
}

TEST(AddReference, GoesBehindTheOthers) {
  EXPECT_EQ(add_reference("references:\t<0@b>\r\n" + kFrom + "\r\n", "<1@a>"),
            "references:\t<0@b> <1@a>\r\n" + kFrom + "\r\n");
  EXPECT_EQ(add_reference("References: <0@b>\r\n\t<00@b>\r\n\r\n", "<1@a>"),
            "References: <0@b>\r\n\t<00@b> <1@a>\r\n\r\n");
}

TEST(AddReference, FoldsRatherThanMakeALongLine) {
  const std::string id = "<" + std::string(60, 'x') + "@a>";
  EXPECT_EQ(add_reference("References: <0123456789@b>\r\n\r\n", id),
            "References: <0123456789@b>\r\n " + id + "\r\n\r\n");
}

TEST(AddReference, IsDoneOnce) {
  const std::string once = add_reference(kFrom + "\r\n", "<1@a>");
  EXPECT_EQ(add_reference(once, "<1@a>"), once);
  const std::string folded = "References: <1\r\n @a> <2@a>\r\n\r\n";
  EXPECT_EQ(add_reference(folded, "<1@a>"), folded);
}

TEST(AddReference, TakesNothingButAnIdentifier) {
  for (const std::string& id :
       {std::string(), std::string("1@a"), std::string("<>"), std::string("<a b@c>"),
        std::string("<a>\r\nBcc: x"), std::string("<a><b>"), "<" + std::string(900, 'x') + ">"})
    EXPECT_EQ(add_reference(kFrom + "\r\n", id), kFrom + "\r\n") << id;
}

// ---- On the way in ----------------------------------------------------------------------------

TEST(RestoreReferences, PutsOriginalsBack) {
  EXPECT_EQ(restored("In-Reply-To: <ses@email.amazonses.com>\r\nSubject: <ses@email.amazonses.com>"
                     "\r\nReferences: <0@b>  <ses@email.amazonses.com>\t<2@c>\r\n\r\nbody",
                     {{"<ses@email.amazonses.com>", "<1@a>"}}),
            "In-Reply-To: <1@a>\r\nSubject: <ses@email.amazonses.com>\r\n"
            "References: <0@b>  <1@a>\t<2@c>\r\n\r\nbody");
}

TEST(RestoreReferences, SeesThroughFolds) {
  EXPECT_EQ(restored("References:\r\n\t<0@b>\r\n\t<ses\r\n @x>\r\n <2@c>\r\n\r\n",
                     {{"<ses@x>", "<1@a>"}}),
            "References:\r\n\t<0@b>\r\n\t<1@a>\r\n <2@c>\r\n\r\n");
}

TEST(RestoreReferences, FoldsBeforeALineBecomesTooLong) {
  const std::string others = "<" + std::string(400, 'y') + "@b> <" + std::string(400, 'z') + "@b>";
  const std::string original = "<" + std::string(300, 'o') + "@a>";
  EXPECT_EQ(restored("References: " + others + " <s@x>\r\n", {{"<s@x>", original}}),
            "References: " + others + "\r\n " + original + "\r\n");
}

TEST(RestoreReferences, BelievesIdentifiersOnly) {
  const std::string header = "In-Reply-To: <s@x>\r\n\r\n";
  for (const char* answer : {"", "1@a", "<1@a>\r\nBcc: x", "<>", "<caf\xC3\xA9@a>"})
    EXPECT_EQ(restored(header, {{"<s@x>", answer}}), header) << answer;
}

TEST(RestoreReferences, LeavesWhatItDoesNotUnderstand) {
  for (const char* header :
       {"References: <<\r\n\r\n", "References: <a <b\r\n\r\n", "References: a> b>\r\n\r\n",
        "In-Reply-To:\r\n\r\n", "no field\r\nReferences: <s@x>\r\n\r\n", "", "\r\n",
        " References: <s@x>\r\n"})
    EXPECT_EQ(restored(header, {{"<s@x>", "<1@a>"}}), header);
}

// Over random headers: with nothing known not a byte changes; with everything known exactly the
// identifiers in the two fields do, and what is put back twice is put back once.
TEST(RestoreReferences, TouchesNothingElse) {
  std::mt19937 random(7);
  const auto pick = [&](const std::vector<std::string>& of) { return of[random() % of.size()]; };
  const std::vector<std::string> names{"References", "REFERENCES",   "In-Reply-To", "in-reply-to",
                                       "Subject",    "X-References", "Message-ID"};
  const std::vector<std::string> pieces{"<a@x>", "<b@x>",  "<gone@y>", "<a\r\n @x>", " ", "\t",
                                        "\r\n ", "\r\n\t", "(see <",   ",",          "x", "\xFF"};
  for (int round = 0; round < 5000; ++round) {
    std::string header;
    std::string expected;
    for (std::size_t field = 0; field < 1 + random() % 4; ++field) {
      const std::string name = pick(names);
      const bool concerned = name.size() == 10 ? name != "Message-ID" : name.size() == 11;
      header += name + ":";
      expected += name + ":";
      for (std::size_t i = 0; i < random() % 8; ++i) {
        const std::string piece = pick(pieces);
        const bool is_known = piece.starts_with("<a") || piece.starts_with("<b");
        header += piece;
        expected += concerned && is_known ? (piece[1] == 'a' ? "<A@o>" : "<B@o>") : piece;
      }
      header += "\r\n";
      expected += "\r\n";
    }
    header += "\r\nbody <a@x>\r\n";
    expected += "\r\nbody <a@x>\r\n";
    EXPECT_EQ(restored(header, {}), header);
    const std::string after = restored(header, {{"<a@x>", "<A@o>"}, {"<b@x>", "<B@o>"}});
    EXPECT_EQ(after, expected) << header;
    EXPECT_EQ(restored(after, {{"<a@x>", "<A@o>"}, {"<b@x>", "<B@o>"}}), after);
  }
}

}  // namespace
}  // namespace postern::mail
