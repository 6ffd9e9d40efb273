// [[credential]]: who may sign in, as whom they may send, whose route their mail takes.
#include <gmock/gmock.h>

#include "tests/unit/config/expect_mistakes.hpp"

namespace postern::config {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

std::string credential(const std::string& name, const std::string& more = "") {
  return "[[credential]]\nusername = \"" + name + "\"\npassword = \"p\"\n" + more + "\n";
}

TEST(CredentialSection, IsReadInFull) {
  const Config config = config_of(
      credential("a", "senders = [\"Product-A.com\", \"b.example\"]\ndomain = \"Product-A.com\"") +
      credential("b@b.example") + kWayOut);
  ASSERT_EQ(config.credentials.size(), 2U);
  EXPECT_EQ(config.credentials[0].username, "a");
  EXPECT_EQ(config.credentials[0].password.reveal(), "p");
  EXPECT_THAT(config.credentials[0].senders, ElementsAre("product-a.com", "b.example"));
  EXPECT_EQ(config.credentials[0].domain, "product-a.com");
  EXPECT_THAT(config.credentials[1].senders, IsEmpty());
}

TEST(CredentialSection, NeedsUserNameAndPassword) {
  EXPECT_THAT(mistakes_of("[[credential]]\n" + kWayOut),
              ElementsAre("p.toml:1:1: [[credential]] lacks its \"username\"",
                          "p.toml:1:1: [[credential]] lacks its \"password\""));
  EXPECT_THAT(
      mistakes_of("[[credential]]\nusername = \"\"\npassword = \"\"\n" + kWayOut),
      ElementsAre("p.toml:2:12: username: is empty", "p.toml:3:12: password: the secret is empty"));
}

TEST(CredentialSection, SendersAreDomains) {
  EXPECT_THAT(
      mistakes_of(credential("a", "senders = [\"me@a.com\", \"a.com\", \"A.com\"]") + kWayOut),
      ElementsAre("p.toml:4:12: senders: \"me@a.com\" is not a domain",
                  "p.toml:4:33: senders: \"a.com\" is in the list twice"));
  EXPECT_THAT(mistakes_of(credential("a", "senders = []") + kWayOut),
              ElementsAre("p.toml:4:11: senders: is empty; leave it out to allow every domain"));
}

TEST(CredentialSection, AUserNameIsThereOnce) {
  EXPECT_THAT(mistakes_of(credential("a") + credential("a") + kWayOut),
              ElementsAre("p.toml:6:12: username: there is another [[credential]] \"a\""));
}

TEST(CredentialSection, ItsDomainIsOneOfTheDomains) {
  const std::string user = credential("a", "domain = \"prodct-a.com\"");
  EXPECT_THAT(mistakes_of(user + kWayOut), IsEmpty()) << "no [[domain]]: every one has every way";
  EXPECT_THAT(mistakes_of(user + "[[domain]]\nname = \"*\"\n" + kWayOut), IsEmpty());
  EXPECT_THAT(mistakes_of(user + "[[domain]]\nname = \"product-a.com\"\n" + kWayOut),
              ElementsAre("p.toml:4:10: domain: there is no [[domain]] \"prodct-a.com\" (did you "
                          "mean \"product-a.com\"?)"));
}

TEST(CredentialSection, AListenerThatDemandsSignInNeedsOne) {
  const std::string listener = "[[listener]]\nauth = \"required\"\n";
  EXPECT_THAT(mistakes_of(listener + kWayOut),
              ElementsAre("p.toml:2:8: auth: nobody could sign in; add a [[credential]] with "
                          "username and password"));
  EXPECT_THAT(mistakes_of(listener + credential("a") + kWayOut), IsEmpty());
}

}  // namespace
}  // namespace postern::config
