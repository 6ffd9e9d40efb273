// Mistakes that only show when settings are seen together, and many mistakes at once.
#include <gmock/gmock.h>

#include "tests/unit/config/expect_mistakes.hpp"

namespace postern::config {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

std::string smtp(const std::string& settings) {
  return "[[transport]]\nname = \"s\"\ntype = \"smtp\"\nhost = \"h\"\n" + settings + "\n";
}

std::string listen(const std::string& bind) {
  return "[[listener]]\nbind = \"" + bind + "\"\n";
}

TEST(CrossCheck, NoTransportIsNoWayOut) {
  EXPECT_THAT(mistakes_of("[server]\nname = \"x\"\n"),
              ElementsAre("p.toml:1:1: there is no way out: add a [[transport]] with name and type "
                          "(mailgun, ses, smtp or capture)"));
  EXPECT_THAT(mistakes_of("").size(), 1U);
}

TEST(CrossCheck, EachTypeHasItsRequiredKeys) {
  EXPECT_THAT(mistakes_of("[[transport]]\n"),
              ElementsAre("p.toml:1:1: [[transport]] lacks its \"name\"",
                          "p.toml:1:1: [[transport]] lacks its \"type\""));
  EXPECT_THAT(mistakes_of("[[transport]]\nname = \"m\"\ntype = \"mailgun\"\n"),
              ElementsAre("p.toml:1:1: [[transport]] lacks its \"api_key\""));
  EXPECT_THAT(mistakes_of("[[transport]]\nname = \"m\"\ntype = \"smtp\"\n"),
              ElementsAre("p.toml:1:1: [[transport]] lacks its \"host\""));
  EXPECT_THAT(mistakes_of("\n[[transport]]\nname = \"m\"\ntype = \"capture\"\n"),
              ElementsAre("p.toml:2:1: [[transport]] lacks its \"directory\""));
  EXPECT_THAT(mistakes_of("[[domain]]\n[[domain.dkim]]\n" + kWayOut),
              ElementsAre("p.toml:1:1: [[domain]] lacks its \"name\"",
                          "p.toml:2:1: [[domain.dkim]] lacks its \"selector\"",
                          "p.toml:2:1: [[domain.dkim]] lacks its \"key\""));
}

TEST(CrossCheck, KeysOfAnotherTypeDoNotBelong) {
  EXPECT_THAT(
      mistakes_of(smtp("region = \"us\"\napi_key = \"k\"\ndirectory = \"x\"\nhots = 1")),
      ElementsAre(
          "p.toml:5:1: \"region\" belongs to transports of type \"mailgun\", not \"smtp\"",
          "p.toml:6:1: \"api_key\" belongs to transports of type \"mailgun\", not \"smtp\"",
          "p.toml:7:1: \"directory\" belongs to transports of type \"capture\", not \"smtp\"",
          "p.toml:8:1: unknown key \"hots\" in [[transport]] (did you mean \"host\"?)"));
  EXPECT_THAT(
      mistakes_of(kWayOut + "connections = 3\n"),
      ElementsAre(
          "p.toml:6:1: \"connections\" belongs to transports of type \"smtp\", not \"capture\""));
}

TEST(CrossCheck, EveryTypeTakesTheCommonKeys) {
  const std::string common =
      "concurrency = 3\nrate = \"5/s\"\ntimeout = \"5s\"\nmax_message = \"1MiB\"\n";
  EXPECT_THAT(mistakes_of(smtp(common)), IsEmpty());
  EXPECT_THAT(mistakes_of(kWayOut + common), IsEmpty());
  EXPECT_THAT(
      mistakes_of("[[transport]]\nname = \"m\"\ntype = \"mailgun\"\napi_key = \"k\"\n" + common),
      IsEmpty());
}

TEST(CrossCheck, SmtpSettingsAreChecked) {
  EXPECT_THAT(
      mistakes_of(smtp("ca_file = \"/nowhere/ca.pem\"")),
      ElementsAre(
          "p.toml:5:11: ca_file: \"/nowhere/ca.pem\" cannot be read: No such file or directory"));
  EXPECT_THAT(mistakes_of(smtp("ca_file = \"/\"")),
              ElementsAre("p.toml:5:11: ca_file: \"/\" is not a file"));
  EXPECT_THAT(mistakes_of(smtp("port = 65536")),
              ElementsAre("p.toml:5:8: port: 65536 is not from 1 to 65535"));
  EXPECT_THAT(mistakes_of(smtp("tls = \"tls\"")),
              ElementsAre("p.toml:5:7: tls: \"tls\" is not one of \"starttls\", \"implicit\", "
                          "\"opportunistic\", \"none\""));
  EXPECT_THAT(mistakes_of(smtp("username = \"u\"")),
              ElementsAre("p.toml:5:12: username: needs a password"));
  EXPECT_THAT(mistakes_of(smtp("password = \"p\"")),
              ElementsAre("p.toml:5:12: password: needs a username"));
  EXPECT_THAT(
      mistakes_of(smtp("rate = \"0/s\"")),
      ElementsAre("p.toml:5:8: rate: a rate is at least 1; leave the key out for no limit"));
}

TEST(CrossCheck, ABadPasswordIsOneMistake) {
  EXPECT_THAT(mistakes_of(smtp("username = \"u\"\npassword = { env = \"NOPE\" }")),
              ElementsAre("p.toml:6:12: password: the environment variable \"NOPE\" is not set"));
}

TEST(CrossCheck, BaseUrlIsSchemeHostAndPort) {
  const auto said = [](const std::string& url) {
    return mistakes_of(
        "[[transport]]\nname = \"m\"\ntype = \"mailgun\"\napi_key = \"k\"\nbase_url = \"" + url +
        "\"\n");
  };
  EXPECT_THAT(said("http://127.0.0.1:8090"), IsEmpty());
  EXPECT_THAT(
      said("ftp://h:1"),
      ElementsAre(
          "p.toml:5:12: base_url: \"ftp://h:1\" is not scheme://host:port with http or https"));
  EXPECT_THAT(
      said("https://api.mailgun.net/v3"),
      ElementsAre(
          "p.toml:5:12: base_url: \"https://api.mailgun.net/v3\" goes on behind the port (did you "
          "mean \"https://api.mailgun.net\"?)"));
}

TEST(CrossCheck, NamesAreGivenOnce) {
  EXPECT_THAT(mistakes_of(smtp("") + smtp("")),
              ElementsAre("p.toml:7:8: name: there is another [[transport]] \"s\""));
  EXPECT_THAT(mistakes_of("[[domain]]\nname = \"a.com\"\n[[domain]]\nname = \"A.com\"\n" + kWayOut),
              ElementsAre("p.toml:4:8: name: there is another [[domain]] \"a.com\""));
  EXPECT_THAT(
      mistakes_of("[[domain]]\nname = \"a.com\"\n[[domain.dkim]]\nselector = \"s\"\nkey = \"k\"\n"
                  "[[domain.dkim]]\nselector = \"s\"\nkey = \"l\"\n" +
                  kWayOut),
      ElementsAre("p.toml:7:12: selector: the domain has another key \"s\""));
}

TEST(CrossCheck, RoutesLeadToTransports) {
  const auto said = [](const std::string& list) {
    return mistakes_of("[[domain]]\nname = \"a.com\"\ntransports = " + list + "\n" + kWayOut);
  };
  EXPECT_THAT(said("[\"out\"]"), IsEmpty());
  EXPECT_THAT(
      said("[\"out\", \"uot\"]"),
      ElementsAre(
          "p.toml:3:22: transports: there is no [[transport]] \"uot\" (did you mean \"out\"?)"));
  EXPECT_THAT(said("[\"out\", \"out\"]"),
              ElementsAre("p.toml:3:22: transports: \"out\" is in the list twice"));
  EXPECT_THAT(
      said("[]"),
      ElementsAre("p.toml:3:14: transports: is empty; leave it out to use every transport"));
}

TEST(CrossCheck, PortsAreTakenOnce) {
  EXPECT_THAT(
      mistakes_of(listen("127.0.0.1:25") + listen("127.0.0.1:25") + kWayOut),
      ElementsAre("p.toml:4:8: bind: 127.0.0.1:25 is taken by the listener at 127.0.0.1:25"));
  EXPECT_THAT(mistakes_of(listen("0.0.0.0:25") + listen("127.0.0.1:25") + kWayOut),
              ElementsAre("p.toml:4:8: bind: 127.0.0.1:25 is taken by the listener at 0.0.0.0:25"));
  EXPECT_THAT(mistakes_of(listen("[::]:25") + listen("0.0.0.0:25") + kWayOut),
              ElementsAre("p.toml:4:8: bind: 0.0.0.0:25 is taken by the listener at [::]:25"));
  EXPECT_THAT(mistakes_of(listen("[::1]:25") + listen("[::]:25") + kWayOut),
              ElementsAre("p.toml:4:8: bind: [::]:25 is taken by the listener at [::1]:25"));
  EXPECT_THAT(mistakes_of(listen("127.0.0.1:25") + listen("127.0.0.2:25") + kWayOut), IsEmpty());
  EXPECT_THAT(mistakes_of(listen("0.0.0.0:25") + listen("[::1]:25") + kWayOut), IsEmpty());
  EXPECT_THAT(mistakes_of(listen("nonsense") + listen("rubbish") + kWayOut).size(), 2U);
}

TEST(CrossCheck, ProxiesAreHeardOnlyWhenTrusted) {
  const std::string proxied = listen("127.0.0.1:25") + "proxy_protocol = true\n";
  EXPECT_THAT(mistakes_of(proxied + "trusted = [\"192.0.2.1/32\"]\n" + kWayOut), IsEmpty());
  EXPECT_THAT(mistakes_of(proxied + "trusted = []\n" + kWayOut),
              ElementsAre("p.toml:3:18: proxy_protocol: only proxies in `trusted` are heard, and "
                          "it is empty"));
}

TEST(CrossCheck, ListenersAndAdminDoNotShareAPort) {
  EXPECT_THAT(
      mistakes_of(listen("0.0.0.0:8080") + kWayOut),
      ElementsAre(
          "p.toml:2:8: bind: the listener at 0.0.0.0:8080 and [admin] at 127.0.0.1:8080 are on "
          "one port"));
  EXPECT_THAT(
      mistakes_of("[admin]\nbind = \"127.0.0.1:2525\"\n" + kWayOut),
      ElementsAre(
          "p.toml:2:8: bind: the listener at 0.0.0.0:2525 and [admin] at 127.0.0.1:2525 are on "
          "one port"));
  EXPECT_THAT(mistakes_of("[admin]\nbind = \"\"\n" + listen("0.0.0.0:8080") + kWayOut), IsEmpty());
}

TEST(CrossCheck, AnOpenAdminInterfaceNeedsAToken) {
  EXPECT_THAT(mistakes_of("[admin]\nbind = \"0.0.0.0:8080\"\n" + kWayOut),
              ElementsAre("p.toml:2:8: bind: 0.0.0.0:8080 is reached from other machines, so "
                          "[admin] needs a token"));
  EXPECT_THAT(mistakes_of("[admin]\nbind = \"0.0.0.0:8080\"\ntoken = \"t\"\n" + kWayOut),
              IsEmpty());
  EXPECT_THAT(mistakes_of("[admin]\nbind = \"[::1]:8080\"\n" + kWayOut), IsEmpty());
  EXPECT_THAT(mistakes_of("[admin]\nbind = \"127.8.9.1:8080\"\n" + kWayOut), IsEmpty());
  EXPECT_THAT(mistakes_of("[admin]\nbind = \"[::ffff:127.0.0.1]:8080\"\n" + kWayOut), IsEmpty());
}

TEST(CrossCheck, OpenMaxIsNotBelowOpenFor) {
  EXPECT_THAT(mistakes_of("[breaker]\nopen_for = \"20m\"\n" + kWayOut),
              ElementsAre("p.toml:1:1: open_max: 15m is shorter than open_for, 20m"));
}

TEST(CrossCheck, ManyMistakesAreReportedAtOnceInTheOrderOfTheFile) {
  EXPECT_THAT(
      mistakes_of(R"([sever]
[queue]
retry = "sometimes"
[[transport]]
name = "m"
type = "mailgun"
api_key = { env = "NOPE" }
regoin = "us"
[[domain]]
name = "a.com"
transports = ["n"]
hide_origin = 1
[chatwoot]
)"),
      ElementsAre(
          "p.toml:1:2: unknown section \"sever\" (did you mean \"server\"?)",
          "p.toml:3:9: retry: \"sometimes\" is not a duration: a whole number and ms, s, m, h "
          "or d, such as \"90s\"",
          "p.toml:7:11: api_key: the environment variable \"NOPE\" is not set",
          "p.toml:8:1: unknown key \"regoin\" in [[transport]] (did you mean \"region\"?)",
          "p.toml:11:15: transports: there is no [[transport]] \"n\"",
          "p.toml:12:15: hide_origin: must be a boolean, not a number",
          "p.toml:13:1: [chatwoot] is not part of this version"));
}

}  // namespace
}  // namespace postern::config
