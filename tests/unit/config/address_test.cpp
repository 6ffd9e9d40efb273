// Networks, endpoints and URLs.
#include <gtest/gtest.h>

#include "config/load.hpp"
#include "config/units.hpp"
#include "config/url.hpp"

namespace postern::config {
namespace {

bool contains(const char* network, const char* address) {
  return parse_network(network).value().contains(boost::asio::ip::make_address(address));
}

TEST(Network, HoldsTheAddressesOfItsBlock) {
  EXPECT_TRUE(contains("10.0.0.0/8", "10.255.0.1"));
  EXPECT_FALSE(contains("10.0.0.0/8", "11.0.0.1"));
  EXPECT_TRUE(contains("172.16.0.0/12", "172.31.255.255"));
  EXPECT_FALSE(contains("172.16.0.0/12", "172.32.0.0"));
  EXPECT_TRUE(contains("192.0.2.1/32", "192.0.2.1"));
  EXPECT_TRUE(contains("0.0.0.0/0", "8.8.8.8"));
  EXPECT_TRUE(contains("::1/128", "::1"));
  EXPECT_TRUE(contains("fc00::/7", "fd12::1"));
  EXPECT_FALSE(contains("fc00::/7", "fe80::1"));
}

TEST(Network, SeesThroughMappedAddresses) {
  EXPECT_TRUE(contains("10.0.0.0/8", "::ffff:10.1.2.3"));
  EXPECT_FALSE(contains("::/0", "::ffff:10.1.2.3"));
  EXPECT_FALSE(contains("0.0.0.0/0", "2001:db8::1"));
}

TEST(Network, IsWrittenInOneWay) {
  const auto said = [](const char* text) { return parse_network(text).error().what; };
  EXPECT_EQ(said("10.0.0.1/8"),
            "\"10.0.0.1/8\" has bits set beyond its prefix (did you mean \"10.0.0.0/8\"?)");
  EXPECT_EQ(said("2001:db8::1/32"),
            "\"2001:db8::1/32\" has bits set beyond its prefix (did you mean \"2001:db8::/32\"?)");
  EXPECT_EQ(said("127.0.0.1"),
            "\"127.0.0.1\" lacks its prefix length (did you mean \"127.0.0.1/32\"?)");
  EXPECT_EQ(said("::1"), "\"::1\" lacks its prefix length (did you mean \"::1/128\"?)");
  EXPECT_EQ(said("10.0.0.0/33"), "\"10.0.0.0/33\" has no prefix length from 0 to 32");
  EXPECT_EQ(said("10.0.0.0/"), "\"10.0.0.0/\" has no prefix length from 0 to 32");
  EXPECT_EQ(said("::ffff:10.0.0.0/104"),
            "\"::ffff:10.0.0.0/104\" is an IPv4-mapped network: write it as IPv4");
  for (const char* text : {"", "lan", "10.0.0/8", "fe80::%1/10", "10.0.0.0/8/8"})
    EXPECT_FALSE(parse_network(text)) << text;
}

TEST(Endpoint, IsAnAddressAndAPort) {
  EXPECT_EQ(parse_endpoint("0.0.0.0:2525").value(), (Endpoint{"0.0.0.0", 2525}));
  EXPECT_EQ(parse_endpoint("[::1]:25").value(), (Endpoint{"::1", 25}));
  EXPECT_EQ(format_endpoint({"::1", 25}), "[::1]:25");
  EXPECT_EQ(format_endpoint({"127.0.0.1", 25}), "127.0.0.1:25");
}

TEST(Endpoint, IsNothingElse) {
  for (const char* text :
       {"", ":", "2525", ":2525", "127.0.0.1", "127.0.0.1:", "127.0.0.1:0", "127.0.0.1:65536",
        "127.0.0.1:x", "::1:25", "[127.0.0.1]:25", "[::1]", "*:25", "host:25", "[]:25"})
    EXPECT_FALSE(parse_endpoint(text)) << text;
}

TEST(Host, IsADnsNameOrAnAddress) {
  for (const char* text : {"a", "localhost", "mx.example.com", "192.0.2.1", "2001:db8::1",
                           "_spf.example", "xn--bcher-kva.example",
                           "b\xC3\xBC"
                           "cher.example"})
    EXPECT_TRUE(is_host(text)) << text;
  const std::string label(63, 'a');
  EXPECT_TRUE(is_host(label + ".com"));
  EXPECT_FALSE(is_host(label + "a.com"));
  const std::string full = label + '.' + label + '.' + label + '.' + std::string(61, 'a');
  EXPECT_TRUE(is_host(full)) << full.size();
  EXPECT_FALSE(is_host(full + 'a'));
  for (const char* text : {"", ".", "a.", ".a", "a..b", "-a", "a-", "a b", "a/b", "a@b", "a:25",
                           "[::1]", "fe80::1%eth0", "a\nb"})
    EXPECT_FALSE(is_host(text)) << text;
}

TEST(BaseUrl, IsSchemeHostAndPort) {
  EXPECT_EQ(parse_base_url("http://127.0.0.1:8090").value(), "http://127.0.0.1:8090");
  EXPECT_EQ(parse_base_url("https://api.eu.mailgun.net").value(), "https://api.eu.mailgun.net");
  EXPECT_EQ(parse_base_url("http://[::1]:80/").value(), "http://[::1]:80") << "no trailing slash";
}

TEST(BaseUrl, IsNothingElse) {
  for (const char* text :
       {"", "api.mailgun.net", "http://", "http://:80", "http://h:0", "http://h:65536",
        "http://h:x", "ftp://h", "http://u:p@h", "http://h/v3", "http://h?q", "http://h#f",
        "http://h h", "http:h", "//h", "http://a%00b"})
    EXPECT_FALSE(parse_base_url(text)) << text;
}

// Found by fuzzing: Boost.URL 1.81 asserts on it.
TEST(BaseUrl, IsNotATextWithoutAuthority) {
  for (const char* text : {"fc:^", "http:", "http:/", "http:/h", ":", "://", "://h"}) {
    EXPECT_FALSE(parse_base_url(text)) << text;
    EXPECT_FALSE(parse_backup_url(text)) << text;
  }
}

TEST(SmarthostUrl, NamesTlsByItsScheme) {
  const Transport starttls = parse_backup_url("smtp+starttls://me:pw@mx.example").value();
  EXPECT_EQ(starttls.type, "smtp");
  EXPECT_EQ(starttls.host, "mx.example");
  EXPECT_EQ(starttls.port, 587);
  EXPECT_EQ(starttls.tls, TransportTls::starttls);
  EXPECT_TRUE(starttls.verify);
  EXPECT_EQ(starttls.username, "me");
  EXPECT_EQ(starttls.password.reveal(), "pw");
  const Transport implicit = parse_backup_url("smtps://me:pw@[2001:db8::1]:4465").value();
  EXPECT_EQ(implicit.host, "2001:db8::1");
  EXPECT_EQ(implicit.port, 4465);
  EXPECT_EQ(implicit.tls, TransportTls::implicit);
  EXPECT_EQ(parse_backup_url("smtps://h").value().port, 465);
  const Transport plain = parse_backup_url("smtp://192.0.2.1/").value();
  EXPECT_EQ(plain.port, 25);
  EXPECT_EQ(plain.tls, TransportTls::opportunistic);
  EXPECT_TRUE(plain.username.empty());
}

TEST(SmarthostUrl, NeedsNoTlsToThisMachine) {
  for (const char* text : {"smtp://127.0.0.1:1025", "smtp://localhost", "smtp://[::1]"})
    EXPECT_EQ(parse_backup_url(text).value().tls, TransportTls::none) << text;
  EXPECT_EQ(parse_backup_url("smtp+starttls://localhost").value().tls, TransportTls::starttls);
}

TEST(SmarthostUrl, DecodesUserAndPassword) {
  const Transport smarthost =
      parse_backup_url("smtps://me%40product.example:p%3A%2F%25+%C3%BC@mx.example").value();
  EXPECT_EQ(smarthost.username, "me@product.example");
  EXPECT_EQ(smarthost.password.reveal(), "p:/%+\xC3\xBC");
}

TEST(SmarthostUrl, IsNothingElse) {
  const auto said = [](const char* text) { return parse_backup_url(text).error().what; };
  EXPECT_EQ(said("http://h"), "has the scheme \"http\", not smtp+starttls, smtps, smtp or ses");
  EXPECT_EQ(said("smtp://"), "names no host");
  EXPECT_EQ(said("smtp://h:0"), "has no port from 1 to 65535");
  EXPECT_EQ(said("smtp://h:70000"), "has no port from 1 to 65535");
  EXPECT_EQ(said("smtp://h:99999"), "has no port from 1 to 65535");
  EXPECT_EQ(said("smtp://h/x"), "goes on behind the port");
  EXPECT_EQ(said("smtp://:pw@h"), "has an empty user name");
  EXPECT_EQ(said("smtp://me@h"), "has an empty password");
  EXPECT_EQ(said("smtp://me:@h"), "has an empty password");
}

TEST(SesUrl, NamesKeySecretAndRegion) {
  const Transport ses = parse_backup_url("ses://AKID:s%2Fe%2Bc+r@us-gov-east-1/").value();
  EXPECT_EQ(ses.type, "ses");
  EXPECT_EQ(ses.region, "us-gov-east-1");
  EXPECT_EQ(ses.access_key_id.reveal(), "AKID");
  EXPECT_EQ(ses.secret_access_key.reveal(), "s/e+c+r");
  EXPECT_EQ(ses.max_message_bytes, 28 * kMiB);
  EXPECT_EQ(ses.dkim, DkimBy::provider);
}

TEST(SesUrl, IsNothingElse) {
  const auto said = [](const char* text) { return parse_backup_url(text).error().what; };
  const std::string region =
      "names no region: ses://key:secret@eu-west-1, with \"/\" in the secret written as %2F";
  for (const char* text : {"ses://k:s@nowhere", "ses://k:s/x@eu-west-1", "ses://k:s@mx.example"})
    EXPECT_EQ(said(text), region) << text;
  EXPECT_EQ(said("ses://eu-west-1"), "needs key and secret: ses://key:secret@region");
  EXPECT_EQ(said("ses://k@eu-west-1"), "needs key and secret: ses://key:secret@region");
  EXPECT_EQ(said("ses://k:s@eu-west-1:443"), "goes on behind the region");
}

TEST(SmarthostUrl, NeverRepeatsThePassword) {
  for (const char* text : {"smtp://me:s3cret#x@h", "smtp://me:s3 cret@h", "smtp://me:s3cret/x@h",
                           "smtp://me:s3cret@h/x", "me:s3cret@h", "smtp://me:s3%cret@h",
                           "ses://me:s3/cret@eu-west-1", "ses://me:s3cret@h"}) {
    const auto parsed = parse_backup_url(text);
    ASSERT_FALSE(parsed) << text;
    EXPECT_EQ(parsed.error().what.find("s3"), std::string::npos) << parsed.error().what;
  }
}

}  // namespace
}  // namespace postern::config
