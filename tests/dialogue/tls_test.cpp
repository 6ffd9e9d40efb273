// What only a real connection shows of TLS: ends that are none, plain text where there is none any
// more, renegotiation, old versions. Each leaves nothing in the queue, and the next session is
// served.
#include <gtest/gtest.h>
#include <openssl/err.h>

#include <optional>

#include "tests/dialogue/next_session.hpp"
#include "tests/dialogue/socket_line.hpp"
#include "tests/dialogue/world.hpp"

namespace postern::smtpd::dialogue {
namespace {

const std::string kHalfAMessage = "From: a@product.com\r\n\r\nhalf a mess";
const std::string kCommand = "MAIL FROM:<evil@product.com>\r\n";

class TlsLine : public testing::Test {
 protected:
  TlsLine() : TlsLine("tls starttls") {}
  explicit TlsLine(const std::string& tls) {
    listener_.settings = {tls};
    world_.emplace(listener_, false);
    world_->open();
    line_.emplace(world_->port());
  }
  void TearDown() override {
    EXPECT_TRUE(next_session_is_served(*world_, listener_, false));
    std::vector<Transaction> queued = world_->queued();
    queued.pop_back();
    EXPECT_EQ(to_text(queued), to_text(expected_));
    EXPECT_EQ(world_->store->loose_bodies(), 0U);
  }

  void greet() { ASSERT_EQ(line_->line(), kGreeting); }
  void ask_for_tls() {
    greet();
    line_->say("EHLO client.example\r\n");
    ASSERT_EQ(line_->say("STARTTLS\r\n"), "220 2.0.0 Begin TLS now\r\n");
  }
  void begin_message_in_tls() {
    ask_for_tls();
    line_->encrypt();
    line_->say("EHLO client.example\r\n");
    line_->say("MAIL FROM:<a@product.com>\r\n");
    line_->say("RCPT TO:<c@example.org>\r\n");
    ASSERT_EQ(line_->say("DATA\r\n").substr(0, 3), "354");
    line_->send(kHalfAMessage);
  }

  Case listener_;
  std::optional<World> world_;
  std::optional<SocketLine> line_;
  std::vector<Transaction> expected_;
};

class ImplicitTlsLine : public TlsLine {
 protected:
  ImplicitTlsLine() : TlsLine("tls implicit") {}
};

TEST_F(TlsLine, CloseNotifyInTheMiddleOfDataIsNoEndOfIt) {
  begin_message_in_tls();
  line_->notify_close();
  EXPECT_EQ(line_->line(), "");
}

TEST_F(TlsLine, CloseNotifyRightBeforeTheDotIsNoEndOfIt) {
  begin_message_in_tls();
  line_->send("age\r\n");
  line_->notify_close();
  line_->send_raw(".\r\n");
  EXPECT_EQ(line_->line(), "");
}

TEST_F(TlsLine, ACutInTheMiddleOfDataIsNoEndOfIt) {
  begin_message_in_tls();
  line_->hang_up();
}

TEST_F(TlsLine, PlainTextInTheMiddleOfDataEndsTheConnection) {
  begin_message_in_tls();
  line_->send_raw("\r\n.\r\n");
  EXPECT_EQ(line_->line(), "");
}

TEST_F(TlsLine, PlainTextBetweenCommandsEndsTheConnection) {
  ask_for_tls();
  line_->encrypt();
  line_->say("EHLO client.example\r\n");
  line_->send_raw(kCommand);
  EXPECT_EQ(line_->line(), "");
}

TEST_F(TlsLine, PlainTextInsteadOfTheHandshakeIsNeverAnswered) {
  ask_for_tls();
  line_->send_raw(kCommand);
  // A TLS alert perhaps, but no reply.
  EXPECT_EQ(line_->line().find("250"), std::string::npos);
}

TEST_F(TlsLine, PlainTextBeforeTheHandshakeIsNeverAnsweredInsideIt) {
  ask_for_tls();
  line_->send_raw(kCommand);
  EXPECT_THROW(line_->encrypt(), std::runtime_error);
}

TEST_F(TlsLine, AClientThatHangsUpInsteadOfTheHandshakeLeavesNothing) {
  ask_for_tls();
  line_->hang_up();
}

// RFC 5746, CVE-2009-3555: there is none. TLS 1.3 has no such thing.
TEST_F(TlsLine, RenegotiationInTheMiddleOfDataEndsTheConnection) {
  line_->allow_at_most(TLS1_2_VERSION);
  begin_message_in_tls();
  ASSERT_EQ(SSL_renegotiate(line_->tls()), 1);
  EXPECT_NE(SSL_do_handshake(line_->tls()), 1);
  line_->send("\r\n.\r\n");
  EXPECT_EQ(line_->line(), "");
}

// RFC 8446 section 4.6.3: another thing altogether, and no reason to stop.
TEST_F(TlsLine, NewKeysInTheMiddleOfDataAreFine) {
  begin_message_in_tls();
  ASSERT_EQ(SSL_key_update(line_->tls(), SSL_KEY_UPDATE_REQUESTED), 1);
  EXPECT_EQ(line_->say("\r\n.\r\n").substr(0, 3), "250");
  ASSERT_EQ(world_->queued().size(), 1U);
  expected_ = world_->queued();
  EXPECT_TRUE(expected_[0].content.ends_with(kHalfAMessage.substr(19) + "\r\n"));
}

// RFC 8996.
TEST_F(TlsLine, OldVersionsGetNoHandshake) {
  line_->allow_at_most(TLS1_1_VERSION);
  ask_for_tls();
  EXPECT_THROW(line_->encrypt(), std::runtime_error);
}

TEST_F(ImplicitTlsLine, PlainTextOnAnImplicitPortIsNotAnswered) {
  line_->send_raw("EHLO client.example\r\n");
  EXPECT_EQ(line_->line().find("250"), std::string::npos);
}

TEST_F(ImplicitTlsLine, IsGreetedInsideOnly) {
  line_->encrypt();
  EXPECT_EQ(line_->line(), kGreeting);
}

}  // namespace
}  // namespace postern::smtpd::dialogue
