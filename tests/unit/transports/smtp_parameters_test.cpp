// What a client asked for goes on to smarthosts that offer the same.
#include "transports/smtp_parameters.hpp"

#include <gtest/gtest.h>

#include "tests/unit/transports/smtp_dialogue.hpp"

namespace postern::transports {
namespace {

std::shared_ptr<Message> asking(Options options) {
  auto message = mail({"a@x.example", "b@x.example", "c@x.example"});
  message->envelope.options = std::make_shared<const Options>(std::move(options));
  return message;
}

Options notifications() {
  return {.envelope_id = "QQ+2B1",
          .ret = Options::Return::headers,
          .recipients = {{.notify = Notify{.success = true, .delay = true},
                          .original_recipient = "rfc822;a+2Bb@old.example"},
                         {.notify = Notify{}, .original_recipient = {}}}};
}

std::vector<std::string> envelope_to(ScriptedPeer peer, const std::shared_ptr<Message>& message) {
  Conversation talk{std::move(peer)};
  talk.send(message);
  talk.play();
  talk.transcript.erase(talk.transcript.begin());
  talk.transcript.resize(4);
  return talk.transcript;
}

using Lines = std::vector<std::string>;

TEST(SmtpParameters, OfNotificationGoToPeersThatOfferIt) {
  EXPECT_EQ(envelope_to(ScriptedPeer().offers({"PIPELINING", "DSN"}), asking(notifications())),
            (Lines{"MAIL FROM:<me@brand.example> RET=HDRS ENVID=QQ+2B1",
                   "RCPT TO:<a@x.example> NOTIFY=SUCCESS,DELAY ORCPT=rfc822;a+2Bb@old.example",
                   "RCPT TO:<b@x.example> NOTIFY=NEVER", "RCPT TO:<c@x.example>"}));
  EXPECT_EQ(envelope_to(ScriptedPeer().offers({"PIPELINING"}), asking(notifications())),
            (Lines{"MAIL FROM:<me@brand.example>", "RCPT TO:<a@x.example>", "RCPT TO:<b@x.example>",
                   "RCPT TO:<c@x.example>"}));
}

TEST(SmtpParameters, ThatWereTakenOverAreAnsweredByTheNextHop) {
  for (const auto& [keyword, onward] :
       {std::pair{"DSN", Onward::tells}, std::pair{"HELP", Onward::relayed}}) {
    Conversation talk{ScriptedPeer().offers({keyword})};
    talk.send(asking(notifications()));
    talk.play();
    for (const Outcome& outcome : talk.outcomes()) EXPECT_EQ(outcome.onward, onward) << keyword;
  }
}

}  // namespace
}  // namespace postern::transports
