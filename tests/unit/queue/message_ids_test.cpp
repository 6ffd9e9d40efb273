#include "queue/message_ids.hpp"

#include <gtest/gtest.h>

#include "mail/references.hpp"
#include "queue/sqlite_store.hpp"
#include "tests/support/temporary_directory.hpp"

namespace postern::queue {
namespace {

using Forms = std::vector<std::string>;

TEST(MessageIds, AreComparedWithoutBrackets) {
  EXPECT_EQ(bare_id(" <1@a.example>\r\n"), "1@a.example");
  EXPECT_EQ(bare_id("1@a.example"), "1@a.example");
  EXPECT_EQ(bare_id("<1@a.example"), "<1@a.example");
  EXPECT_EQ(bare_id("<>"), "");
  EXPECT_EQ(bare_id("<"), "<");
}

TEST(MessageIds, OfSesAreItsOwnIdWithADomain) {
  EXPECT_EQ(id_forms("<0102-a@eu-west-1.amazonses.com>"),
            (Forms{"0102-a@eu-west-1.amazonses.com", "0102-a"}));
  EXPECT_EQ(id_forms("0102-a@email.AmazonSES.com"),
            (Forms{"0102-a@email.AmazonSES.com", "0102-a"}));
  EXPECT_EQ(id_forms("0102-a"), Forms{"0102-a"});
  EXPECT_EQ(id_forms("<1@notamazonses.com>"), Forms{"1@notamazonses.com"});
  EXPECT_EQ(id_forms("<@email.amazonses.com>"), Forms{"@email.amazonses.com"});
  EXPECT_EQ(id_forms(" <> "), Forms{});
}

// It is stored: another hash would find nothing that is.
TEST(MessageIds, HashTheSameForEver) {
  EXPECT_EQ(id_hash(""), static_cast<std::int64_t>(0xe3b0c44298fc1c14ULL));
  EXPECT_EQ(id_hash("abc"), static_cast<std::int64_t>(0xba7816bf8f01cfeaULL));
}

TEST(MessageIds, AnswersToWhatSesSentNameTheOriginalAgain) {
  const testing::TemporaryDirectory directory;
  SqliteStore store(directory.path() / "queue.db", std::uint64_t{1} << 40);
  auto message = std::make_shared<Message>();
  message->no = MessageNo{1'000'000};
  message->envelope.recipients = {"a@x.example"};
  message->message_id = "<conversation-1@shop.example>";
  message->chunks = 1;
  store.begin();
  store.apply(Put{message, std::make_shared<const std::string>("bytes"), {Start{}}});
  Record record;
  record.no = message->no;
  record.token = 1;
  record.state = DeliveryState::sent;
  record.provider_id = "0102-a-000000";
  store.apply(record);
  store.commit();
  const auto original = [&](std::string_view id) {
    return original_message_id(store.reader(), id);
  };
  EXPECT_EQ(original("<0102-a-000000@email.amazonses.com>"), "<conversation-1@shop.example>");
  EXPECT_EQ(original("<conversation-1@shop.example>"), std::nullopt) << "it is the original";
  EXPECT_EQ(original("<other@x.example>"), std::nullopt);
  EXPECT_EQ(mail::restore_references("In-Reply-To: <0102-a-000000@email.amazonses.com>\r\n"
                                     "References: <other@x.example>\r\n"
                                     " <0102-a-000000@email.amazonses.com>\r\n\r\n",
                                     original),
            "In-Reply-To: <conversation-1@shop.example>\r\nReferences: <other@x.example>\r\n"
            " <conversation-1@shop.example>\r\n\r\n");
}

}  // namespace
}  // namespace postern::queue
