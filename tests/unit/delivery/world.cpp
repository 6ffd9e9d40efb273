#include "world.hpp"

#include <gtest/gtest.h>

#include <algorithm>

#include "core/text.hpp"
#include "delivery/plan.hpp"

namespace postern::delivery {

using namespace std::chrono_literals;

World::World() {
  config.queue.retry = {{30s}, {2min}, {5min}, {15min, 2}, {1h, 6}, {3h, 0}};
  config.server.hostname = "relay.example.com";
}

World::~World() {
  engine.reset();
  store.reset();
}

FakeTransport& World::transport(const std::string& name) {
  auto& fake = fakes_[name];
  if (!fake) {
    fake = std::make_shared<FakeTransport>(name);
    order_.push_back(name);
  }
  return *fake;
}

void World::boot() {
  if (!store) store = std::make_unique<queue::SqliteStore>(directory_.path() / "queue.db", 1 << 30);
  numbers_.raise_to(store->last_number());
  store->recover(now, now + 15s);
  ways_ = std::make_unique<Ways>();
  engine = std::make_unique<Engine>(*ways_, store->reader(), numbers_, metrics, 42);
  reload();
  engine->restore(now);
}

void World::reload() {
  config.transports.clear();
  Engine::Transports transports;
  for (const std::string& name : order_) {
    config.transports.emplace_back().name = name;
    transports.push_back(fakes_[name]);
  }
  engine->configure(std::make_shared<config::Config>(config), transports, now);
}

void World::hear(const std::string& transport, const transports::Account& account) {
  run();
  engine->heard(fakes_.at(transport), account, now);
  run();
}

void World::restart() {
  pending_.clear();
  engine.reset();
  store.reset();
  boot();
  run();
}

MessageNo World::put(const std::string& sender, std::vector<std::string> recipients,
                     std::size_t size_bytes) {
  if (!engine) boot();
  auto message = std::make_shared<Message>();
  message->no = numbers_.next(now);
  message->envelope.sender = sender;
  message->envelope.recipients = std::move(recipients);
  if (asked) message->envelope.options = std::make_shared<const Options>(*asked);
  message->priority = priority;
  message->sender_domain = sender.empty() ? "a.example" : sender.substr(sender.find('@') + 1);
  const std::string header = "From: " + sender + "\r\n\r\n";
  auto body = std::make_shared<std::string>(header);
  body->resize(std::max(size_bytes, header.size()), 'x');
  message->header_bytes = static_cast<std::uint32_t>(header.size());
  message->size_bytes = body->size();
  message->chunks = 1;
  message->accepted_at = now;
  const std::vector<queue::Start> starts = plan(*ways_, store->reader(), *message, now);
  store->begin();
  store->apply(queue::Put{message, body, starts});
  store->commit();
  std::vector<Delivery> deliveries(starts.size());
  for (std::size_t i = 0; i < starts.size(); ++i) {
    deliveries[i].index = static_cast<std::uint32_t>(i);
    deliveries[i].state = starts[i].state;
    deliveries[i].token = 1;
    deliveries[i].transport = starts[i].transport;
    deliveries[i].attempts = starts[i].state == DeliveryState::active ? 1 : 0;
    deliveries[i].next_attempt_at = starts[i].next_attempt_at;
    deliveries[i].expires_at = starts[i].expires_at;
    deliveries[i].reason = starts[i].reason;
    deliveries[i].notice_at = starts[i].notice_at;
  }
  engine->accepted(message, deliveries, std::make_shared<MemoryContent>(body), now);
  return message->no;
}

void World::submit(Commands::Submission submission) {
  const queue::StorageFault fault{false, "input/output error"};
  if (store_broken) {
    engine->applied(submission.batch, fault, now);
    return;
  }
  store->begin();
  std::vector<queue::Applied> results;
  for (const queue::Change& change : submission.changes) {
    results.push_back(store->apply(change));
    if (const auto* put = std::get_if<queue::Put>(&change)) reports_.push_back(put->message->no);
  }
  store->commit();
  if (std::exchange(fault_after_commit, false))
    engine->applied(submission.batch, fault, now);
  else
    engine->applied(submission.batch, std::move(results), now);
}

void World::carry_out(Commands::Call& call) {
  auto& fake = static_cast<FakeTransport&>(*call.transport);
  const Message& message = *call.parcel.message;
  Engine::Reports outcomes;
  for (const std::uint32_t index : call.parcel.recipients) {
    const std::string& recipient = message.envelope.recipients[index];
    outcomes.push_back(fake.answer(message, recipient));
    if (outcomes.back().kind == Outcome::Kind::delivered)
      fake.arrived.insert(message.id() + " " + recipient);
  }
  engine->reported(call.flight, std::move(outcomes), 5ms, now);
}

void World::run() {
  if (!engine) boot();
  for (;;) {
    Commands commands = engine->take(now);
    if (commands.empty()) return;
    for (Commands::Submission& submission : commands.submissions) submit(std::move(submission));
    for (Commands::Call& call : commands.calls) {
      auto& fake = static_cast<FakeTransport&>(*call.transport);
      std::string named;
      for (const std::uint32_t index : call.parcel.recipients)
        named += (named.empty() ? "" : " ") + call.parcel.message->envelope.recipients[index];
      fake.calls.push_back(named);
      ASSERT_TRUE(call.parcel.content);
      if (fake.hangs)
        pending_.push_back(std::move(call));
      else
        carry_out(call);
    }
    for (Commands::Question& question : commands.questions) {
      auto& fake = static_cast<FakeTransport&>(*question.transport);
      engine->answered(question.id, fake.knows(question.inquiry), now);
    }
  }
}

void World::execute(const char* sql) {
  queue::Database(directory_.path() / "queue.db", queue::Database::Mode::read_write).execute(sql);
}

void World::let_go() {
  for (Commands::Call& call : std::exchange(pending_, {})) carry_out(call);
  run();
}

void World::pass(Duration time) {
  const Time end = now + time;
  run();
  for (;;) {
    const auto wake = engine->next_wake(now);
    if (!wake || *wake > end) break;
    now = std::max(now + 1ms, *wake);
    run();
  }
  now = end;
  run();
}

queue::Applied World::steer(queue::Steer::Verb verb, queue::Filter filter) {
  run();
  queue::Applied total;
  queue::Steer steer;
  steer.verb = verb;
  steer.filter = std::move(filter);
  engine->steer(
      steer, [&](const Steered& result) { total = std::get<queue::Applied>(result); }, now);
  run();
  return total;
}

Delivery World::delivery(MessageNo no, std::uint32_t index) {
  return store->reader().find(no)->deliveries.at(index);
}
std::vector<queue::AttemptRow> World::attempts(MessageNo no) {
  return store->reader().find(no)->attempts;
}
std::vector<queue::EventRow> World::events(MessageNo no) {
  return store->reader().find(no)->events;
}

std::size_t World::arrivals(MessageNo no, const std::string& recipient) {
  std::size_t count = 0;
  for (const auto& [name, fake] : fakes_) count += fake->arrived.count(to_id(no) + " " + recipient);
  return count;
}

std::vector<std::string> World::reports() {
  std::vector<std::string> to;
  for (const MessageNo no : reports_) {
    const auto stored = store->reader().find(no);
    EXPECT_EQ(stored->message->envelope.sender, "");
    to.push_back(stored->message->envelope.recipients.at(0));
  }
  return to;
}

std::string World::report_text(std::size_t which) {
  const auto stored = store->reader().find(reports_.at(which));
  return *store->reader().content(*stored->message)->chunk(0);
}

std::vector<std::string> World::told() {
  std::vector<std::string> lines;
  for (const MessageNo no : reports_) {
    const auto stored = store->reader().find(no);
    const std::string text = *store->reader().content(*stored->message)->chunk(0);
    std::string recipient;
    std::string action;
    for (const std::string_view line : split(text, '\n')) {
      const auto value = [&](std::string_view name) {
        return line.starts_with(name) ? std::string(trim(line.substr(name.size()))) : std::string();
      };
      if (const auto found = value("Final-Recipient: rfc822;"); !found.empty()) recipient = found;
      if (const auto found = value("Action:"); !found.empty()) action = found;
      if (const auto found = value("Status:"); !found.empty())
        lines.push_back(action + " " + recipient + " " + found);
    }
  }
  return lines;
}

std::string World::breaker(const std::string& transport, const std::string& domain) {
  for (const TransportView& view : engine->views(now))
    if (view.name == transport && view.domain == domain) return view.breaker;
  return "none";
}

Outcome temporary(FailOver fail_over) {
  Outcome outcome;
  outcome.fail_over = fail_over;
  outcome.reply = "451 try again";
  return outcome;
}
Outcome blocked(std::optional<Time> until) {
  Outcome outcome;
  outcome.meaning = Meaning::blocked;
  outcome.fail_over = FailOver::now;
  outcome.retry_at = until;
  outcome.reply = "403 Account disabled";
  return outcome;
}
Outcome refused_recipient(bool split) {
  Outcome outcome;
  outcome.kind = Outcome::Kind::rejected;
  outcome.meaning = Meaning::recipient;
  outcome.blame = Blame::recipient;
  outcome.fail_over = FailOver::never;
  outcome.split = split;
  outcome.reply = "550 5.1.1 no such user";
  return outcome;
}
Outcome refused_content() {
  Outcome outcome = refused_recipient();
  outcome.meaning = Meaning::message;
  outcome.blame = Blame::message;
  outcome.fail_over = FailOver::once;
  outcome.reply = "554 5.7.1 spam";
  return outcome;
}
Outcome greylisted() {
  Outcome outcome;
  outcome.blame = Blame::recipient;
  outcome.fail_over = FailOver::never;
  outcome.reply = "451 4.7.1 greylisted";
  return outcome;
}

}  // namespace postern::delivery
