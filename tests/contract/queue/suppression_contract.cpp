// The suppression list.
#include "tests/contract/queue/store_contract.hpp"

namespace postern::queue {
namespace {

using namespace std::chrono_literals;
using Reason = SuppressionReason;

Suppression entry(std::string address, std::string domain = {},
                  std::optional<Time> expires_at = std::nullopt, Reason reason = Reason::bounce) {
  return {.address = std::move(address),
          .sender_domain = std::move(domain),
          .reason = reason,
          .source = "mailgun",
          .added_at = kNow,
          .expires_at = expires_at,
          .detail = "550 5.1.1 no such user"};
}

std::vector<std::string> addresses(const std::vector<Suppression>& entries) {
  std::vector<std::string> all;
  for (const Suppression& one : entries) all.push_back(one.address + "/" + one.sender_domain);
  return all;
}

}  // namespace

TEST_P(StoreContract, ASuppressionIsThereAfterReopening) {
  EXPECT_EQ(commit(Suppress{entry("x@b.example", "a.example", kNow + 1h)}).changed, 1u);
  for (int i = 0; i < 2; ++i, reopen()) {
    EXPECT_TRUE(store_->reader().may_be_suppressed("x@b.example"));
    const auto found = store_->reader().suppression("x@b.example", "a.example", kNow);
    ASSERT_TRUE(found);
    EXPECT_EQ(*found, entry("x@b.example", "a.example", kNow + 1h));
  }
}

TEST_P(StoreContract, OnlyItsDomainOrEverybodysMailIsSuppressed) {
  commit(Suppress{entry("own@b.example", "a.example")});
  commit(Suppress{entry("all@b.example")});
  Reader& reader = store_->reader();
  EXPECT_TRUE(reader.suppression("own@b.example", "a.example", kNow));
  EXPECT_FALSE(reader.suppression("own@b.example", "c.example", kNow));
  EXPECT_TRUE(reader.suppression("all@b.example", "a.example", kNow));
  EXPECT_TRUE(reader.suppression("all@b.example", "", kNow));
  EXPECT_FALSE(reader.suppression("other@b.example", "a.example", kNow));
  EXPECT_FALSE(reader.may_be_suppressed("other@b.example"));
}

TEST_P(StoreContract, TheDomainsOwnSuppressionGoesBeforeEverybodys) {
  commit(Suppress{entry("x@b.example")});
  commit(Suppress{entry("x@b.example", "a.example", {}, Reason::complaint)});
  EXPECT_EQ(store_->reader().suppression("x@b.example", "a.example", kNow)->reason,
            Reason::complaint);
  EXPECT_EQ(store_->reader().suppression("x@b.example", "c.example", kNow)->reason, Reason::bounce);
}

TEST_P(StoreContract, SuppressedAddressesAreComparedInLowerCase) {
  commit(Suppress{entry("Ann.Smith@B.Example", "A.Example")});
  Reader& reader = store_->reader();
  EXPECT_TRUE(reader.may_be_suppressed("aNN.sMITH@b.eXAMPLE"));
  const auto found = reader.suppression("ANN.smith@b.example", "a.example", kNow);
  ASSERT_TRUE(found);
  EXPECT_EQ(found->address, "ann.smith@b.example");
  EXPECT_EQ(commit(Unsuppress{"ANN.SMITH@b.example", "A.EXAMPLE"}).changed, 1u);
  EXPECT_FALSE(reader.suppression("ann.smith@b.example", "a.example", kNow));
}

TEST_P(StoreContract, OfTwoSuppressionsTheLongerOneStays) {
  const auto expiry = [&] {
    return store_->reader().suppression("x@b.example", "", kNow)->expires_at;
  };
  commit(Suppress{entry("x@b.example", {}, kNow + 2h)});
  EXPECT_EQ(commit(Suppress{entry("x@b.example", {}, kNow + 1h)}).changed, 0u);
  EXPECT_EQ(expiry(), kNow + 2h);
  EXPECT_EQ(commit(Suppress{entry("x@b.example", {}, kNow + 3h)}).changed, 1u);
  EXPECT_EQ(expiry(), kNow + 3h);
  EXPECT_EQ(commit(Suppress{entry("x@b.example")}).changed, 1u);
  EXPECT_EQ(expiry(), std::nullopt);
  EXPECT_EQ(commit(Suppress{entry("x@b.example", {}, kNow + 9h)}).changed, 0u);
  EXPECT_EQ(commit(Suppress{entry("x@b.example", {}, kNow + 9h), true}).changed, 1u)
      << "an operator's word counts";
  EXPECT_EQ(expiry(), kNow + 9h);
}

TEST_P(StoreContract, AnExpiredSuppressionCountsForNothing) {
  commit(Suppress{entry("x@b.example", {}, kNow + 1h)});
  Reader& reader = store_->reader();
  EXPECT_TRUE(reader.suppression("x@b.example", "", kNow + 1h - 1ms));
  EXPECT_FALSE(reader.suppression("x@b.example", "", kNow + 1h));
  EXPECT_TRUE(reader.suppressions({}, {}, kNow + 1h, 10).empty());
}

TEST_P(StoreContract, ExpiredSuppressionsArePruned) {
  commit(Suppress{entry("old@b.example", {}, kNow)});
  commit(Suppress{entry("older@b.example", {}, kNow - 1h)});
  commit(Suppress{entry("young@b.example", {}, kNow + 1ms)});
  commit(Suppress{entry("ever@b.example")});
  Prune prune;
  prune.limit = 1;
  prune.suppressions_before = kNow;
  for (const bool more : {true, true, false}) EXPECT_EQ(commit(prune).more, more);
  EXPECT_EQ(addresses(store_->reader().suppressions({}, {}, kNow - 2h, 10)),
            (std::vector<std::string>{"ever@b.example/", "young@b.example/"}));
}

TEST_P(StoreContract, ARemovedSuppressionIsGone) {
  for (const char* domain : {"", "a.example", "c.example"})
    commit(Suppress{entry("x@b.example", domain)});
  EXPECT_EQ(commit(Unsuppress{"x@b.example", "a.example"}).changed, 1u);
  EXPECT_EQ(commit(Unsuppress{"x@b.example", "a.example"}).changed, 0u);
  EXPECT_EQ(commit(Unsuppress{"x@b.example", {}}).changed, 2u);
  EXPECT_FALSE(store_->reader().suppression("x@b.example", "c.example", kNow));
  reopen();
  EXPECT_FALSE(store_->reader().may_be_suppressed("x@b.example"));
}

TEST_P(StoreContract, ASuppressionThatWasRolledBackIsNone) {
  store_->begin();
  store_->apply(Suppress{entry("x@b.example")});
  store_->rollback();
  store_->begin();
  store_->commit();
  EXPECT_FALSE(store_->reader().may_be_suppressed("x@b.example"));
}

TEST_P(StoreContract, SuppressionsAreListedInPages) {
  for (const char* address : {"d@b.example", "b@b.example", "a@b.example", "c@b.example"})
    commit(Suppress{entry(address)});
  commit(Suppress{entry("b@b.example", "a.example")});
  std::vector<std::string> listed;
  Suppression after;
  for (;;) {
    const auto page = store_->reader().suppressions({}, after, kNow, 2);
    for (const std::string& one : addresses(page)) listed.push_back(one);
    if (page.size() < 2) break;
    after = page.back();
  }
  EXPECT_EQ(listed,
            (std::vector<std::string>{"a@b.example/", "b@b.example/", "b@b.example/a.example",
                                      "c@b.example/", "d@b.example/"}));
}

TEST_P(StoreContract, SuppressionsAreFiltered) {
  commit(Suppress{entry("x@b.example")});
  commit(Suppress{entry("y@b.example", "a.example", {}, Reason::unsubscribe)});
  Suppression own = entry("z@b.example");
  own.source = "operator";
  commit(Suppress{own});
  const auto listed = [&](const SuppressionFilter& filter) {
    return addresses(store_->reader().suppressions(filter, {}, kNow, 10));
  };
  using List = std::vector<std::string>;
  EXPECT_EQ(listed({.address = "X@b.example"}), List{"x@b.example/"});
  EXPECT_EQ(listed({.sender_domain = "A.example"}), List{"y@b.example/a.example"});
  EXPECT_EQ(listed({.sender_domain = ""}), (List{"x@b.example/", "z@b.example/"}));
  EXPECT_EQ(listed({.reason = Reason::unsubscribe}), List{"y@b.example/a.example"});
  EXPECT_EQ(listed({.source = "operator"}), List{"z@b.example/"});
}

}  // namespace postern::queue
