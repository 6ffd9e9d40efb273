// What every Store keeps of a client's options, and of the time a notice is due.
#include "tests/contract/queue/store_contract.hpp"

namespace postern::queue {

using namespace std::chrono_literals;

TEST_P(StoreContract, OptionsComeBackAsTheyWere) {
  const Options asked{
      .envelope_id = "QQ+2B\"1",
      .ret = Options::Return::full,
      .require_tls = true,
      .deliver_by = DeliverBy{.at = kNow + 5min, .or_return = true, .trace = true},
      .hold_until = kNow + 1h,
      .recipients = {{.notify = Notify{.success = true, .delay = true}, .original_recipient = {}},
                     {.notify = {}, .original_recipient = "utf-8;\xC3\xA9@x.example"},
                     {.notify = Notify{}, .original_recipient = {}}}};
  auto sent = message({"a@x.example", "b@x.example", "c@x.example", "d@x.example"});
  sent->envelope.options = std::make_shared<const Options>(asked);
  commit(Put{sent,
             std::make_shared<const std::string>("bytes"),
             {queued(), queued(), queued(), queued()}});
  reopen();
  const auto found = store_->reader().find(sent->no);
  ASSERT_TRUE(found->message->envelope.options);
  EXPECT_EQ(*found->message->envelope.options, asked);
  const auto read = due();
  EXPECT_EQ(*read.at(0).message->envelope.options, asked);
  EXPECT_TRUE(read.at(0).message->envelope.options_of(2).notify->is_never());
  EXPECT_EQ(read.at(0).message->envelope.options_of(3), RecipientOptions());
}

TEST_P(StoreContract, MailThatAsksForNothingHasNoOptions) {
  const auto sent = put({"a@x.example"});
  EXPECT_FALSE(store_->reader().find(sent->no)->message->envelope.options);
  EXPECT_EQ(delivery(*sent).notice_at, std::nullopt);
}

TEST_P(StoreContract, ANoticeIsDueUntilItIsGiven) {
  Start start = active();
  start.notice_at = kNow + 4h;
  const auto sent = put({"a@x.example"}, start);
  EXPECT_EQ(delivery(*sent).notice_at, kNow + 4h);
  record(*sent, 1, DeliveryState::deferred, Outcome::unreachable("refused"));
  EXPECT_EQ(delivery(*sent).notice_at, kNow + 4h);
  Record given;
  given.no = sent->no;
  given.token = 2;
  given.next_attempt_at = kNow + 5h;
  given.notice_given = true;
  EXPECT_EQ(commit(given).changed, 1u);
  EXPECT_EQ(delivery(*sent).notice_at, std::nullopt);
}

}  // namespace postern::queue
