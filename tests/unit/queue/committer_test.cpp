#include "queue/committer.hpp"

#include <gmock/gmock.h>

#include <future>
#include <set>
#include <thread>

#include "queue/sqlite_store.hpp"
#include "tests/support/temporary_directory.hpp"

namespace postern::queue {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

/// A store that can be told to break, to be slow, and to have no room; it remembers its commits.
class ScriptedStore final : public Store {
 public:
  explicit ScriptedStore(const std::filesystem::path& file) : real_(file, std::uint64_t{1} << 40) {}

  void begin() override { real_.begin(); }
  Applied apply(const Change& change) override {
    ++applied_;
    if (break_at_apply) throw StorageError({break_full, "broken"});
    return real_.apply(change);
  }
  void commit() override {
    if (gate.valid()) gate.wait();
    if (break_at_commit) throw StorageError({break_full, "broken"});
    real_.commit();
    batches.push_back(std::exchange(applied_, 0));
  }
  void rollback() noexcept override {
    applied_ = 0;
    real_.rollback();
  }
  bool has_room(std::uint64_t) override { return room; }
  void put_chunk(const PutChunk& chunk) override {
    if (break_at_chunk) throw StorageError(StorageFault{false, "broken"});
    real_.put_chunk(chunk);
  }
  void seal_body(const PutChunk& last) override { real_.seal_body(last); }
  void drop_body(MessageNo no) noexcept override { real_.drop_body(no); }
  Reader& reader() override { return real_.reader(); }
  MessageNo last_number() override { return real_.last_number(); }
  std::uint64_t recover(Time now, Time ask) override { return real_.recover(now, ask); }

  std::atomic<bool> break_at_apply{false}, break_at_commit{false}, break_at_chunk{false},
      break_full{false}, room{true};
  std::shared_future<void> gate;
  std::vector<int> batches;

 private:
  SqliteStore real_;
  int applied_ = 0;
};

/// Starts everything `active` through one transport, and remembers what it is told.
class RememberingIntake final : public Intake {
 public:
  std::vector<Start> plan(const Message& message, Time now) override {
    return std::vector<Start>(message.envelope.recipients.size(),
                              Start{DeliveryState::active, "mailgun", "", now, now + 72h});
  }
  void accepted(std::shared_ptr<const Message> message, std::vector<Delivery> deliveries,
                std::shared_ptr<const Content> content) override {
    taken.push_back(message->no);
    states.push_back(deliveries.at(0).state);
    in_memory.push_back(content != nullptr);
  }
  void refused(const Message& message, const std::vector<Start>&) override {
    given_back.push_back(message.no);
  }

  std::vector<MessageNo> taken, given_back;
  std::vector<DeliveryState> states;
  std::vector<bool> in_memory;
};

class GroupCommit : public ::testing::Test {
 protected:
  using Result = std::variant<Receipt, StorageFault>;

  GroupCommit() {
    auto store = std::make_unique<ScriptedStore>(directory_.path() / "queue.db");
    store_ = store.get();
    committer_ = std::make_unique<Committer>(std::move(store), clock_, metrics_);
    committer_->set_intake(&intake_);
  }
  std::shared_ptr<Message> message(std::uint32_t chunks = 1) {
    auto made = std::make_shared<Message>();
    made->no = committer_->numbers().next(clock_.now());
    made->envelope.recipients = {"a@x.example"};
    made->chunks = chunks;
    made->accepted_at = clock_.now();
    return made;
  }
  std::future<Result> put(std::shared_ptr<Message> message) {
    auto promise = std::make_shared<std::promise<Result>>();
    committer_->put(std::move(message), bytes_,
                    [promise](Result result) { promise->set_value(std::move(result)); });
    return promise->get_future();
  }
  std::future<std::optional<StorageFault>> put_chunk(MessageNo no, std::uint32_t index) {
    auto promise = std::make_shared<std::promise<std::optional<StorageFault>>>();
    committer_->put_chunk({no, index, bytes_},
                          [promise](auto fault) { promise->set_value(std::move(fault)); });
    return promise->get_future();
  }
  static bool stored(std::future<Result> result) {
    return std::holds_alternative<Receipt>(result.get());
  }
  static StorageFault fault(std::future<Result> result) {
    return std::get<StorageFault>(result.get());
  }
  bool on_disk(const Message& of) { return committer_->reader().find(of.no).has_value(); }

  postern::testing::TemporaryDirectory directory_;
  SystemClock clock_;
  Metrics metrics_;
  RememberingIntake intake_;
  std::shared_ptr<const std::string> bytes_ = std::make_shared<const std::string>("bytes");
  std::unique_ptr<Committer> committer_;
  ScriptedStore* store_ = nullptr;
};

TEST_F(GroupCommit, AReceiptMeansOnDisk) {
  committer_->start();
  const auto sent = message();
  EXPECT_EQ(std::get<Receipt>(put(sent).get()).no(), sent->no);
  EXPECT_TRUE(on_disk(*sent));
  committer_->stop();
  EXPECT_THAT(intake_.taken, ElementsAre(sent->no));
  EXPECT_THAT(intake_.states, ElementsAre(DeliveryState::active));
  EXPECT_THAT(intake_.in_memory, ElementsAre(true));
}

TEST_F(GroupCommit, WhatWaitsDuringACommitSharesTheNext) {
  std::promise<void> open;
  store_->gate = open.get_future().share();
  committer_->start();
  auto first = put(message());
  std::vector<std::future<Result>> rest;
  // The first is (or will be) alone at the gate, unless these were quick enough to join it.
  for (int i = 0; i < 20; ++i) rest.push_back(put(message()));
  open.set_value();
  EXPECT_TRUE(stored(std::move(first)));
  for (auto& one : rest) EXPECT_TRUE(stored(std::move(one)));
  committer_->stop();
  EXPECT_LE(store_->batches.size(), 2u);
}

TEST_F(GroupCommit, AFaultRefusesTheBatchAndGivesPlacesBack) {
  committer_->start();
  store_->break_at_commit = true;
  const auto lost = message();
  EXPECT_FALSE(fault(put(lost)).full);
  EXPECT_FALSE(committer_->healthy());
  store_->break_at_commit = false;
  const auto kept = message();
  EXPECT_TRUE(stored(put(kept)));
  EXPECT_TRUE(committer_->healthy());
  EXPECT_FALSE(on_disk(*lost));
  committer_->stop();
  EXPECT_THAT(intake_.given_back, ElementsAre(lost->no));
  EXPECT_THAT(intake_.taken, ElementsAre(kept->no));
}

TEST_F(GroupCommit, AFullDiskIsToldApart) {
  committer_->start();
  store_->break_at_apply = store_->break_full = true;
  EXPECT_TRUE(fault(put(message())).full);
}

TEST_F(GroupCommit, NoRoomRefusesTheMessageButNotTheOutcomes) {
  committer_->start();
  const auto sent = message();
  ASSERT_TRUE(stored(put(sent)));
  store_->room = false;
  EXPECT_TRUE(fault(put(message())).full);
  Record record;
  record.no = sent->no;
  record.token = 1;
  record.state = DeliveryState::sent;
  record.outcome = Outcome::delivered("ok");
  std::promise<std::uint64_t> changed;
  committer_->apply({record},
                    [&](auto result) { changed.set_value(std::get<0>(result).at(0).changed); });
  EXPECT_EQ(changed.get_future().get(), 1u);
}

TEST_F(GroupCommit, PiecesWaitForTheirPut) {
  committer_->start();
  const auto sent = message(2);
  EXPECT_EQ(put_chunk(sent->no, 0).get(), std::nullopt);
  sent->size_bytes = bytes_->size();
  EXPECT_TRUE(stored(put(sent)));
  EXPECT_EQ(*committer_->reader().content(*sent)->chunk(0), "bytes");
  committer_->stop();
  EXPECT_THAT(intake_.in_memory, ElementsAre(false)) << "a body in pieces is read when it is sent";
}

TEST_F(GroupCommit, AMessageWithALostPieceIsRefused) {
  committer_->start();
  const auto cut = message(3);
  store_->break_at_chunk = true;
  EXPECT_TRUE(put_chunk(cut->no, 0).get().has_value());
  store_->break_at_chunk = false;
  EXPECT_TRUE(put_chunk(cut->no, 1).get().has_value()) << "a body with a hole is worth nothing";
  EXPECT_FALSE(stored(put(cut)));
  EXPECT_FALSE(on_disk(*cut));
  EXPECT_TRUE(stored(put(message())));
}

TEST_F(GroupCommit, DroppedPiecesLeaveNothing) {
  committer_->start();
  const auto cut = message(2);
  ASSERT_EQ(put_chunk(cut->no, 0).get(), std::nullopt);
  EXPECT_NE(committer_->reader().content(*cut), nullptr);
  committer_->drop_body(cut->no);
  committer_->stop();
  EXPECT_EQ(committer_->reader().content(*cut), nullptr);
}

TEST_F(GroupCommit, StoppingCommitsWhatWaitsAndRefusesTheRest) {
  std::promise<void> open;
  store_->gate = open.get_future().share();
  committer_->start();
  auto waiting = put(message());
  open.set_value();
  committer_->stop();
  EXPECT_TRUE(stored(std::move(waiting)));
  EXPECT_FALSE(stored(put(message())));
}

TEST_F(GroupCommit, OfTwoEqualSubmissionsAtOnceStoresOne) {
  committer_->set_dedupe_window(1h);
  std::vector<std::shared_ptr<Message>> sent;
  for (int i = 0; i < 20; ++i) {
    sent.push_back(message());
    sent.back()->submission = std::string(16, 'x');
  }
  std::vector<std::future<Result>> answers(sent.size());
  std::vector<std::thread> clients;
  committer_->start();
  for (std::size_t i = 0; i < sent.size(); ++i)
    clients.emplace_back([&, i] { answers[i] = put(sent[i]); });
  for (std::thread& client : clients) client.join();
  std::set<MessageNo> named;
  for (auto& answer : answers) named.insert(std::get<Receipt>(answer.get()).no());
  committer_->stop();
  EXPECT_EQ(named.size(), 1u);
  EXPECT_THAT(intake_.taken, ElementsAre(*named.begin()));
  EXPECT_EQ(intake_.given_back.size(), sent.size() - 1) << "their places are free again";
}

TEST_F(GroupCommit, ADuplicateOfManyPiecesLeavesNoFile) {
  committer_->set_dedupe_window(1h);
  committer_->start();
  auto first = message();
  first->submission = std::string(16, 'x');
  ASSERT_TRUE(stored(put(first)));
  auto second = message(2);
  second->submission = first->submission;
  put_chunk(second->no, 0).get();
  EXPECT_EQ(std::get<Receipt>(put(second).get()).no(), first->no);
  committer_->stop();
  EXPECT_TRUE(std::filesystem::is_empty(directory_.path() / "bodies"));
}

}  // namespace
}  // namespace postern::queue
