// What dialogues as text (tests/golden/dialogues) cannot show: content by the chunk, the message's
// fields, faults between chunks, time-outs and shut-down.
#include "smtpd/session.hpp"

#include <gtest/gtest.h>

#include <random>

#include "mail/relaxed_body.hpp"
#include "tests/unit/smtpd/client.hpp"

namespace postern::smtpd {
namespace {

using namespace std::string_literals;

constexpr std::size_t kChunk = Content::kChunkBytes;
const std::string kHeader = "From: a@product.com\r\nDate: x\r\nMessage-ID: <1@product.com>\r\n\r\n";
const std::string kQueued = "250 2.0.0 Ok: queued as ID\r\n";
const std::string kFraming =
    "550 5.5.2 The message has a bare CR or LF, a NUL or a line over 64 KiB in it; encode it or "
    "break "
    "its lines with CR LF\r\n";

void begin_message(Client& client, const std::string& sender = "a@product.com") {
  client.speak("EHLO app\r\nMAIL FROM:<" + sender + ">\r\nRCPT TO:<c@example.org>\r\nDATA\r\n");
  client.transcript.clear();
}

// A client that is past 354, without a Received header in its way.
struct Sender : Client {
  Sender() { policy.hide = true; }
  void start(const std::string& sender = "a@product.com") {
    greet();
    begin_message(*this, sender);
  }
};

std::string random_text(std::size_t bytes) {
  static constexpr std::string_view kAlphabet = "abcdefgh  \t.=";
  std::mt19937 random(7);
  std::string text;
  while (text.size() + 80 < bytes) {
    for (auto n = random() % 78; n > 0; --n) text += kAlphabet[random() % kAlphabet.size()];
    text += "\r\n";
  }
  return text.append(bytes - text.size() - 2, 'x') + "\r\n";
}

std::string stuffed(std::string_view content) {
  std::string out;
  bool line_start = true;
  for (const char c : content) {
    if (line_start && c == '.') out += '.';
    out += c;
    line_start = c == '\n';
  }
  return out;
}

TEST(Session, SmallMessageIsOneChunk) {
  Sender client;
  client.start();
  EXPECT_EQ(client.ask(kHeader + "text\r\n.\r\n"), kQueued);
  ASSERT_EQ(client.stored.size(), 1U);
  const Message& message = client.stored[0].message;
  EXPECT_EQ(client.stored[0].chunks, std::vector{kHeader + "text\r\n"});
  EXPECT_EQ(message.chunks, 1U);
  EXPECT_EQ(message.size_bytes, kHeader.size() + 6);
  EXPECT_EQ(message.header_bytes, kHeader.size());
  EXPECT_EQ(message.message_id, "<1@product.com>");
  EXPECT_EQ(message.sender_domain, "product.com");
  EXPECT_EQ(message.accepted_at, kNow);
  EXPECT_TRUE(message.body_hash.empty());
}

class BodySize : public testing::TestWithParam<std::size_t> {};

TEST_P(BodySize, SurvivesChunking) {
  const std::string content = kHeader + random_text(GetParam() - kHeader.size());
  const std::string wire = stuffed(content) + ".\r\nNOOP\r\n";
  for (const std::size_t step :
       {std::size_t{1} << 30, std::size_t{32768}, std::size_t{1000}, std::size_t{7}}) {
    Sender client;
    client.policy.hash = true;
    client.start();
    for (std::size_t at = 0; at < wire.size(); at += step)
      client.speak(std::string_view(wire).substr(at, step));
    ASSERT_EQ(client.transcript, kQueued + "250 2.0.0 Ok\r\n");
    const Stored& stored = client.stored.at(0);
    EXPECT_EQ(stored.message.chunks, stored.chunks.size());
    EXPECT_EQ(stored.message.size_bytes, content.size());
    EXPECT_EQ(stored.chunks.size(), (content.size() + kChunk - 1) / kChunk);
    for (const std::string& chunk : stored.chunks)
      EXPECT_TRUE(!chunk.empty() && chunk.size() <= kChunk);
    EXPECT_TRUE(stored.content() == content);
    mail::RelaxedBodyHash hash;
    hash.update(content.substr(kHeader.size()));
    EXPECT_EQ(stored.message.body_hash, hash.finish());
  }
}

INSTANTIATE_TEST_SUITE_P(Session, BodySize,
                         testing::Values(4096, kChunk - 1, kChunk, kChunk + 1, 2 * kChunk,
                                         2 * kChunk + 1, 5 * kChunk + 12345));

TEST(Session, OneConnectionCarriesManyMessages) {
  Sender client;
  client.settings.max_idle_commands = 2;
  client.settings.max_errors = 2;
  client.greet();
  for (int i = 0; i < 10; ++i) {
    client.speak("RSET\r\nNONSENSE\r\n");
    begin_message(client);
    EXPECT_EQ(client.ask(kHeader + std::to_string(i) + "\r\n.\r\n"), kQueued);
  }
  EXPECT_EQ(client.stored.at(9).content(), kHeader + "9\r\n");
  EXPECT_EQ(client.stored.at(9).message.envelope.recipients, std::vector{"c@example.org"s});
}

TEST(Session, FaultOfAChunkIsAnsweredAfterTheDot) {
  for (const bool full : {true, false}) {
    Sender client;
    client.chunk_fault = queue::StorageFault{full, "no"};
    client.start();
    const std::string answer = client.ask(kHeader + stuffed(random_text(3 * kChunk)) + ".\r\n");
    EXPECT_EQ(answer.substr(0, 9), full ? "452 4.3.1" : "451 4.3.0");
    EXPECT_EQ(client.abandoned.size(), 1U);
    EXPECT_TRUE(client.stored.empty());
    EXPECT_EQ(client.ask("NOOP\r\n"), "250 2.0.0 Ok\r\n");
  }
}

TEST(Session, FaultOfThePutAbandonsTheChunks) {
  Sender client;
  client.put_fault = queue::StorageFault{false, "no"};
  client.start();
  EXPECT_EQ(client.ask(kHeader + stuffed(random_text(3 * kChunk)) + ".\r\n").substr(0, 9),
            "451 4.3.0");
  EXPECT_EQ(client.abandoned.size(), 1U);
}

TEST(Session, MessageThatGrowsTooLargeLeavesNoChunks) {
  Sender client;
  client.settings.max_message_bytes = 2 * kChunk;
  client.start();
  EXPECT_EQ(
      client.ask(kHeader + stuffed(random_text(10 * kChunk)) + ".\r\n"),
      "552 5.3.4 The message is larger than 524288 bytes; send fewer or smaller attachments\r\n");
  EXPECT_EQ(client.abandoned.size(), 1U);
  EXPECT_FALSE(client.closed());
}

TEST(Session, LostConnectionAbandonsItsChunks) {
  Sender client;
  client.start();
  client.speak(kHeader + stuffed(random_text(2 * kChunk)));
  EXPECT_EQ(client.session().take_abandoned(), std::nullopt);
  client.session().disconnected();
  EXPECT_NE(client.session().take_abandoned(), std::nullopt);
  EXPECT_EQ(client.session().take_abandoned(), std::nullopt);
}

TEST(Session, LostConnectionAfterTheReceiptAbandonsNothing) {
  Sender client;
  client.start();
  client.speak(kHeader + stuffed(random_text(2 * kChunk)) + ".\r\n");
  client.session().disconnected();
  EXPECT_EQ(client.session().take_abandoned(), std::nullopt);
}

TEST(Session, FramingFaultAfterChunksAbandonsThem) {
  Sender client;
  client.start();
  EXPECT_EQ(client.ask(kHeader + stuffed(random_text(3 * kChunk)) + "\n.\r\n"), "");
  EXPECT_EQ(client.ask("\r\n.\r\n"), kFraming);
  EXPECT_EQ(client.abandoned.size(), 1U);
}

TEST(Session, NullSenderIsRoutedByTheAuthor) {
  Sender client;
  client.start("");
  client.speak("From: \"x@y\" <MAILER@Brand.Example>\r\n\r\n.\r\n");
  EXPECT_EQ(client.stored.at(0).message.sender_domain, "brand.example");
  EXPECT_EQ(client.stored.at(0).message.envelope.sender, "");
}

TEST(Session, MadeMessageIdsDifferBetweenRelaysThatDrawTheSameNumber) {
  std::vector<std::string> ids;
  for (const std::string subject : {"one", "two"}) {
    Sender client;
    client.start();
    client.speak("From: a@product.com\r\nSubject: " + subject + "\r\n\r\n.\r\n");
    ids.push_back(client.stored.at(0).message.message_id);
    EXPECT_NE(client.stored.at(0).content().find("Message-ID: " + ids.back() + "\r\n"),
              std::string::npos);
  }
  EXPECT_NE(ids[0], ids[1]);
}

TEST(Session, TraceNamesAnIpv6AddressAsALiteral) {
  Client client;
  client.peer.address = "2001:db8::7";
  client.greet();
  begin_message(client);
  client.speak(kHeader + ".\r\n");
  EXPECT_TRUE(
      client.stored.at(0).content().starts_with("Received: from app ([IPv6:2001:db8::7])\r\n"));
}

TEST(Session, TellsWhyItRefusedMail) {
  Sender client;
  client.greet();
  EXPECT_EQ(client.session().take_refusal(), std::nullopt);
  client.speak("EHLO app\r\nNONSENSE\r\n");
  EXPECT_EQ(client.session().take_refusal(), std::nullopt);
  client.speak("MAIL FROM:<a@product.com>\r\nRCPT TO:<bad>\r\nRCPT TO:<>\r\nDATA\r\n");
  EXPECT_EQ(client.session().take_refusal(),
            "501 5.1.3 The recipient's address is not a valid e-mail address; correct it");
  EXPECT_EQ(client.session().take_refusal(), std::nullopt);
  client.speak("RCPT TO:<c@example.org>\r\nDATA\r\n");
  client.speak("Subject: x\r\n\r\n.\r\n");
  EXPECT_EQ(client.session().take_refusal(),
            "550 5.6.0 The message has no From header; say who it is from");
}

// ---- Time and shut-down -------------------------------------------------------------------------

TEST(Session, SilenceEndsWith421) {
  Client client;
  client.greet();
  client.session().timed_out();
  EXPECT_TRUE(client.closed());
  EXPECT_EQ(client.session().take_output(),
            "421 4.4.2 Nothing was heard for too long; connect again\r\n");
}

TEST(Session, ShutDownEndsAnIdleDialogueAtOnce) {
  Client client;
  client.greet();
  client.speak("EHLO app\r\n");
  client.session().shut_down();
  EXPECT_EQ(client.session().take_output(),
            "421 4.3.2 The relay is restarting; try again in a moment\r\n");
  EXPECT_TRUE(client.closed());
}

TEST(Session, ShutDownLetsAMessageFinishAndAnswersItsQuit) {
  Sender client;
  client.greet();
  client.speak("EHLO app\r\nMAIL FROM:<a@product.com>\r\n");
  client.session().shut_down();
  EXPECT_EQ(client.ask("RCPT TO:<c@example.org>\r\n"), "250 2.1.5 Recipient ok\r\n");
  client.speak("DATA\r\n");
  client.session().shut_down();
  EXPECT_EQ(client.ask(kHeader + ".\r\n"), kQueued);
  client.session().shut_down();
  EXPECT_EQ(client.ask("QUIT\r\n"), "221 2.0.0 Bye\r\n");
}

TEST(Session, AStalledMessageEndsWith421AndLeavesNothing) {
  for (const bool shutting_down : {false, true}) {
    Sender client;
    client.start();
    client.speak(stuffed(kHeader + random_text(3 * kChunk)));
    if (shutting_down) client.session().shut_down();
    EXPECT_EQ(client.session().want(), Want::input) << "it may still finish";
    client.session().timed_out();
    EXPECT_EQ(client.session().take_output(),
              shutting_down ? "421 4.3.2 The relay is restarting; try again in a moment\r\n"
                            : "421 4.4.2 The message comes too slowly or not at all; connect and "
                              "send it again\r\n");
    EXPECT_TRUE(client.closed());
    EXPECT_TRUE(client.session().take_abandoned());
  }
}

TEST(Session, ShutDownTakesNoFurtherMessage) {
  Sender client;
  client.start();
  client.session().shut_down();
  client.speak(kHeader + ".\r\n");
  EXPECT_EQ(client.ask("MAIL FROM:<a@product.com>\r\n"),
            "421 4.3.2 The relay is restarting; try again in a moment\r\n");
  EXPECT_TRUE(client.closed());
}

}  // namespace
}  // namespace postern::smtpd
