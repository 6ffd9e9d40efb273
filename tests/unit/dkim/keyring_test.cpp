#include "dkim/keyring.hpp"

#include <gtest/gtest.h>

#include <thread>

#include "config/config.hpp"
#include "dkim/verifier.hpp"
#include "mail/relaxed_body.hpp"
#include "tests/unit/dkim/keys.hpp"

namespace postern::dkim {
namespace {

using namespace std::chrono_literals;
constexpr Time kNow{1'780'000'000'000ms};

config::Domain domain(std::string name, std::vector<std::string> selectors = {"s1"}) {
  config::Domain entry;
  entry.name = std::move(name);
  for (auto& selector : selectors)
    entry.dkim.push_back({std::move(selector), Secret(test::ed25519().to_pem())});
  return entry;
}

std::string fault_of(const config::Domain& entry) {
  const auto ring = Keyring::build({entry});
  return ring ? "none" : ring.error().what;
}

// Content in pieces, as it comes from the store.
class Pieces final : public Content {
 public:
  Pieces(std::string_view bytes, std::size_t piece_bytes) {
    for (; !bytes.empty(); bytes.remove_prefix(std::min(bytes.size(), piece_bytes))) {
      pieces_.push_back(std::make_shared<const std::string>(bytes.substr(0, piece_bytes)));
      size_bytes_ += pieces_.back()->size();
    }
  }
  std::uint32_t chunks() const override { return static_cast<std::uint32_t>(pieces_.size()); }
  std::uint64_t size_bytes() const override { return size_bytes_; }
  std::shared_ptr<const std::string> chunk(std::uint32_t index) const override {
    return pieces_.at(index);
  }

 private:
  std::vector<std::shared_ptr<const std::string>> pieces_;
  std::uint64_t size_bytes_ = 0;
};

struct Mail {
  std::string sender_domain;
  std::string from;
  std::string body = "Hello\r\n";
  bool hashed = true;

  std::string header() const { return "From: " + from + "\r\nSubject: Hello\r\n\r\n"; }
  Message message() const {
    Message message;
    message.sender_domain = sender_domain;
    message.header_bytes = static_cast<std::uint32_t>(header().size());
    if (!hashed) return message;
    mail::RelaxedBodyHash hash;
    hash.update(body);
    message.body_hash = hash.finish();
    return message;
  }
};

std::string sign(const Keyring& ring, const Mail& mail) {
  return ring.signatures(mail.message(), MemoryContent(mail.header() + mail.body), kNow);
}

// d= of every signature that passes, in order; "!" before one that does not.
std::string signing_domains(const std::vector<config::Domain>& domains, const Mail& mail) {
  const auto ring = Keyring::build(domains);
  if (!ring) return ring.error().what;
  std::string out;
  for (const auto& verdict : verify(
           sign(*ring, mail) + mail.header() + mail.body,
           [](auto&, auto&) -> Result<std::string> { return test::ed25519().record(); }, kNow))
    out += (out.empty() ? "" : " ") + std::string(verdict.passed ? "" : "!") + verdict.selector +
           "@" + verdict.domain;
  return out;
}

TEST(Keyring, SignsForTheSendersDomain) {
  EXPECT_EQ(signing_domains({domain("a.example"), domain("b.example")},
                            {"b.example", "Bob <bob@b.example>"}),
            "s1@b.example");
}

TEST(Keyring, SignsOncePerSelector) {
  EXPECT_EQ(signing_domains({domain("a.example", {"old", "new"})}, {"a.example", "x@a.example"}),
            "old@a.example new@a.example");
}

TEST(Keyring, SignsNothingForADomainWithoutAKey) {
  const Mail mail{"c.example", "x@c.example"};
  EXPECT_EQ(signing_domains({domain("a.example"), domain("c.example", {})}, mail), "");
  EXPECT_EQ(signing_domains({}, mail), "");
  // The parent's key is the parent's: a subdomain is named, or not signed.
  EXPECT_EQ(signing_domains({domain("example")}, mail), "");
}

TEST(Keyring, AlignsWithTheFromHeaderInsideOneOrganisation) {
  const std::vector<config::Domain> domains{domain("a.example"), domain("news.a.example")};
  EXPECT_EQ(signing_domains(domains, {"bounces.a.example", "x@a.example"}), "s1@a.example");
  EXPECT_EQ(signing_domains(domains, {"news.a.example", "x@a.example"}), "s1@a.example");
  EXPECT_EQ(signing_domains(domains, {"a.example", "x@NEWS.a.example"}), "s1@news.a.example");
}

TEST(Keyring, LendsNoKeyToSomebodyElse) {
  const std::vector<config::Domain> domains{domain("a.example"), domain("b.example")};
  EXPECT_EQ(signing_domains(domains, {"b.example", "ceo@a.example"}), "s1@b.example");
  EXPECT_EQ(signing_domains(domains, {"c.example", "ceo@a.example"}), "");
  EXPECT_EQ(signing_domains(domains, {"evila.example", "ceo@a.example"}), "");
}

TEST(Keyring, ReadsTheFromHeaderAsAMailboxNotAsText) {
  const std::vector<config::Domain> domains{domain("a.example"), domain("m.a.example")};
  for (const char* from :
       {"\"x@m.a.example\" <x@a.example>", "x@a.example (x@m.a.example)",
        "\"q\\\" <y@m.a.example>\" <x@a.example>", "<x@a.example>", "x@A.Example "})
    EXPECT_EQ(signing_domains(domains, {"m.a.example", from}), "s1@a.example") << from;
}

TEST(Keyring, FallsBackToTheSenderWhereFromIsUnclear) {
  const std::vector<config::Domain> domains{domain("a.example"), domain("m.a.example")};
  for (const char* from : {"", "undisclosed:;", "nobody", "x@m.a.example\r\nFrom: y@m.a.example"})
    EXPECT_EQ(signing_domains(domains, {"a.example", from}), "s1@a.example") << from;
}

TEST(Keyring, HashesTheBodyItselfWhereNobodyDid) {
  Mail mail{"a.example", "x@a.example", "one \r\ntwo\r\n\r\n\r\nthree\r\n\r\n", false};
  EXPECT_EQ(signing_domains({domain("a.example")}, mail), "s1@a.example");
  const auto ring = Keyring::build({domain("a.example")});
  const auto whole = sign(*ring, mail);
  const auto bytes = mail.header() + mail.body;
  for (std::size_t size = mail.header().size(); size <= bytes.size(); ++size)
    EXPECT_EQ(ring->signatures(mail.message(), Pieces(bytes, size), kNow), whole) << size;
}

TEST(Keyring, RefusesBadEntriesBySayingWhich) {
  EXPECT_EQ(fault_of(domain("a.example")), "none");
  EXPECT_EQ(fault_of(domain("*")),
            "DKIM key s1 of domain *: \"*\" is no domain to sign for; name the domain");
  EXPECT_EQ(fault_of(domain("a.example; d=b")),
            "DKIM key s1 of domain a.example; d=b: the domain is not a name in DNS");
  EXPECT_EQ(fault_of(domain("a.example", {"s 1"})),
            "DKIM key s 1 of domain a.example: the selector is not a name in DNS");
  auto bad = domain("a.example");
  bad.dkim[0].key = Secret("not a key");
  EXPECT_EQ(fault_of(bad),
            "DKIM key s1 of domain a.example: not an unencrypted private key in PEM");
}

TEST(Keyring, SaysForWhomItSigns) {
  const auto ring = Keyring::build({domain("a.example"), domain("b.example", {})});
  EXPECT_TRUE(ring->signs_for("a.example"));
  EXPECT_FALSE(ring->signs_for("b.example"));
  EXPECT_FALSE(ring->empty());
  EXPECT_TRUE(Keyring::build({})->empty());
}

TEST(Keyring, SignsFromManyThreads) {
  config::Domain both = domain("a.example");
  both.dkim.push_back({"s2", Secret(test::rsa().to_pem())});
  const auto ring = Keyring::build({both});
  const Mail mail{"a.example", "x@a.example"};
  const auto expected = sign(*ring, mail);
  std::vector<std::string> signatures(4);
  std::vector<std::thread> threads;
  for (auto& signature : signatures)
    threads.emplace_back([&] {
      for (int i = 0; i < 20; ++i) signature = sign(*ring, mail);
    });
  for (auto& thread : threads) thread.join();
  for (const auto& signature : signatures) EXPECT_EQ(signature, expected);
}

}  // namespace
}  // namespace postern::dkim
