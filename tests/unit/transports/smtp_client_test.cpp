// The dialogue's good days: what is said when, in how many writes, and what it means.
#include "transports/smtp_client.hpp"

#include "smtp_dialogue.hpp"

namespace postern::transports {
namespace {

using Lines = std::vector<std::string>;
using config::TransportTls;

constexpr auto kDelivered = Outcome::Kind::delivered;
constexpr auto kDeferred = Outcome::Kind::deferred;
constexpr auto kRejected = Outcome::Kind::rejected;

std::vector<Outcome::Kind> kinds(const Conversation& talk) {
  std::vector<Outcome::Kind> all;
  for (const Outcome& outcome : talk.outcomes()) all.push_back(outcome.kind);
  return all;
}

using Kinds = std::vector<Outcome::Kind>;

SmtpIdentity with_password(TransportTls tls) {
  return {"relay.example", tls, "user", Secret("secret")};
}

TEST(SmtpClient, SendsAMessageAndKnowsThePeersIdOfIt) {
  Conversation talk{ScriptedPeer()};
  talk.send(mail({"a@x.example", "b@x.example"}));
  talk.play(/*quits=*/true);
  EXPECT_EQ(talk.transcript,
            (Lines{"EHLO relay.example", "MAIL FROM:<me@brand.example> SIZE=500",
                   "RCPT TO:<a@x.example>", "RCPT TO:<b@x.example>", "DATA", "<end>", "QUIT"}));
  ASSERT_EQ(kinds(talk), (Kinds{kDelivered, kDelivered}));
  EXPECT_EQ(talk.outcomes()[0].reply, "250 2.0.0 Ok: queued as 4WfZ2x1Jz");
  EXPECT_EQ(talk.outcomes()[0].provider_id, "4WfZ2x1Jz");
}

TEST(SmtpClient, OnABusyPipeliningConnectionAMessageCostsOneWrite) {
  Conversation talk{ScriptedPeer()};
  for (int i = 0; i < 3; ++i) talk.send(mail({"a@x.example"}));
  talk.play();
  EXPECT_EQ(kinds(talk), (Kinds{kDelivered, kDelivered, kDelivered}));
  const std::string envelope =
      "MAIL FROM:<me@brand.example> SIZE=500\r\nRCPT TO:<a@x.example>\r\nDATA\r\n";
  EXPECT_EQ(talk.writes, (Lines{"EHLO relay.example\r\n", envelope, "<end>\r\n" + envelope,
                                "<end>\r\n" + envelope, "<end>\r\n"}));
}

TEST(SmtpClient, WithoutPipeliningEveryCommandWaitsForItsReply) {
  Conversation talk{ScriptedPeer().offers({})};
  talk.send(mail({"a@x.example"}));
  talk.send(mail({"b@x.example"}));
  talk.play();
  EXPECT_EQ(talk.writes, (Lines{"EHLO relay.example\r\n", "MAIL FROM:<me@brand.example>\r\n",
                                "RCPT TO:<a@x.example>\r\n", "DATA\r\n", "<end>\r\n",
                                "MAIL FROM:<me@brand.example>\r\n", "RCPT TO:<b@x.example>\r\n",
                                "DATA\r\n", "<end>\r\n"}));
}

TEST(SmtpClient, ParametersAreSentOnlyWhereTheyAreOffered) {
  auto message = mail({"ü@x.example"});
  message->envelope.smtputf8 = true;
  message->envelope.eight_bit_mime = true;
  Conversation modern{ScriptedPeer().offers({"8BITMIME", "SMTPUTF8", "SIZE"})};
  modern.send(message);
  modern.play();
  EXPECT_EQ(modern.transcript[1], "MAIL FROM:<me@brand.example> SIZE=500 BODY=8BITMIME SMTPUTF8");

  message = mail({"a@x.example"});
  message->envelope.eight_bit_mime = true;
  Conversation old{ScriptedPeer().offers({})};
  old.send(message);
  old.play();
  EXPECT_EQ(old.transcript[1], "MAIL FROM:<me@brand.example>") << "8-bit bytes pass as they are";
  EXPECT_EQ(kinds(old), Kinds{kDelivered});
}

TEST(SmtpClient, AnInternationalMessageIsNotDowngraded) {
  auto message = mail({"ü@x.example"});
  message->envelope.smtputf8 = true;
  Conversation talk{ScriptedPeer()};
  talk.send(message);
  talk.send(mail({"a@x.example"}));
  talk.play();
  ASSERT_EQ(kinds(talk), (Kinds{kRejected, kDelivered}));
  EXPECT_EQ(talk.outcomes()[0].meaning, Meaning::message);
  EXPECT_EQ(talk.outcomes()[0].fail_over, FailOver::now);
}

TEST(SmtpClient, AMessageAboveThePeersSizeIsNotEvenBegun) {
  auto message = mail({"a@x.example"});
  message->size_bytes = 1'000'001;
  Conversation talk{ScriptedPeer()};
  talk.send(message);
  talk.play();
  ASSERT_EQ(kinds(talk), Kinds{kRejected});
  EXPECT_EQ(talk.outcomes()[0].fail_over, FailOver::now);
  EXPECT_EQ(talk.transcript, Lines{"EHLO relay.example"});
}

TEST(SmtpClient, AnAddressCannotSmuggleCommands) {
  Conversation talk{ScriptedPeer()};
  talk.send(mail({"a@x.example>\r\nRCPT TO:<b@x.example"}));
  talk.play();
  EXPECT_EQ(kinds(talk), Kinds{kRejected});
  EXPECT_EQ(talk.transcript, Lines{"EHLO relay.example"});
}

TEST(SmtpClient, ARefusedRecipientDoesNotHoldUpTheOthers) {
  for (const bool pipelining : {false, true}) {
    Conversation talk{ScriptedPeer()
                          .offers(pipelining ? Lines{"PIPELINING"} : Lines{})
                          .answers("RCPT TO:<wrong@", "550 5.1.1 No such user")
                          .answers("RCPT TO:<later@", "450 4.2.1 Mailbox busy")};
    talk.send(mail({"a@x.example", "wrong@x.example", "later@x.example", "b@x.example"}));
    talk.play();
    ASSERT_EQ(kinds(talk), (Kinds{kDelivered, kRejected, kDeferred, kDelivered}));
    EXPECT_EQ(talk.outcomes()[1].blame, Blame::recipient);
    EXPECT_EQ(talk.outcomes()[1].reply, "550 5.1.1 No such user");
  }
}

TEST(SmtpClient, WithNobodyLeftTheContentIsNeverSent) {
  Conversation one_by_one{ScriptedPeer().offers({}).answers("RCPT", "550 5.1.1 no")};
  one_by_one.send(mail({"a@x.example"}));
  one_by_one.send(mail({"b@x.example"}));
  one_by_one.play();
  EXPECT_EQ(kinds(one_by_one), (Kinds{kRejected, kRejected}));
  EXPECT_EQ(one_by_one.transcript,
            (Lines{"EHLO relay.example", "MAIL FROM:<me@brand.example>", "RCPT TO:<a@x.example>",
                   "RSET", "MAIL FROM:<me@brand.example>", "RCPT TO:<b@x.example>"}));

  Conversation pipelined{ScriptedPeer()
                             .answers("RCPT", "550 5.1.1 no")
                             .answers("DATA", "554 5.5.1 No valid recipients")};
  pipelined.send(mail({"a@x.example"}));
  pipelined.send(mail({"b@x.example"}));
  pipelined.play();
  EXPECT_EQ(kinds(pipelined), (Kinds{kRejected, kRejected}));
  EXPECT_EQ(pipelined.outcomes()[0].reply, "550 5.1.1 no");
  EXPECT_EQ(std::count(pipelined.transcript.begin(), pipelined.transcript.end(), "RSET"), 1);
}

TEST(SmtpClient, APeerThatWantsContentForNobodyGetsALoneDot) {
  Conversation talk{ScriptedPeer()
                        .answers("RCPT TO:<wrong@", "550 5.1.1 no")
                        .answers("<end>", "554 5.5.1 no recipients")
                        .answers("<end>", "250 2.0.0 Ok")};
  talk.send(mail({"wrong@x.example"}));
  talk.send(mail({"a@x.example"}));
  talk.play();
  EXPECT_EQ(kinds(talk), (Kinds{kRejected, kDelivered}));
  EXPECT_EQ(talk.outcomes()[0].reply, "550 5.1.1 no");
  EXPECT_EQ(talk.transcript[4], ".");
  EXPECT_EQ(std::count(talk.transcript.begin(), talk.transcript.end(), "RSET"), 0);
}

TEST(SmtpClient, TooManyRecipientsIsNobodysFault) {
  for (const char* reply : {"552 too many", "452 4.5.3 Too many recipients", "452 later",
                            "552 5.5.3 enough", "451 4.5.3 enough"}) {
    Conversation talk{ScriptedPeer().answers("RCPT TO:<b@", reply)};
    talk.send(mail({"a@x.example", "b@x.example"}));
    talk.play();
    ASSERT_EQ(kinds(talk), (Kinds{kDelivered, kDeferred})) << reply;
    EXPECT_EQ(talk.outcomes()[1].blame, Blame::none) << reply;
    EXPECT_TRUE(talk.outcomes()[1].left_out) << reply;
  }
}

TEST(SmtpClient, ATemporaryFaultOfARecipientIsNoLackOfRoom) {
  for (const char* reply : {"452 4.2.2 Mailbox full", "450 4.2.0 busy", "451 4.3.0 try later"}) {
    Conversation talk{ScriptedPeer().answers("RCPT TO:<b@", reply)};
    talk.send(mail({"a@x.example", "b@x.example"}));
    talk.play();
    EXPECT_FALSE(talk.outcomes()[1].left_out) << reply;
  }
}

TEST(SmtpClient, APeerWithRoomForNobodyIsToBlame) {
  Conversation talk{ScriptedPeer().answers("RCPT", "452 4.5.3 Too many recipients")};
  talk.send(mail({"a@x.example", "b@x.example"}));
  talk.play();
  ASSERT_EQ(kinds(talk), (Kinds{kDeferred, kDeferred}));
  for (const Outcome& outcome : talk.outcomes()) {
    EXPECT_FALSE(outcome.left_out);
    EXPECT_EQ(outcome.blame, Blame::transport) << "or it would never be left";
  }
}

TEST(SmtpClient, AServerFromBeforeEsmtpIsGreetedWithHelo) {
  Conversation talk{ScriptedPeer().answers("EHLO", "502 5.5.1 what?")};
  talk.send(mail({"a@x.example"}));
  talk.play();
  EXPECT_EQ(talk.transcript[1], "HELO relay.example");
  EXPECT_EQ(talk.transcript[2], "MAIL FROM:<me@brand.example>");
  EXPECT_EQ(kinds(talk), Kinds{kDelivered});
}

TEST(SmtpClient, StartTlsForgetsWhatWasSaidInPlainText) {
  Conversation talk{ScriptedPeer()
                        .offers({"STARTTLS", "SIZE 10"})
                        .answers("STARTTLS", "220 go\r\n250 2.0.0 injected")
                        .answers("EHLO", "250-mx\r\n250-STARTTLS\r\n250 SIZE 10")
                        .answers("EHLO", "250-mx\r\n250 AUTH=LOGIN PLAIN"),
                    with_password(TransportTls::starttls)};
  talk.send(mail({"a@x.example"}));
  talk.play();
  EXPECT_EQ(talk.transcript, (Lines{"EHLO relay.example", "STARTTLS", "<tls>", "EHLO relay.example",
                                    "AUTH PLAIN AHVzZXIAc2VjcmV0", "MAIL FROM:<me@brand.example>",
                                    "RCPT TO:<a@x.example>", "DATA", "<end>"}));
  EXPECT_EQ(kinds(talk), Kinds{kDelivered});
}

TEST(SmtpClient, ImplicitTlsComesBeforeTheGreeting) {
  SmtpClient client(with_password(TransportTls::implicit), {smtp_rules()},
                    std::chrono::seconds(60));
  EXPECT_EQ(client.want(), SmtpClient::Want::start_tls);
  client.tls_started();
  EXPECT_EQ(client.want(), SmtpClient::Want::input);
  EXPECT_EQ(client.output(), "");
  client.receive("220 mx\r\n", kNow);
  EXPECT_EQ(client.output(), "EHLO relay.example\r\n");
}

TEST(SmtpClient, AuthLoginWhereThereIsNoPlain) {
  Conversation talk{ScriptedPeer()
                        .offers({"AUTH LOGIN CRAM-MD5"})
                        .answers("dXNlcg==", "334 UGFzc3dvcmQ6")
                        .answers("c2VjcmV0", "235 2.7.0 ok"),
                    with_password(TransportTls::none)};
  talk.play();
  EXPECT_EQ(talk.transcript, (Lines{"EHLO relay.example", "AUTH LOGIN", "dXNlcg==", "c2VjcmV0"}));
  EXPECT_TRUE(talk.client.is_ready());
}

TEST(SmtpClient, OpportunisticTlsTakesWhatThereIsButKeepsThePassword) {
  Conversation without{ScriptedPeer().offers({}),
                       {"relay.example", TransportTls::opportunistic, "", Secret()}};
  without.play();
  EXPECT_TRUE(without.client.is_ready());

  Conversation stripped{ScriptedPeer().offers({"AUTH PLAIN"}),
                        with_password(TransportTls::opportunistic)};
  stripped.play();
  EXPECT_FALSE(stripped.client.is_ready());
  EXPECT_EQ(stripped.client.failure().meaning, Meaning::configuration);
  EXPECT_EQ(stripped.transcript, Lines{"EHLO relay.example"});
}

TEST(SmtpClient, WaitsLongForTheFinalReplyAndAsConfiguredElsewhere) {
  using namespace std::chrono_literals;
  SmtpClient client(Conversation::plain(), {smtp_rules()}, 1h);
  EXPECT_EQ(client.patience(), 5min);
  client.receive("220 mx\r\n250-mx\r\n250 PIPELINING\r\n", kNow);
  ASSERT_TRUE(client.is_ready());
  client.begin({mail({"a@x.example"}), {0}, 500});
  EXPECT_EQ(client.patience(), 5min);
  client.receive("250 ok\r\n250 ok\r\n", kNow);
  EXPECT_EQ(client.patience(), 2min);
  client.receive("354 go\r\n", kNow);
  client.content_started();
  client.content_ended();
  EXPECT_EQ(client.patience(), 10min);

  SmtpClient hasty(Conversation::plain(), {smtp_rules()}, 7s);
  EXPECT_EQ(hasty.patience(), 7s);
}

}  // namespace
}  // namespace postern::transports
