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

using namespace std::chrono_literals;
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

std::string mail_to(ScriptedPeer peer, const std::shared_ptr<Message>& message,
                    SmtpIdentity identity = Conversation::plain()) {
  Conversation talk{std::move(peer), std::move(identity)};
  talk.send(message);
  talk.play();
  for (const std::string& line : talk.transcript)
    if (line.starts_with("MAIL")) return line;
  return talk.outcomes().at(0).reply;
}

TEST(SmtpParameters, OfDeadlineAndPriorityGoToPeersThatOfferThem) {
  const auto message =
      asking({.deliver_by = DeliverBy{.at = kNow + 90'500ms, .or_return = true, .trace = true}});
  message->priority = -3;
  EXPECT_EQ(mail_to(ScriptedPeer().offers({"MT-PRIORITY", "DELIVERBY"}), message),
            "MAIL FROM:<me@brand.example> MT-PRIORITY=-3 BY=90;RT");
  EXPECT_EQ(mail_to(ScriptedPeer().offers({"DELIVERBY 90"}), message),
            "MAIL FROM:<me@brand.example> BY=90;RT");
  EXPECT_EQ(mail_to(ScriptedPeer().offers({"DELIVERBY 91"}), message),
            "5.4.7 DELIVERBY: the smarthost needs more time than is left");
  EXPECT_EQ(mail_to(ScriptedPeer().offers({}), message), "MAIL FROM:<me@brand.example>");
  const auto late = asking({.deliver_by = DeliverBy{.at = kNow - 5s}});
  EXPECT_EQ(mail_to(ScriptedPeer().offers({"DELIVERBY 90"}), late),
            "MAIL FROM:<me@brand.example> BY=-5;N");
}

TEST(SmtpParameters, TlsAllTheWayIsNeverLeftOut) {
  const auto message = asking({.require_tls = true});
  SmtpIdentity verified{"relay.example", config::TransportTls::starttls, "", Secret(), true};
  const auto offers = [](bool tls) {
    return ScriptedPeer().offers(tls ? std::vector<std::string>{"STARTTLS", "REQUIRETLS"}
                                     : std::vector<std::string>{"STARTTLS"});
  };
  EXPECT_EQ(mail_to(offers(true), message, verified), "MAIL FROM:<me@brand.example> REQUIRETLS");
  EXPECT_EQ(mail_to(offers(false), message, verified),
            "5.7.30 REQUIRETLS: the smarthost does not offer it");
  SmtpIdentity unverified = verified;
  unverified.verifies = false;
  EXPECT_EQ(mail_to(offers(true), message, unverified),
            "5.7.30 REQUIRETLS: the connection to the smarthost is not under verified TLS");
  EXPECT_EQ(mail_to(offers(true), message),
            "5.7.30 REQUIRETLS: the connection to the smarthost is not under verified TLS");
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
