// Each kind of mistake in one setting, with its exact place and words.
#include <gmock/gmock.h>

#include <fstream>

#include "tests/support/temporary_directory.hpp"
#include "tests/unit/config/expect_mistakes.hpp"

namespace postern::config {
namespace {

using ::testing::ElementsAre;

/// What is reported of `toml` before a transport that is all right.
std::vector<std::string> said_of(const std::string& toml, Variables variables = {}) {
  return mistakes_of(toml + kWayOut, std::move(variables));
}

struct Case {
  std::string toml;
  std::string said;  // behind "p.toml:"
};

void expect_all(const std::vector<Case>& cases) {
  for (const Case& one : cases)
    EXPECT_THAT(said_of(one.toml), ElementsAre("p.toml:" + one.said)) << one.toml;
}

TEST(Mistakes, OfSyntaxAreOneWithItsPlace) {
  expect_all({
      {"[server]\nname = \nbogus = 1",
       "2:8: Error while parsing key-value pair: expected value, saw '\\n'"},
      {"[server]\n[queue]\n[server]",
       "3:1: Error while parsing table header: cannot redefine existing table 'server'"},
  });
}

TEST(Mistakes, UnknownKeysComeWithTheClosestKnownOne) {
  expect_all({
      {"[queue]\nretyr = \"3s\"",
       "2:1: unknown key \"retyr\" in [queue] (did you mean \"retry\"?)"},
      {"[queue]\n  expire-after = \"3s\"",
       "2:3: unknown key \"expire-after\" in [queue] (did you mean \"expire_after\"?)"},
      {"[server]\nwibblewobble = 1", "2:1: unknown key \"wibblewobble\" in [server]"},
      {"[server]\nqueue.x = 1", "2:1: unknown key \"queue\" in [server]"},
      {"[[listener]]\nBind = \"0.0.0.0:25\"",
       "2:1: unknown key \"Bind\" in [[listener]] (did you mean \"bind\"?)"},
      {"[[domain]]\nname = \"a.com\"\n[[domain.dkim]]\nselector = \"s\"\nkey = \"k\"\nkye = 1",
       "6:1: unknown key \"kye\" in [[domain.dkim]] (did you mean \"key\"?)"},
  });
}

// What thirty mistyped files of a first user were answered badly with.
TEST(Mistakes, AreAnsweredWithWhatWasMeant) {
  const std::string smtp = "[[transport]]\nname = \"s\"\ntype = \"smtp\"\nhost = ";
  const std::string duration =
      " is not a duration: a whole number and ms, s, m, h or d, such as \"90s\" (did you mean ";
  expect_all({
      {"[server]\nname = relay", "2:8: this is no value; a text stands between \"quotes\""},
      {"[log]\nlevel = \"warn\"",
       "2:9: level: \"warn\" is not one of \"debug\", \"info\", \"warning\", \"error\" (did you "
       "mean "
       "\"warning\"?)"},
      {"[logging]", "1:2: unknown section \"logging\" (did you mean \"log\"?)"},
      {"[queue]\nexpire_after = \"3 days\"",
       "2:16: expire_after: \"3 days\"" + duration + "\"3d\"?)"},
      {"[queue]\nfailover_after = \"5min\"",
       "2:18: failover_after: \"5min\"" + duration + "\"5m\"?)"},
      {"[queue]\nretry = \"30s 2m\"",
       "2:9: retry: \"30s 2m\" is more than one wait; a comma stands between two"},
      {smtp + "\"mx.example:587\"",
       "4:8: host: \"mx.example:587\" is not a host name or address (did "
       "you mean \"mx.example\"?)"},
      {smtp + "\"smtp://mx.example/\"",
       "4:8: host: \"smtp://mx.example/\" is not a host name or address (did you mean "
       "\"mx.example\"?)"},
      {smtp + "\"mx.example\"\nrate = \"50/min\"",
       "5:8: rate: \"50/min\" is not a rate: a whole number and /s, /m, /h or /d, such as \"50/s\" "
       "(did you mean \"50/m\"?)"},
      {"[[domain]]\nname = \"@a.com\"",
       "2:8: name: \"@a.com\" is not a domain, nor \"*\" (did you mean \"a.com\"?)"},
      {"[[domain]]\nname = \"a.com\"\ntransports = \"out\"",
       "3:14: transports: must be a list, not a string; write [\"out\"]"},
      {"[admin]\ntoken = \"${TOKEN}\"",
       "2:9: token: \"${TOKEN}\" is not replaced by a variable; write "
       "{ env = \"TOKEN\" }"},
  });
  EXPECT_THAT(
      mistakes_of("[[transports]]\nname = \"m\""),
      ElementsAre("p.toml:1:3: unknown section \"transports\" (did you mean \"transport\"?)"));
}

TEST(Mistakes, UnknownSectionsComeWithTheClosestKnownOne) {
  expect_all({
      {"[servr]\nname = \"x\"", "1:2: unknown section \"servr\" (did you mean \"server\"?)"},
      {"[[listners]]\nx = 1", "1:3: unknown section \"listners\" (did you mean \"listener\"?)"},
      {"retry = \"3s\"", "1:1: unknown section \"retry\""},
      {"[zzz]", "1:2: unknown section \"zzz\""},
  });
}

TEST(Mistakes, SectionsAreOneOrMany) {
  expect_all({
      {"[listener]\nbind = \"0.0.0.0:25\"",
       "1:1: \"listener\" is a list of sections: write [[listener]]"},
      {"listener = [1]", "1:12: \"listener\" is a list of sections: write [[listener]]"},
      {"[[queue]]", "1:1: \"queue\" is one section: write [queue]"},
      {"queue = 3", "1:9: \"queue\" is one section: write [queue]"},
      {"[[domain]]\nname = \"a.com\"\n[domain.dkim]\nselector = \"s\"",
       "3:1: \"dkim\" is a list of sections: write [[domain.dkim]]"},
  });
}

TEST(Mistakes, TypesAreNamed) {
  expect_all({
      {"[server]\nname = 3", "2:8: name: must be a string, not a number"},
      {"[server]\nname = true", "2:8: name: must be a string, not a boolean"},
      {"[server]\nname = [\"x\"]", "2:8: name: must be a string, not a list"},
      {"[server]\nio_threads = \"4\"",
       "2:14: io_threads: must be a number, not a string; write it without quotes"},
      {"[server]\nio_threads = 4.5", "2:14: io_threads: must be a number, not a decimal number"},
      {"[queue]\nexpire_after = 90",
       "2:16: expire_after: must be a string, not a number: \"90\" is not a duration: a whole "
       "number "
       "and ms, s, m, h or d, such as \"90s\" (did you mean \"90s\"?)"},
      {"[queue]\nexpire_after = 1979-05-27", "2:16: expire_after: must be a string, not a date"},
      {"[[domain]]\nname = \"a.com\"\nhide_origin = \"yes\"",
       "3:15: hide_origin: must be a boolean, not a string; write true or false without quotes"},
      {"[[listener]]\ntrusted = \"10.0.0.0/8\"",
       "2:11: trusted: must be a list, not a string; write [\"10.0.0.0/8\"]"},
      {"[[listener]]\ntrusted = [\"10.0.0.0/8\", 3]",
       "2:26: trusted: must be a string, not a number"},
      {"[admin]\ntoken = 3",
       "2:9: token: a secret is a string, { env = \"NAME\" } or { file = \"PATH\" }, not a number"},
  });
}

TEST(Mistakes, UnitsAreExplained) {
  const std::string duration =
      " is not a duration: a whole number and ms, s, m, h or d, such as \"90s\"";
  expect_all({
      {"[queue]\nexpire_after = \"3 d\"",
       "2:16: expire_after: \"3 d\"" + duration + " (did you mean \"3d\"?)"},
      {"[queue]\nkeep_bodies = \"\"", "2:15: keep_bodies: \"\"" + duration},
      {"[queue]\nmax_size = \"36MB\"",
       "2:12: max_size: \"36MB\" is not a size: a whole number and B, KiB, MiB, GiB or TiB (did "
       "you mean \"36MiB\"?)"},
      {"[queue]\nretry = \"30s, 2m*, 5m\"",
       "2:9: retry: \"2m*\" repeats for ever, so nothing can follow it"},
      {"[queue]\nretry = \"\"", "2:9: retry: \"\"" + duration},
      {"[[listener]]\ntrusted = [\"10.0.0.1/8\"]",
       "2:12: trusted: \"10.0.0.1/8\" has bits set beyond its prefix (did you mean "
       "\"10.0.0.0/8\"?)"},
      {"[[listener]]\nbind = \"localhost:2525\"",
       "2:8: bind: \"localhost:2525\" names a host; write its address (did you mean "
       "\"127.0.0.1:2525\"?)"},
      {"[[listener]]\nbind = \"\"",
       "2:8: bind: \"\" is not ADDRESS:PORT, such as \"0.0.0.0:2525\""},
  });
}

TEST(Mistakes, NumbersHaveBounds) {
  expect_all({
      {"[server]\nio_threads = -1", "2:14: io_threads: -1 is not from 0 to 1024"},
      {"[server]\nio_threads = 1025", "2:14: io_threads: 1025 is not from 0 to 1024"},
      {"[breaker]\nfailures = 0", "2:12: failures: 0 is not from 1 to 10000"},
      {"[[listener]]\nmax_recipients = 9223372036854775807",
       "2:18: max_recipients: 9223372036854775807 is not from 1 to 100000"},
      {"[[listener]]\nmax_message = \"2GiB\"",
       "2:15: max_message: \"2GiB\" is not from 1KiB to 1GiB"},
      {"[breaker]\nopen_for = \"0s\"", "2:12: open_for: \"0s\" is not from 1ms to 3650d"},
      {"[suppression]\nrefused_for = \"9999d\"",
       "2:15: refused_for: \"9999d\" is longer than ten years"},
  });
}

TEST(Mistakes, WordsComeFromAChoice) {
  expect_all({
      {"[log]\nlevel = \"inof\"",
       "2:9: level: \"inof\" is not one of \"debug\", \"info\", \"warning\", \"error\" (did you "
       "mean \"info\"?)"},
      {"[queue]\non_uncertain = \"panic\"",
       "2:16: on_uncertain: \"panic\" is not one of \"wait\", \"resend\", \"failover\""},
      {"[[domain]]\nname = \"a.com\"\non_uncertain = \"wiat\"",
       "3:16: on_uncertain: \"wiat\" is not one of \"wait\", \"resend\", \"failover\" (did you "
       "mean \"wait\"?)"},
  });
}

TEST(Mistakes, NamesAndHostsAreChecked) {
  expect_all({
      {"[server]\nname = \"a b\"",
       "2:8: name: \"a b\" is not a name of letters, digits, \"-\", \"_\" and \".\""},
      {"[server]\nhostname = \"relay..example\"",
       "2:12: hostname: \"relay..example\" is not a host name or address"},
      {"[[domain]]\nname = \"a.com/../b\"", "2:8: name: \"a.com/../b\" is not a domain, nor \"*\""},
      {"[[domain]]\nname = \"a.com\"\nmailgun_domain = \"*\"",
       "3:18: mailgun_domain: \"*\" is not a host name or address"},
      {"[admin]\nsocket = \"\"", "2:10: socket: is empty"},
      {"[admin]\nsocket = \"a\\nb\"", "2:10: socket: \"a\\x0ab\" has control characters"},
      {"[server]\nstate = \"/dev/null\"", "2:9: state: \"/dev/null\" is not a directory"},
  });
}

TEST(Mistakes, WhatComesLaterIsRefusedByName) {
  expect_all({
      {"[http]", "1:1: [http] is not part of this version"},
      {"[[webhook]]\nname = \"x\"", "1:1: [[webhook]] is not part of this version"},
      {"[chatwoot]", "1:1: [chatwoot] is not part of this version"},
      {"[[alert]]", "1:1: [[alert]] is not part of this version"},
      {"[queue]\nstore = \"postgresql://postern@db.internal/postern\"",
       "2:9: store: a PostgreSQL store is not part of this version (\"sqlite\")"},
      {"[queue]\nstore = \"mysql\"",
       "2:9: store: is not \"sqlite\", the one store of this version"},
  });
}

TEST(Mistakes, OfSes) {
  const std::string ses =
      "[[transport]]\nname = \"aws\"\ntype = \"ses\"\naccess_key_id = \"i\"\n"
      "secret_access_key = \"s\"\n";
  expect_all({
      {ses + "region = \"Ireland\"",
       "6:10: region: \"Ireland\" is not a region such as \"eu-west-1\""},
      {ses + "region = \"eu-west-1\"\ntags = [\"product\"]",
       "7:9: tags: \"product\" is not name=value of letters, digits, \"-\" and \"_\""},
  });
  EXPECT_THAT(mistakes_of("[[transport]]\nname = \"aws\"\ntype = \"ses\""), ::testing::SizeIs(3))
      << "region and both keys";
}

TEST(Mistakes, OfSecretsNameTheirSource) {
  const std::string form = "a secret is a string, { env = \"NAME\" } or { file = \"PATH\" }";
  expect_all({
      {"[admin]\ntoken = \"\"", "2:9: token: the secret is empty"},
      {"[admin]\ntoken = { env = \"NOPE\" }",
       "2:9: token: the environment variable \"NOPE\" is not set"},
      {"[admin]\ntoken = { env = \"\" }", "2:9: token: the environment variable \"\" is not set"},
      {"[admin]\ntoken = { file = \"/nowhere/x\" }",
       "2:9: token: the secret's file \"/nowhere/x\" cannot be read: No such file or directory"},
      {"[admin]\ntoken = { file = \"/\" }", "2:9: token: the secret's file \"/\" is not a file"},
      {"[admin]\ntoken = { file = \"/dev/null\" }",
       "2:9: token: the secret's file \"/dev/null\" is empty"},
      {"[admin]\ntoken = { file = \"/dev/zero\" }",
       "2:9: token: the secret's file \"/dev/zero\" is larger than 64 KiB"},
      {"[admin]\ntoken = {}", "2:9: token: " + form},
      {"[admin]\ntoken = { env = 3 }", "2:9: token: " + form},
      {"[admin]\ntoken = { env = \"A\", file = \"b\" }", "2:9: token: " + form},
      {"[admin]\ntoken = { vault = \"x\" }", "2:9: token: " + form + ", not \"vault\""},
  });
  EXPECT_THAT(said_of("[admin]\ntoken = { env = \"T\" }", {{"T", ""}}),
              ElementsAre("p.toml:2:9: token: the environment variable \"T\" is empty"));
}

TEST(Mistakes, DoNotCountTheLineEndOfASecretsFile) {
  const testing::TemporaryDirectory directory;
  const std::string path = (directory.path() / "secret").string();
  std::ofstream(path, std::ios::binary) << "s3cret two\r\n\n";
  const Config config = config_of("[admin]\ntoken = { file = \"" + path + "\" }" + kWayOut);
  EXPECT_EQ(config.admin.token.reveal(), "s3cret two");
  std::ofstream(path, std::ios::binary) << "\n";
  EXPECT_THAT(said_of("[admin]\ntoken = { file = \"" + path + "\" }"),
              ElementsAre("p.toml:2:9: token: the secret's file \"" + path + "\" is empty"));
}

TEST(Mistakes, OfAMissingFileHaveNoPlace) {
  EXPECT_THAT(lines_of(load_file("/nowhere/p.toml", environment_of({}))),
              ElementsAre("/nowhere/p.toml: cannot be read: No such file or directory"));
  EXPECT_THAT(lines_of(load_file("/tmp", environment_of({}))), ElementsAre("/tmp: is not a file"));
}

}  // namespace
}  // namespace postern::config
