#include "tests/contract/queue/store_contract.hpp"

namespace postern::queue {

using namespace std::chrono_literals;

TEST_P(StoreContract, WhatIsPutIsThereAfterReopening) {
  auto sent = message({"a@x.example", "b@y.example"});
  sent->body_hash = std::string(32, '\x07');
  sent->envelope.smtputf8 = true;
  commit(Put{sent, std::make_shared<const std::string>("bytes"), {queued(), queued(kNow + 1h)}});
  reopen();
  const auto found = store_->reader().find(sent->no);
  ASSERT_TRUE(found);
  EXPECT_EQ(found->message->envelope.sender, "agent@product-a.com");
  EXPECT_EQ(found->message->envelope.recipients,
            (std::vector<std::string>{"a@x.example", "b@y.example"}));
  EXPECT_TRUE(found->message->envelope.smtputf8);
  EXPECT_FALSE(found->message->envelope.eight_bit_mime);
  EXPECT_EQ(found->message->body_hash, std::string(32, '\x07'));
  EXPECT_EQ(found->message->accepted_at, kNow);
  EXPECT_EQ(*store_->reader().content(*found->message)->chunk(0), "bytes");
  EXPECT_EQ(found->deliveries.at(1).next_attempt_at, kNow + 1h);
  EXPECT_EQ(store_->last_number(), sent->no);
}

TEST_P(StoreContract, WhatWasRolledBackIsNot) {
  auto lost = message({"a@x.example"});
  store_->begin();
  store_->apply(Put{lost, std::make_shared<const std::string>("bytes"), {queued()}});
  store_->rollback();
  store_->begin();
  store_->commit();
  EXPECT_FALSE(store_->reader().find(lost->no));
}

TEST_P(StoreContract, AnActivePutHasItsFirstAttempt) {
  const auto sent = put({"a@x.example"}, active());
  const auto found = store_->reader().find(sent->no);
  ASSERT_EQ(found->attempts.size(), 1u);
  EXPECT_EQ(found->attempts[0].transport, "mailgun");
  EXPECT_EQ(found->attempts[0].number, 1u);
  EXPECT_FALSE(found->attempts[0].duration);
  EXPECT_EQ(found->deliveries[0].attempts, 1u);
  EXPECT_EQ(due_count(), 0u) << "it is not waiting";
}

TEST_P(StoreContract, AStaleTokenStartsNothing) {
  const auto sent = put({"a@x.example"});
  EXPECT_EQ(start(*sent, 0).changed, 0u);
  const Applied started = start(*sent, 1);
  EXPECT_EQ(started.changed, 1u);
  EXPECT_EQ(started.token, 2);
  EXPECT_EQ(start(*sent, 1).changed, 0u) << "the token has moved on";
  EXPECT_EQ(start(*sent, 2).changed, 0u) << "an active delivery cannot start again";
  EXPECT_EQ(store_->reader().find(sent->no)->attempts.size(), 1u);
}

TEST_P(StoreContract, AStaleTokenRecordsNothing) {
  const auto sent = put({"a@x.example"}, active());
  EXPECT_EQ(record(*sent, 9, DeliveryState::sent, Outcome::delivered("ok")).changed, 0u);
  EXPECT_EQ(delivery(*sent).state, DeliveryState::active);
}

TEST_P(StoreContract, ARecordEndsTheAttempt) {
  const auto sent = put({"a@x.example"}, active());
  record(*sent, 1, DeliveryState::sent, Outcome::delivered("Queued.", "provider-id"));
  const auto found = store_->reader().find(sent->no);
  EXPECT_EQ(found->deliveries[0].state, DeliveryState::sent);
  EXPECT_EQ(found->deliveries[0].provider_id, "provider-id");
  EXPECT_EQ(found->attempts[0].outcome, "delivered");
  EXPECT_EQ(found->attempts[0].reply, "Queued.");
  EXPECT_EQ(found->attempts[0].duration, 7ms);
}

TEST_P(StoreContract, AttemptsAreNumbered) {
  const auto sent = put({"a@x.example"}, active());
  record(*sent, 1, DeliveryState::deferred, Outcome::unreachable("refused"));
  start(*sent, 2);
  record(*sent, 3, DeliveryState::sent, Outcome::delivered("ok"));
  const auto found = store_->reader().find(sent->no);
  ASSERT_EQ(found->attempts.size(), 2u);
  EXPECT_EQ(found->attempts[0].outcome, "deferred");
  EXPECT_EQ(found->attempts[0].blame, "transport");
  EXPECT_EQ(found->attempts[1].number, 2u);
  EXPECT_EQ(found->deliveries[0].attempts, 2u);
}

TEST_P(StoreContract, DueComesInOrderAndInTime) {
  const auto later = put({"a@x.example"}, queued(kNow + 2h));
  const auto second = put({"b@x.example"}, queued(kNow));
  const auto first = put({"c@x.example", "d@x.example"}, queued(kNow - 1h));
  const auto found = due(kNow);
  ASSERT_EQ(found.size(), 2u);
  EXPECT_EQ(found[0].message->no, first->no);
  EXPECT_EQ(found[0].deliveries.size(), 2u);
  EXPECT_EQ(found[0].message->envelope.recipients.size(), 2u);
  EXPECT_EQ(found[1].message->no, second->no);
  EXPECT_EQ(due(kNow, 1).size(), 1u);
  EXPECT_EQ(store_->reader().next_due(kNow), kNow + 2h);
  EXPECT_FALSE(store_->reader().next_due(kNow + 3h));
  EXPECT_EQ(delivery(*later).state, DeliveryState::queued);
}

TEST_P(StoreContract, DuePassesOverWhatTheCallerHas) {
  const auto first = put({"a@x.example", "b@x.example"});
  const auto second = put({"c@x.example"});
  const auto found = due(
      kNow, 1, [&](MessageNo no, std::uint32_t index) { return no == first->no && index == 0; });
  ASSERT_EQ(found.size(), 1u);
  ASSERT_EQ(found[0].deliveries.size(), 1u);
  EXPECT_EQ(found[0].deliveries[0].index, 1u);
  const auto others = due(kNow, 10, [&](MessageNo no, std::uint32_t) { return no == first->no; });
  ASSERT_EQ(others.size(), 1u);
  EXPECT_EQ(others[0].message->no, second->no);
}

// A read that was not walked to its end once kept its snapshot for all later ones.
TEST_P(StoreContract, EveryReadSeesTheLastCommit) {
  const auto sent = put({"a@x.example"}, queued(kNow + 1h));
  EXPECT_TRUE(store_->reader().next_due(kNow));
  commit(StartAttempt{sent->no, 0, 1, "mailgun", kNow});
  EXPECT_EQ(delivery(*sent).state, DeliveryState::active);
}

TEST_P(StoreContract, BodiesInPiecesComeBackInOrder) {
  auto sent = message({"a@x.example"});
  sent->chunks = 3;
  const std::string one(Content::kChunkBytes, '1');
  const std::string two(Content::kChunkBytes, '2');
  sent->size_bytes = one.size() + two.size() + 3;
  store_->put_chunk({sent->no, 0, std::make_shared<const std::string>(one)});
  store_->put_chunk({sent->no, 1, std::make_shared<const std::string>(two)});
  store_->seal_body({sent->no, 2, std::make_shared<const std::string>("end")});
  commit(Put{sent, nullptr, {queued()}});
  reopen();
  store_->recover(kNow, kNow);
  const auto content = store_->reader().content(*sent);
  ASSERT_TRUE(content);
  EXPECT_EQ(content->chunks(), 3u);
  EXPECT_EQ(*content->chunk(0) + *content->chunk(1) + *content->chunk(2), one + two + "end");
}

TEST_P(StoreContract, PiecesWithoutAMessageAreClearedByRecovery) {
  auto cut = message({"a@x.example"});
  cut->chunks = 2;
  store_->put_chunk({cut->no, 0, std::make_shared<const std::string>("one")});
  EXPECT_TRUE(store_->reader().content(*cut));
  reopen();
  store_->recover(kNow, kNow);
  EXPECT_FALSE(store_->reader().content(*cut));
}

TEST_P(StoreContract, APieceOutOfOrderIsRefused) {
  const auto piece = std::make_shared<const std::string>("x");
  const MessageNo no = message({"a@x.example"})->no;
  EXPECT_THROW(store_->put_chunk({no, 1, piece}), StorageError);
  store_->put_chunk({no, 0, piece});
  EXPECT_THROW(store_->put_chunk({no, 0, piece}), StorageError);
  EXPECT_THROW(store_->put_chunk({no, 2, piece}), StorageError);
}

TEST_P(StoreContract, DroppedPiecesAreGone) {
  auto cut = message({"a@x.example"});
  cut->chunks = 2;
  const std::uint64_t before = store_->reader().used_bytes();
  store_->put_chunk({cut->no, 0, std::make_shared<const std::string>("one")});
  EXPECT_EQ(store_->reader().used_bytes(), before + 3);
  store_->drop_body(cut->no);
  EXPECT_FALSE(store_->reader().content(*cut));
  EXPECT_EQ(store_->reader().used_bytes(), before);
}

TEST_P(StoreContract, PruningTakesBodiesOfManyPiecesToo) {
  auto sent = message({"a@x.example"}, kNow - 100h);
  sent->chunks = 2;
  sent->size_bytes = Content::kChunkBytes + 3;
  store_->put_chunk({sent->no, 0, std::make_shared<const std::string>(Content::kChunkBytes, 'x')});
  store_->seal_body({sent->no, 1, std::make_shared<const std::string>("end")});
  commit(Put{sent, nullptr, {active()}});
  record(*sent, 1, DeliveryState::sent, Outcome::delivered("ok"));
  EXPECT_TRUE(store_->reader().content(*sent));
  EXPECT_EQ(commit(Prune{kNow - 72h, kNow - 720h, 100}).changed, 1u);
  EXPECT_FALSE(store_->reader().content(*sent));
}

TEST_P(StoreContract, OpenAttemptsBecomeUncertainByRecovery) {
  const auto cut = put({"a@x.example"}, active());
  const auto waiting = put({"b@x.example"});
  reopen();
  EXPECT_EQ(store_->recover(kNow, kNow + 15s), 1u);
  EXPECT_EQ(delivery(*cut).state, DeliveryState::uncertain);
  EXPECT_EQ(delivery(*cut).next_attempt_at, kNow + 15s);
  EXPECT_EQ(delivery(*cut).token, 2) << "whoever held it before is refused";
  EXPECT_EQ(delivery(*waiting).state, DeliveryState::queued);
  EXPECT_EQ(store_->reader().find(cut->no)->events.size(), 1u);
}

TEST_P(StoreContract, ThreeCutAttemptsInARowHoldTheMessage) {
  const auto fatal = put({"a@x.example"}, active());
  store_->recover(kNow, kNow);
  start(*fatal, 2);
  store_->recover(kNow, kNow);
  EXPECT_EQ(delivery(*fatal).state, DeliveryState::uncertain);
  start(*fatal, 4);
  store_->recover(kNow, kNow);
  EXPECT_EQ(delivery(*fatal).state, DeliveryState::held);
}

TEST_P(StoreContract, AnAnswerBetweenCutAttemptsStartsTheCountAgain) {
  const auto sent = put({"a@x.example"}, active());
  store_->recover(kNow, kNow);
  start(*sent, 2);
  record(*sent, 3, DeliveryState::deferred, Outcome::unreachable("refused"));
  start(*sent, 4);
  store_->recover(kNow, kNow);
  EXPECT_EQ(delivery(*sent).state, DeliveryState::uncertain);
}

TEST_P(StoreContract, PossibleDuplicatesAreCounted) {
  const auto sent = put({"a@x.example"}, active());
  record(*sent, 1, DeliveryState::uncertain, Outcome::uncertain("connection lost"));
  start(*sent, 2, 0, true);
  EXPECT_EQ(delivery(*sent).possible_duplicates, 1u);
}

TEST_P(StoreContract, HoldAndReleaseMoveWhatWaits) {
  const auto waiting = put({"a@x.example"});
  const auto under_way = put({"b@x.example"}, active());
  EXPECT_EQ(steer(Steer::Verb::hold).changed, 1u);
  EXPECT_EQ(delivery(*waiting).state, DeliveryState::held);
  EXPECT_EQ(delivery(*waiting).reason, "why");
  EXPECT_EQ(delivery(*under_way).state, DeliveryState::active);
  EXPECT_EQ(start(*waiting, 1).changed, 0u) << "a copy from before the hold is stale";
  EXPECT_EQ(due_count(kNow + 10000h), 0u);
  EXPECT_EQ(steer(Steer::Verb::release).changed, 1u);
  EXPECT_EQ(delivery(*waiting).state, DeliveryState::queued);
  EXPECT_EQ(due_count(), 1u);
}

TEST_P(StoreContract, RetryMakesWhatWaitsDueNow) {
  const auto waiting = put({"a@x.example"}, active());
  record(*waiting, 1, DeliveryState::deferred, Outcome::unreachable("refused"));
  const auto unclear = put({"b@x.example"}, active());
  record(*unclear, 1, DeliveryState::uncertain, Outcome::uncertain("lost"));
  EXPECT_EQ(due_count(), 0u);
  const Applied retried = steer(Steer::Verb::retry);
  EXPECT_EQ(retried.changed, 2u);
  EXPECT_EQ(retried.resent_uncertain, 1u);
  EXPECT_EQ(retried.uncertain.size(), 1u);
  EXPECT_EQ(due_count(), 2u);
  EXPECT_EQ(delivery(*unclear).possible_duplicates, 1u);
  EXPECT_EQ(steer(Steer::Verb::retry).changed, 0u) << "what is due needs no retry";
}

TEST_P(StoreContract, CancelEndsWhatIsNotUnderWay) {
  const auto waiting = put({"a@x.example", "b@x.example"});
  start(*waiting, 1, 0);
  Filter only;
  only.messages = {waiting->no};
  EXPECT_EQ(steer(Steer::Verb::cancel, only).changed, 1u);
  EXPECT_EQ(delivery(*waiting, 0).state, DeliveryState::active);
  EXPECT_EQ(delivery(*waiting, 1).state, DeliveryState::cancelled);
}

TEST_P(StoreContract, WakeBringsForwardOnlyQueuedOnes) {
  const auto blocked = put({"a@x.example"}, queued(kNow + 1h));
  const auto failed = put({"b@x.example"}, active());
  record(*failed, 1, DeliveryState::deferred, Outcome::unreachable("refused"));
  EXPECT_EQ(steer(Steer::Verb::wake).changed, 1u);
  EXPECT_EQ(delivery(*blocked).next_attempt_at, kNow);
  EXPECT_EQ(delivery(*blocked).token, 1) << "nothing changed hands";
}

TEST_P(StoreContract, ManyRowsAreSteeredInSteps) {
  for (int i = 0; i < 5; ++i) put({"a@x.example"}, queued(kNow + 1h));
  EXPECT_TRUE(steer(Steer::Verb::retry, {}, kNow, 2).more);
  EXPECT_TRUE(steer(Steer::Verb::retry, {}, kNow, 2).more);
  const Applied last = steer(Steer::Verb::retry, {}, kNow, 2);
  EXPECT_EQ(last.changed, 1u);
  EXPECT_FALSE(last.more);
}

TEST_P(StoreContract, FiltersSelect) {
  const auto a = put({"Ann@X.example"}, active("mailgun"));
  record(*a, 1, DeliveryState::deferred, Outcome::unreachable("refused"));
  auto b = message({"bob@y_z.example"}, kNow + 1h);
  b->sender_domain = "product-b.com";
  commit(Put{b, std::make_shared<const std::string>("bytes"), {queued()}});
  const auto matches = [&](Filter filter) {
    std::string found;
    for (const Stored& stored : store_->reader().list(filter, MessageNo{0}, 10))
      found += stored.message->no == a->no ? 'a' : 'b';
    return found;
  };
  EXPECT_EQ(matches({}), "ab");
  EXPECT_EQ(matches({.messages = {b->no}}), "b");
  EXPECT_EQ(matches({.sender_domain = "Product-B.com"}), "b");
  EXPECT_EQ(matches({.recipient = "ann@x.EXAMPLE"}), "a");
  EXPECT_EQ(matches({.recipient_domain = "X.example"}), "a");
  EXPECT_EQ(matches({.recipient_domain = "yaz.example"}), "") << "no wild cards";
  EXPECT_EQ(matches({.recipient_domain = "y_z.example"}), "b");
  EXPECT_EQ(matches({.transport = "mailgun"}), "a");
  EXPECT_EQ(matches({.state = DeliveryState::queued}), "b");
  EXPECT_EQ(matches({.channel = Channel::webhook}), "");
  EXPECT_EQ(matches({.older_than = kNow + 30min}), "a");
}

TEST_P(StoreContract, ListPagesThroughUnfinishedAndShowsFinishedWhenAsked) {
  std::vector<MessageNo> all;
  for (int i = 0; i < 5; ++i) all.push_back(put({"a@x.example"})->no);
  const auto done = put({"a@x.example"}, active());
  record(*done, 1, DeliveryState::sent, Outcome::delivered("ok"));
  const auto page = store_->reader().list({}, MessageNo{0}, 3);
  ASSERT_EQ(page.size(), 3u);
  const auto rest = store_->reader().list({}, page.back().message->no, 3);
  ASSERT_EQ(rest.size(), 2u);
  EXPECT_EQ(rest.back().message->no, all.back());
  const auto finished = store_->reader().list({.state = DeliveryState::sent}, MessageNo{0}, 3);
  ASSERT_EQ(finished.size(), 1u);
  EXPECT_EQ(finished[0].message->no, done->no);
}

TEST_P(StoreContract, ListPagesThroughABacklogInOrder) {
  const auto done = put({"a@x.example"}, active());
  record(*done, 1, DeliveryState::sent, Outcome::delivered("ok"));
  std::vector<MessageNo> all;
  store_->begin();
  for (int i = 0; i < 2500; ++i) {
    const auto waiting = message({"a@x.example"}, kNow + 1h);
    store_->apply(Put{waiting, std::make_shared<const std::string>("bytes"), {queued()}});
    all.push_back(waiting->no);
  }
  store_->commit();
  std::vector<MessageNo> seen;
  for (MessageNo after{};; after = seen.back()) {
    const auto page = store_->reader().list({}, after, 1000);
    for (const Stored& stored : page) seen.push_back(stored.message->no);
    if (page.size() < 1000) break;
  }
  EXPECT_EQ(seen, all);
}

TEST_P(StoreContract, CountsAreOfUnfinishedOnes) {
  put({"a@x.example", "b@x.example"});
  const auto done = put({"a@x.example"}, active());
  record(*done, 1, DeliveryState::sent, Outcome::delivered("ok"));
  const auto counts = store_->reader().counts();
  ASSERT_EQ(counts.size(), 1u);
  EXPECT_EQ(counts[0].state, DeliveryState::queued);
  EXPECT_EQ(counts[0].deliveries, 2u);
}

TEST_P(StoreContract, BreakersSurvive) {
  commit(SaveBreaker{{"mailgun", "", "open", "Account disabled", kNow + 1h, 2min, 3}});
  commit(SaveBreaker{{"mailgun", "", "open", "Account disabled", kNow + 2h, 4min, 4}});
  commit(SaveBreaker{{"mailgun", "product-a.com", "suspended", "drill", kNow + 1h, 0ms, 0}});
  reopen();
  const auto rows = store_->reader().breakers();
  ASSERT_EQ(rows.size(), 2u);
  EXPECT_EQ(rows[0].until, kNow + 2h);
  EXPECT_EQ(rows[0].open_for, 4min);
  EXPECT_EQ(rows[1].domain, "product-a.com");
}

TEST_P(StoreContract, PruningTakesBodiesFirstThenHistoryAndSparesTheUnfinished) {
  const auto old_done = put({"a@x.example"}, active(), kNow - 100h);
  record(*old_done, 1, DeliveryState::sent, Outcome::delivered("ok"));
  const auto old_open = put({"a@x.example"}, queued(), kNow - 99h);
  const auto new_done = put({"a@x.example"}, active(), kNow);
  record(*new_done, 1, DeliveryState::sent, Outcome::delivered("ok"));
  EXPECT_EQ(commit(Prune{kNow - 72h, kNow - 720h, 100}).changed, 1u);
  EXPECT_FALSE(store_->reader().content(*old_done));
  EXPECT_TRUE(store_->reader().find(old_done->no)) << "the history stays";
  EXPECT_TRUE(store_->reader().content(*old_open));
  EXPECT_TRUE(store_->reader().content(*new_done));
  EXPECT_EQ(commit(Prune{kNow - 72h, kNow - 80h, 100}).changed, 1u);
  EXPECT_FALSE(store_->reader().find(old_done->no));
  EXPECT_TRUE(store_->reader().find(old_open->no));
}

TEST_P(StoreContract, MaxSizeLeavesNoRoom) {
  EXPECT_TRUE(store_->has_room(1));
  reopen(1000);
  EXPECT_FALSE(store_->has_room(1));
}

}  // namespace postern::queue
