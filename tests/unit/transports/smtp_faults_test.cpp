// The dialogue's bad days: every phase times every fault, with and without PIPELINING.
#include <optional>

#include "smtp_dialogue.hpp"

namespace postern::transports {
namespace {

using config::TransportTls;
using Kind = Outcome::Kind;

struct Expected {
  Kind kind;
  Meaning meaning;
  Blame blame;
};
constexpr Expected kUnreachable{Kind::deferred, Meaning::temporary, Blame::transport};
constexpr Expected kUncertain{Kind::uncertain, Meaning::uncertain, Blame::transport};
constexpr Expected kMisconfigured{Kind::deferred, Meaning::configuration, Blame::transport};

struct Fault {
  std::string at;     // command; "<connect>", "<content>", "<end>"
  std::string reply;  // empty: the connection is lost (closed or timed out)
  Expected expected;
};

void PrintTo(const Fault& fault, std::ostream* out) {
  *out << fault.at << " -> " << fault.reply;
}

class SmtpFault : public testing::TestWithParam<Fault> {};

// The message's outcome; where it could not even be begun, the handshake's failure.
Outcome outcome_of(const Fault& fault, bool pipelining) {
  ScriptedPeer peer;
  std::vector<std::string> keywords{"AUTH PLAIN", "STARTTLS"};
  if (pipelining) keywords.emplace_back("PIPELINING");
  peer.offers(keywords);
  if (fault.at != "<content>") peer.answers(fault.at, fault.reply);
  Conversation talk{peer, {"relay.example", TransportTls::starttls, "user", Secret("secret")}};
  talk.dies_in_content = fault.at == "<content>";
  talk.send(mail({"a@x.example"}));
  talk.play();
  EXPECT_EQ(talk.client.want() == SmtpClient::Want::close,
            fault.reply.empty() || !talk.client.is_ready() || fault.reply.starts_with("421") ||
                fault.reply.starts_with("hello"));
  if (talk.results.empty()) return talk.client.failure();
  EXPECT_FALSE(talk.results.front().unsent);
  return talk.outcomes().front();
}

TEST_P(SmtpFault, HasItsOutcomeWithAndWithoutPipelining) {
  const Fault& fault = GetParam();
  for (const bool pipelining : {false, true}) {
    const Outcome outcome = outcome_of(fault, pipelining);
    EXPECT_EQ(to_string(outcome.kind), to_string(fault.expected.kind)) << outcome.reply;
    EXPECT_EQ(to_string(outcome.meaning), to_string(fault.expected.meaning)) << outcome.reply;
    EXPECT_EQ(to_string(outcome.blame), to_string(fault.expected.blame)) << outcome.reply;
    EXPECT_FALSE(outcome.reply.empty());
  }
}

// 4xx and 421 defer, garbage and loss before the end of data are definite, after it uncertain.
INSTANTIATE_TEST_SUITE_P(
    Phases, SmtpFault,
    testing::ValuesIn(std::vector<Fault>{
        {"<connect>", "450 4.3.2 busy", kUnreachable},
        {"<connect>", "554 5.3.2 not in service", kUnreachable},
        {"<connect>", "421 4.3.2 shutting down", kUnreachable},
        {"<connect>", "hello", kUnreachable},
        {"<connect>", "", kUnreachable},
        {"EHLO", "450 4.3.2 busy", kUnreachable},
        {"EHLO", "421 4.3.2 busy", kUnreachable},
        {"EHLO", "hello", kUnreachable},
        {"EHLO", "", kUnreachable},
        {"EHLO", "550 5.7.1 go away", kMisconfigured},  // HELO then offers no STARTTLS
        {"STARTTLS", "454 4.7.0 TLS not available", kUnreachable},
        {"STARTTLS", "421 4.3.2 busy", kUnreachable},
        {"STARTTLS", "hello", kUnreachable},
        {"STARTTLS", "", kUnreachable},
        {"AUTH", "454 4.7.0 Temporary authentication failure", kUnreachable},
        {"AUTH", "535 5.7.8 Authentication credentials invalid", kMisconfigured},
        {"AUTH", "421 4.7.0 too many", {Kind::deferred, Meaning::rate_limited, Blame::transport}},
        {"AUTH", "334 more", kUnreachable},
        {"AUTH", "hello", kUnreachable},
        {"AUTH", "", kUnreachable},
        {"MAIL", "451 4.3.0 try later", kUnreachable},
        {"MAIL",
         "553 5.1.8 sender refused",
         {Kind::deferred, Meaning::configuration, Blame::sender_domain}},
        {"MAIL", "421 4.3.2 shutting down", kUnreachable},
        {"MAIL", "hello", kUnreachable},
        {"MAIL", "", kUnreachable},
        {"RCPT", "450 4.2.1 busy", {Kind::deferred, Meaning::temporary, Blame::recipient}},
        {"RCPT", "550 5.1.1 no such user", {Kind::rejected, Meaning::recipient, Blame::recipient}},
        {"RCPT", "421 4.3.2 shutting down", kUnreachable},
        {"RCPT", "hello", kUnreachable},
        {"RCPT", "", kUnreachable},
        {"DATA", "451 4.3.0 try later", kUnreachable},
        {"DATA", "554 5.3.4 too big", {Kind::rejected, Meaning::message, Blame::message}},
        {"DATA", "421 4.3.2 shutting down", kUnreachable},
        {"DATA", "hello", kUnreachable},
        {"DATA", "", kUnreachable},
        {"<content>", "", kUnreachable},
        {"<end>", "451 4.3.0 try later", kUnreachable},
        {"<end>", "554 5.6.0 bad message", {Kind::rejected, Meaning::message, Blame::message}},
        {"<end>", "421 4.3.2 shutting down", kUnreachable},
        {"<end>", "hello", kUncertain},
        {"<end>", "", kUncertain},
    }));

TEST(SmtpFaults, NoStartTlsOrNoAuthIsAConfigurationFaultThatSomebodyHearsOf) {
  for (const auto& keywords : {std::vector<std::string>{"AUTH PLAIN"}, {"STARTTLS"}}) {
    Conversation talk{ScriptedPeer().offers(keywords),
                      {"relay.example", TransportTls::starttls, "user", Secret("secret")}};
    talk.play();
    EXPECT_EQ(talk.client.want(), SmtpClient::Want::close);
    EXPECT_EQ(talk.client.failure().meaning, Meaning::configuration);
    EXPECT_TRUE(talk.client.failure().alert);
    for (const std::string& line : talk.transcript) EXPECT_NE(line.substr(0, 4), "AUTH");
  }
}

TEST(SmtpFaults, AConnectionThatDiedWhileIdleLeavesTheMessageUnsent) {
  for (const std::string reply : {"", "421 4.4.2 timeout"}) {
    Conversation talk{ScriptedPeer().offers({}).answers("MAIL", "250 ok").answers("MAIL", reply)};
    talk.send(mail({"a@x.example"}));
    talk.send(mail({"b@x.example"}));
    talk.play();
    ASSERT_EQ(talk.results.size(), 2U);
    EXPECT_EQ(talk.outcomes()[0].kind, Kind::delivered);
    EXPECT_TRUE(talk.results[1].unsent);
    EXPECT_FALSE(talk.results[1].was_behind);
    EXPECT_EQ(talk.outcomes()[1].kind, Kind::deferred) << "should nobody try it again";
  }
}

TEST(SmtpFaults, WhatWaitsBehindALostMessageIsUnsent) {
  Conversation talk{ScriptedPeer().answers("<end>", "")};
  talk.send(mail({"a@x.example"}));
  talk.send(mail({"b@x.example"}));
  talk.play();
  ASSERT_EQ(talk.results.size(), 2U);
  EXPECT_EQ(talk.outcomes()[0].kind, Kind::uncertain);
  EXPECT_TRUE(talk.results[1].unsent);
  EXPECT_TRUE(talk.results[1].was_behind);
}

TEST(SmtpFaults, AFarewellToOneMessageLeavesTheNextUnsent) {
  Conversation talk{ScriptedPeer().answers("<end>", "421 4.3.2 shutting down")};
  talk.send(mail({"a@x.example"}));
  talk.send(mail({"b@x.example"}));
  talk.play();
  ASSERT_EQ(talk.results.size(), 2U);
  EXPECT_EQ(talk.outcomes()[0].kind, Kind::deferred) << "a reply is an answer: it was not taken";
  EXPECT_TRUE(talk.results[1].unsent);
}

TEST(SmtpFaults, ALossKeepsWhatThePeerHasSaidOfSingleRecipients) {
  Conversation talk{ScriptedPeer().answers("RCPT TO:<wrong@", "550 5.1.1 no").answers("<end>", "")};
  talk.send(mail({"a@x.example", "wrong@x.example"}));
  talk.play();
  ASSERT_EQ(talk.outcomes().size(), 2U);
  EXPECT_EQ(talk.outcomes()[0].kind, Kind::uncertain);
  EXPECT_EQ(talk.outcomes()[1].kind, Kind::rejected);
}

TEST(SmtpFaults, LossBeforeTheEndOfDataLeftIsDefinite) {
  SmtpClient client(Conversation::plain(), {smtp_rules()}, std::chrono::seconds(60));
  client.receive("220 mx\r\n250-mx\r\n250 PIPELINING\r\n", kNow);
  client.begin({mail({"a@x.example"}), {0}, 500});
  client.receive("250 ok\r\n250 ok\r\n354 go\r\n", kNow);
  client.content_started();
  client.content_ended();
  client.lost("connection reset", /*end_may_have_left=*/false);
  const auto result = client.take_result();
  ASSERT_TRUE(result);
  EXPECT_EQ(result->report.front().kind, Kind::deferred);
}

TEST(SmtpFaults, BrokenContentIsNotThePeersFault) {
  SmtpClient client(Conversation::plain(), {smtp_rules()}, std::chrono::seconds(60));
  client.receive("220 mx\r\n250 mx\r\n", kNow);
  client.begin({mail({"a@x.example"}), {0}, 500});
  client.receive("250 ok\r\n", kNow);
  client.receive("250 ok\r\n", kNow);
  client.receive("354 go\r\n", kNow);
  client.content_started();
  Outcome broken = Outcome::unreachable("disk");
  broken.blame = Blame::none;
  client.give_up_content(broken);
  EXPECT_EQ(client.take_result()->report.front().blame, Blame::none);
  EXPECT_EQ(client.want(), SmtpClient::Want::close) << "or the peer would take half a message";
}

TEST(SmtpFaults, AnUnaskedReplyEndsTheConnection) {
  SmtpClient client(Conversation::plain(), {smtp_rules()}, std::chrono::seconds(60));
  client.receive("220 mx\r\n250 mx\r\n250 surprise\r\n", kNow);
  EXPECT_EQ(client.want(), SmtpClient::Want::close);
}

// Pipelined or one by one: the same peer must lead to the same reports. All combinations.
TEST(SmtpProperty, PipeliningChangesNoReport) {
  const std::vector<std::string> mail_replies{"250 ok", "451 4.3.0 later", "550 5.7.1 account", ""};
  const std::vector<std::string> rcpt_replies{"250 ok", "450 4.2.1 later", "550 5.1.1 no",
                                              "421 bye", ""};
  const std::vector<std::string> data_replies{"354 go", "451 4.3.0 later", "554 5.6.0 no", ""};
  const std::vector<std::string> end_replies{"250 ok", "452 4.3.1 full", "554 5.7.1 spam", "hm",
                                             ""};
  const auto reports = [](bool pipelining, const std::vector<std::string>& replies) {
    Conversation talk{ScriptedPeer()
                          .offers(pipelining ? std::vector<std::string>{"PIPELINING"}
                                             : std::vector<std::string>{})
                          .answers("MAIL", replies[0])
                          .answers("RCPT TO:<a@", replies[1])
                          .answers("RCPT TO:<b@", replies[2])
                          .answers("DATA", replies[3])
                          .answers("<end>", replies[4])};
    talk.send(mail({"a@x.example", "b@x.example"}));
    talk.play();
    std::string all;
    for (const Outcome& outcome : talk.outcomes())
      all += std::string(to_string(outcome.kind)) + '/' + std::string(to_string(outcome.meaning)) +
             '/' + std::string(to_string(outcome.blame)) + '/' + outcome.rule + '/' +
             outcome.reply + '\n';
    return all;
  };
  int combinations = 0;
  for (const auto& m : mail_replies)
    for (const auto& a : rcpt_replies)
      for (const auto& b : rcpt_replies)
        for (const auto& d : data_replies)
          for (const auto& e : end_replies) {
            ++combinations;
            const std::vector<std::string> replies{m, a, b, d, e};
            const std::string plain = reports(false, replies);
            EXPECT_EQ(std::count(plain.begin(), plain.end(), '\n'), 2);
            // Where nobody is left, only the pipelined client meets what DATA would bring.
            EXPECT_EQ(reports(true, replies), plain)
                << m << " | " << a << " | " << b << " | " << d << " | " << e;
          }
  EXPECT_EQ(combinations, 4 * 5 * 5 * 4 * 5);
}

}  // namespace
}  // namespace postern::transports
