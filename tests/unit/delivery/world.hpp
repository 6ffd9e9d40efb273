#pragma once
// A small world around the engine: the real SQLite store in a directory of its own, transports that
// do as they are told, and a clock that only moves when a test says so. No threads.
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "delivery/engine.hpp"
#include "queue/sqlite_store.hpp"
#include "tests/support/temporary_directory.hpp"

namespace postern::delivery {

/// A transport whose outcomes a test decides; it counts what arrived.
class FakeTransport final : public transports::Transport {
 public:
  explicit FakeTransport(std::string name) : name_(std::move(name)) {
    abilities_.max_recipients = 10;
    abilities_.concurrency = 4;
    abilities_.max_message_bytes = 25 << 20;
  }
  const std::string& name() const override { return name_; }
  std::string_view type() const override { return "fake"; }
  transports::Abilities abilities() const override { return abilities_; }
  void deliver(transports::Parcel, transports::Done) override {}  // World carries out the calls

  transports::Abilities abilities_;
  /// What becomes of a recipient; an uncertain outcome may have arrived or not: see `arrived`.
  std::function<Outcome(const Message&, const std::string& recipient)> answer =
      [](const Message&, const std::string&) { return Outcome::delivered("250 ok"); };
  std::function<transports::Answer(const transports::Inquiry&)> knows =
      [](const transports::Inquiry&) { return transports::Answer{}; };
  bool hangs = false;                  // calls stay open until World::let_go()
  std::vector<std::string> calls;      // "A B" the recipients of each call
  std::multiset<std::string> arrived;  // "ID RECIPIENT"

 private:
  std::string name_;
};

class World {
 public:
  World();
  ~World();

  // Before the first put, unless restart() or reload() follows.
  FakeTransport& transport(const std::string& name);
  config::Config config;
  void reload();
  /// What the messages put from now on ask for.
  std::optional<Options> asked;
  int priority = 0;

  MessageNo put(const std::string& sender, std::vector<std::string> recipients,
                std::size_t size_bytes = 100);
  /// Carries out commands until there are none.
  void run();
  /// Lets time pass, waking the engine whenever it wants.
  void pass(Duration time);
  /// Answers the calls that hang, as the transport's answer() says.
  void let_go();
  /// What the provider says of the account.
  void hear(const std::string& transport, const transports::Account& account);
  /// Somebody meddles with the store's file.
  void execute(const char* sql);
  /// kill -9 and a new start: calls under way are forgotten.
  void restart();

  queue::Applied steer(queue::Steer::Verb verb, queue::Filter filter = {});
  Delivery delivery(MessageNo no, std::uint32_t index = 0);
  DeliveryState state(MessageNo no, std::uint32_t index = 0) { return delivery(no, index).state; }
  std::vector<queue::AttemptRow> attempts(MessageNo no);
  std::vector<queue::EventRow> events(MessageNo no);
  /// How often the recipient's message arrived, at any transport.
  std::size_t arrivals(MessageNo no, const std::string& recipient);
  /// Recipients named in the reports that were put, and to whom they went.
  std::vector<std::string> reports();
  /// What the report number `which` says, as a whole.
  std::string report_text(std::size_t which);
  /// "ACTION RECIPIENT STATUS" of each recipient in the reports that were put.
  std::vector<std::string> told();
  std::string breaker(const std::string& transport, const std::string& domain = {});
  double possible_duplicates() const { return metrics.possible_duplicates.Value(); }
  std::size_t open_calls() const { return pending_.size(); }

  Time now{std::chrono::sys_days{std::chrono::year{2026} / 11 / 21}};
  Metrics metrics;
  bool store_broken = false;        // every commit is refused
  bool fault_after_commit = false;  // the next commit works, and the answer says it did not
  std::unique_ptr<Engine> engine;
  std::unique_ptr<queue::SqliteStore> store;

 private:
  void boot();
  void submit(Commands::Submission submission);
  void carry_out(Commands::Call& call);

  testing::TemporaryDirectory directory_;
  std::map<std::string, std::shared_ptr<FakeTransport>> fakes_;
  std::vector<std::string> order_;
  NumberSource numbers_;
  std::unique_ptr<Ways> ways_;
  std::vector<Commands::Call> pending_;
  std::vector<MessageNo> reports_;
};

// ---- Outcomes, by their names -----------------------------------------------------------------

Outcome temporary(FailOver fail_over = FailOver::later);
Outcome blocked(std::optional<Time> until = std::nullopt);
Outcome refused_recipient(bool split = false);
/// The content is refused: one other transport may be asked.
Outcome refused_content();
Outcome greylisted();

}  // namespace postern::delivery
