#pragma once
// What every Store promises, as one suite; a store joins with INSTANTIATE_TEST_SUITE_P and a way to
// open (and reopen) itself.
#include <gtest/gtest.h>

#include <array>
#include <functional>
#include <memory>

#include "queue/store.hpp"

namespace postern::queue {

/// Opens the same store again and again; destroying the object forgets the data.
class StoreUnderTest {
 public:
  virtual ~StoreUnderTest() = default;
  virtual std::unique_ptr<Store> open(std::uint64_t max_size_bytes) = 0;
};
using MakeStore = std::function<std::unique_ptr<StoreUnderTest>()>;

inline constexpr Time kNow{std::chrono::sys_days{std::chrono::year{2026} / 11 / 21}};
inline constexpr std::uint64_t kPlenty = std::uint64_t{1} << 40;

class StoreContract : public ::testing::TestWithParam<MakeStore> {
 protected:
  void SetUp() override {
    under_test_ = GetParam()();
    store_ = under_test_->open(kPlenty);
  }
  void reopen(std::uint64_t max_size_bytes = kPlenty) {
    store_.reset();
    store_ = under_test_->open(max_size_bytes);
  }

  std::shared_ptr<Message> message(std::vector<std::string> recipients, Time at = kNow) {
    auto made = std::make_shared<Message>();
    made->no = numbers_.next(at);
    made->envelope.sender = "agent@product-a.com";
    made->envelope.recipients = std::move(recipients);
    made->sender_domain = "product-a.com";
    made->message_id = "<1@product-a.com>";
    made->chunks = 1;
    made->size_bytes = 5;
    made->header_bytes = 2;
    made->accepted_at = at;
    return made;
  }
  static Start queued(Time due = kNow) {
    return {DeliveryState::queued, "", "", due, kNow + std::chrono::hours(72)};
  }
  static Start active(std::string transport = "mailgun") {
    return {DeliveryState::active, std::move(transport), "", kNow, kNow + std::chrono::hours(72)};
  }

  Applied commit(const Change& change) {
    store_->begin();
    const Applied applied = store_->apply(change);
    store_->commit();
    return applied;
  }
  std::shared_ptr<Message> put(std::vector<std::string> recipients, Start start = queued(),
                               Time at = kNow) {
    auto made = message(std::move(recipients), at);
    commit(Put{made, std::make_shared<const std::string>("bytes"),
               std::vector<Start>(made->envelope.recipients.size(), start)});
    return made;
  }
  MessageNo put_of(const std::string& sender_domain, int priority = 0, Start start = queued()) {
    const auto made = message({"a@x.example"});
    made->sender_domain = sender_domain;
    made->priority = priority;
    commit(Put{made, std::make_shared<const std::string>("bytes"), {start}});
    return made->no;
  }
  Applied start(const Message& of, std::int64_t token, std::uint32_t index = 0,
                bool possible_duplicate = false) {
    return commit(StartAttempt{of.no, index, token, "mailgun", kNow, possible_duplicate});
  }
  Applied record(const Message& of, std::int64_t token, DeliveryState state, Outcome outcome,
                 std::uint32_t index = 0) {
    Record change;
    change.no = of.no;
    change.index = index;
    change.token = token;
    change.state = state;
    change.reason = outcome.reply;
    change.provider_id = outcome.provider_id;
    change.next_attempt_at = kNow + std::chrono::minutes(5);
    change.outcome = std::move(outcome);
    change.duration = std::chrono::milliseconds(7);
    return commit(change);
  }
  Applied steer(Steer::Verb verb, Filter filter = {}, Time at = kNow, std::uint32_t limit = 1000) {
    return commit(Steer{verb, std::move(filter), at, "why", limit});
  }
  /// Puts it with a submission's digest; the window is one hour.
  Applied submit(const std::shared_ptr<Message>& sent, char digest = 'x') {
    sent->submission = std::string(16, digest);
    Put put{sent, std::make_shared<const std::string>("bytes"),
            std::vector<Start>(sent->envelope.recipients.size(), active())};
    put.duplicates_since = sent->accepted_at - std::chrono::hours(1);
    return commit(put);
  }
  std::shared_ptr<Message> again(Time at = kNow) { return message({"a@x.example"}, at); }
  std::uint64_t unfinished() {
    std::uint64_t deliveries = 0;
    for (const Count& one : store_->reader().counts()) deliveries += one.deliveries;
    return deliveries;
  }
  Delivery delivery(const Message& of, std::size_t index = 0) {
    return store_->reader().find(of.no)->deliveries.at(index);
  }
  std::vector<Stored> due(Time at = kNow, std::uint32_t limit = 1000,
                          const DueQuery::Skip& skip = {}) {
    return store_->reader().due({.now = at, .limit = limit, .skip = skip}).messages;
  }
  std::size_t due_count(Time at = kNow) { return due(at).size(); }

  NumberSource numbers_;
  std::unique_ptr<StoreUnderTest> under_test_;
  std::unique_ptr<Store> store_;
};

/// The ids of many messages: new ones, in a run, and those that come when the run is made already.
class StoreTrace : public StoreContract {
 protected:
  static constexpr int kMessages = 5000;
  static constexpr Time kLater = kNow + std::chrono::hours(1);

  /// Message i goes by "i@product-a.com"; some go by "early-i", too.
  void fill() {
    store_->begin();
    for (int i = 0; i < kMessages; ++i) {
      auto made = message({"a@x.example"});
      made->message_id = "<" + std::to_string(i) + "@product-a.com>";
      store_->apply(Put{made, std::make_shared<const std::string>("bytes"), {active()}});
      sent_.push_back(made->no);
    }
    store_->commit();
    for (const int i : kCalledEarly) called(i, "early-" + std::to_string(i));
  }
  MessageNo number(int which) const { return sent_.at(static_cast<std::size_t>(which)); }
  Record recorded(int which, DeliveryState state) {
    Record change;
    change.no = number(which);
    change.token = store_->reader().find(change.no)->deliveries.at(0).token;
    change.state = state;
    return change;
  }
  /// A provider gives message `which` an id.
  void called(int which, const std::string& id) {
    Record change = recorded(which, DeliveryState::deferred);
    change.provider_id = id;
    commit(change);
  }
  void finish_all() {
    store_->begin();
    for (int i = 0; i < kMessages; ++i) store_->apply(recorded(i, DeliveryState::sent));
    store_->commit();
  }
  /// How many runs were made.
  int index() {
    int runs = 0;
    while (commit(IndexIds{kLater}).more) ++runs;
    return runs;
  }
  std::vector<MessageNo> traced(const std::string& id) { return store_->reader().trace(id, 10); }
  void expect_all_found() {
    for (const int i : {0, 1, 1000, 2047, 2048, 3000, 4095, 4096, kMessages - 1})
      EXPECT_EQ(traced(std::to_string(i) + "@product-a.com"), std::vector{number(i)}) << i;
    for (const int i : kCalledEarly)
      EXPECT_EQ(traced("early-" + std::to_string(i)), std::vector{number(i)}) << i;
    EXPECT_TRUE(traced(std::to_string(kMessages) + "@product-a.com").empty());
  }

  static constexpr std::array kCalledEarly{0, 1000, 3000, kMessages - 1};
  std::vector<MessageNo> sent_;
};

}  // namespace postern::queue
