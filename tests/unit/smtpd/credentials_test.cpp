#include "smtpd/credentials.hpp"

#include <gtest/gtest.h>

namespace postern::smtpd {
namespace {

const std::vector<config::Credential> kKnown{{"product-a", Secret("secret"), {"product-a.com"}, ""},
                                             {"product-b", Secret("other"), {}, ""}};

TEST(Credentials, FindsTheUserWithThatPassword) {
  const Credentials credentials(kKnown);
  EXPECT_EQ(credentials.find("product-a", "secret"), &kKnown[0]);
  EXPECT_EQ(credentials.find("product-b", "other"), &kKnown[1]);
}

TEST(Credentials, FindsNobodyOtherwise) {
  const Credentials credentials(kKnown);
  for (const auto& [user, password] :
       std::vector<std::pair<std::string, std::string>>{{"product-a", "Secret"},
                                                        {"product-a", "secre"},
                                                        {"product-a", "secrets"},
                                                        {"product-a", ""},
                                                        {"product-a", "other"},
                                                        {"Product-A", "secret"},
                                                        {"nobody", "secret"},
                                                        {"", ""},
                                                        {"", "secret"},
                                                        {"product-asecret", ""},
                                                        {"product-", "asecret"}})
    EXPECT_EQ(credentials.find(user, password), nullptr) << user << ' ' << password;
  EXPECT_EQ(Credentials({}).find("", ""), nullptr);
}

TEST(MayUse, OnlyTheListedDomainsOrAll) {
  EXPECT_TRUE(may_send_as(kKnown[0], "product-a.com"));
  EXPECT_FALSE(may_send_as(kKnown[0], "mail.product-a.com"));
  EXPECT_FALSE(may_send_as(kKnown[0], "product-b.com"));
  EXPECT_FALSE(may_send_as(kKnown[0], ""));
  EXPECT_TRUE(may_send_as(kKnown[1], "anything.example"));
}

std::string forbidden(std::string_view header) {
  return forbidden_author(kKnown[0], header).value_or("nobody");
}

TEST(ForbiddenAuthor, IsAnyAddressOfFromAndSenderThatIsNotTheUsers) {
  EXPECT_EQ(forbidden("From: A <a@product-a.com>\r\n\r\n"), "nobody");
  EXPECT_EQ(forbidden("From: a@product-a.com, b@Product-A.com\r\nTo: x@y.example\r\n"), "nobody");
  EXPECT_EQ(forbidden("From: a@product-a.com, b@evil.example\r\n"), "evil.example");
  EXPECT_EQ(forbidden("From: a@product-a.com\r\nSender: b@evil.example\r\n"), "evil.example");
  EXPECT_EQ(forbidden("SENDER: b@evil.example\r\nFrom: a@product-a.com\r\n"), "evil.example");
  EXPECT_EQ(forbidden("From: a@product-a.com\r\nResent-From: b@evil.example\r\n"), "evil.example");
  EXPECT_EQ(forbidden("From: a@product-a.com\r\nReply-To: b@evil.example\r\n"), "nobody");
  EXPECT_EQ(forbidden("From:\r\n a@evil.example\r\n"), "evil.example");
}

TEST(ForbiddenAuthor, IsAnAddressWithoutADomainToo) {
  for (const char* from : {"", "root", "a@[192.0.2.1]", "Team:;", "\"a@product-a.com"})
    EXPECT_EQ(forbidden("From: " + std::string(from) + "\r\n"), "") << from;
}

TEST(ForbiddenAuthor, IsNobodyWithoutALimit) {
  EXPECT_EQ(forbidden_author(kKnown[1], "From: root\r\n"), std::nullopt);
}

}  // namespace
}  // namespace postern::smtpd
