#include "smtpd/loop.hpp"

#include <gtest/gtest.h>

#include "tests/unit/smtpd/client.hpp"

namespace postern::smtpd {
namespace {

const std::string kMessage =
    "From: a@product.com\r\nDate: x\r\nMessage-ID: <1@product.com>\r\n\r\ntext\r\n";

std::string send(Client& client, const std::string& message) {
  client.speak("MAIL FROM:<a@product.com>\r\nRCPT TO:<c@example.org>\r\nDATA\r\n");
  return client.ask(message + ".\r\n");
}

struct Introduced : Client {
  explicit Introduced(const std::string& hostname = "relay.example.com") {
    settings.hostname = hostname;
    settings.tls = config::ListenerTls::implicit;
    greet();
    speak("EHLO app\r\n");
  }
};

TEST(Loop, MailThatComesBackIsRefused) {
  Introduced client;
  ASSERT_EQ(send(client, kMessage).substr(0, 3), "250");
  const std::string once = client.stored.back().content();
  EXPECT_EQ(send(client, once),
            "554 5.4.6 The message was here before; a server behind this relay sends it back, so "
            "check its routes\r\n");
  EXPECT_EQ(send(client, "Received: from us by them with ESMTP id 4711;\r\n\tnow\r\n" + once)
                .substr(0, 9),
            "554 5.4.6");
  EXPECT_EQ(client.stored.size(), 1U);
}

TEST(Loop, MailOfAnotherRelayIsNotOurs) {
  Introduced other("other.example.com");
  send(other, kMessage);
  Introduced client;
  EXPECT_EQ(send(client, other.stored.back().content()).substr(0, 3), "250");
}

TEST(Loop, OnlyAnIdOfOursIsTheMark) {
  const std::string by_us = "Received: from x (by y) by relay.example.com with ESMTP id ";
  const std::string id = to_id(NumberSource().next(kNow));
  EXPECT_TRUE(was_here(by_us + id + "; now\r\n", "relay.example.com"));
  EXPECT_TRUE(
      was_here("received:\r\n by RELAY.example.com\r\n id\r\n\t" + id, "relay.example.com"));
  EXPECT_FALSE(was_here(by_us + "4711; now\r\n", "relay.example.com"));
  EXPECT_FALSE(was_here(by_us + id + "; now\r\n", "relay.example.co"));
  EXPECT_FALSE(was_here("Received: id " + id + " by relay.example.com\r\n", "relay.example.com"));
  EXPECT_FALSE(was_here("X-Received: by relay.example.com id " + id, "relay.example.com"));
  EXPECT_FALSE(was_here("Received: by", "relay.example.com"));
}

}  // namespace
}  // namespace postern::smtpd
