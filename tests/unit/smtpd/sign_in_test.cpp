// What a sign-in leaves behind: in the message, for the log, for the address. Its dialogues are
// tests/golden/dialogues/auth-*.txt and users.txt.
#include <gtest/gtest.h>

#include "tests/unit/smtpd/client.hpp"

namespace postern::smtpd {
namespace {

using namespace std::string_literals;

const std::string kHeader = "From: a@product.com\r\nDate: x\r\nMessage-ID: <1@product.com>\r\n\r\n";

TEST(SignIn, WhoSignedInIsStoredAndSelectsTheRoute) {
  Client client;
  client.policy.users = {{"product-a", Secret("pw"), {}, ""},
                         {"product-b", Secret("pw"), {}, "product-b.com"}};
  client.greet();
  const std::string message = "MAIL FROM:<a@product.com>\r\nRCPT TO:<c@example.org>\r\nDATA\r\n";
  client.speak("EHLO app\r\n" + message);
  client.speak(kHeader + ".\r\n");
  EXPECT_EQ(client.stored.back().message.identity, "");
  client.speak("AUTH PLAIN " + crypto::to_base64("\0product-b\0pw"s) + "\r\n");
  ASSERT_TRUE(client.session().take_sign_ins().at(0).accepted);
  client.speak(message);
  client.speak(kHeader + ".\r\n");
  EXPECT_EQ(client.stored.back().message.identity, "product-b");
  EXPECT_EQ(client.stored.back().message.sender_domain, "product-b.com");
  EXPECT_EQ(client.stored.back().message.envelope.sender, "a@product.com");
}

TEST(SignIn, EveryTryIsReportedOnce) {
  Client client;
  client.policy.users = {{"product-a", Secret("pw"), {}, ""}};
  client.greet();
  const std::string wrong = "AUTH PLAIN " + crypto::to_base64("\0product-a\0wrong"s) + "\r\n";
  client.speak("EHLO app\r\n" + wrong + wrong);
  const auto reports = client.session().take_sign_ins();
  ASSERT_EQ(reports.size(), 2U);
  EXPECT_EQ(reports[1].user, "product-a");
  EXPECT_FALSE(reports[1].accepted);
  EXPECT_TRUE(client.session().take_sign_ins().empty());
}

TEST(SignIn, ALockedAddressIsToldToWait) {
  Client client;
  client.peer.trusted = false;
  client.policy.users = {{"product-a", Secret("pw"), {}, ""}};
  for (int i = 0; i < 20; ++i) client.policy.throttle.failed(client.peer.address, kNow);
  client.greet();
  client.speak("EHLO app\r\n");
  EXPECT_EQ(client.ask("AUTH PLAIN " + crypto::to_base64("\0product-a\0pw"s) + "\r\n"),
            "421 4.7.0 Too many failed sign-ins from your network address; wait a quarter of an "
            "hour\r\n");
  EXPECT_TRUE(client.closed());
}

}  // namespace
}  // namespace postern::smtpd
