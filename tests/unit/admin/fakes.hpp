#pragma once
// What stands around the API in its tests: a queue in memory, a scheduler that notes what it is
// told, a clock that stands still.
#include <algorithm>
#include <future>
#include <map>
#include <stdexcept>

#include "admin/api.hpp"

namespace postern::admin::testing {

using namespace std::chrono_literals;

inline const Time kNow =
    std::chrono::sys_days{std::chrono::year{2026} / 11 / 21} + 9h + 13min + 7s + 123ms;

class FakeClock final : public Clock {
 public:
  Time now() const override { return now_; }
  Tick tick() const override { return tick_; }
  void advance(Duration duration) {
    now_ += duration;
    tick_ += duration;
  }

 private:
  Time now_ = kNow;
  Tick tick_{1h};
};

inline MessageNo number(int minutes_ago) {
  return first_number_of(kNow - std::chrono::minutes(minutes_ago));
}

inline queue::Stored message(int minutes_ago, std::vector<std::string> recipients,
                             DeliveryState state = DeliveryState::deferred) {
  auto made = std::make_shared<Message>();
  made->no = number(minutes_ago);
  made->envelope.sender = "agent@shop.example";
  made->envelope.recipients = std::move(recipients);
  made->sender_domain = "shop.example";
  made->message_id = "<1@shop.example>";
  made->size_bytes = 1234;
  made->chunks = 1;
  made->accepted_at = accepted_time(made->no);
  queue::Stored stored{made, {}, {}, {}};
  for (std::uint32_t i = 0; i < made->envelope.recipients.size(); ++i) {
    Delivery delivery;
    delivery.index = i;
    delivery.state = state;
    delivery.next_attempt_at = kNow + 30s;
    delivery.expires_at = made->accepted_at + 72h;
    stored.deliveries.push_back(delivery);
  }
  return stored;
}

class FakeReader final : public queue::Reader {
 public:
  queue::Due due(const queue::DueQuery&) override { return {}; }
  std::optional<Time> next_due(Time) override { return std::nullopt; }
  std::optional<queue::Stored> find(MessageNo no) override {
    check();
    for (const auto& one : stored)
      if (one.message->no == no) return one;
    return std::nullopt;
  }
  std::vector<queue::Stored> list(const queue::Filter& filter, MessageNo after,
                                  std::uint32_t limit) override {
    check();
    asked = filter;
    std::vector<queue::Stored> found;
    for (const auto& one : stored)
      if (one.message->no > after && found.size() < limit) found.push_back(one);
    return found;
  }
  std::shared_ptr<const Content> content(const Message& of) override {
    const auto found = bodies.find(of.no);
    return found == bodies.end() ? nullptr : found->second;
  }
  std::vector<queue::Count> counts() override {
    check();
    ++counted;
    return counts_now;
  }
  std::vector<queue::BreakerRow> breakers() override { return {}; }
  std::uint64_t used_bytes() override { return 4096; }
  std::vector<MessageNo> trace(std::string_view id, std::uint32_t) override {
    std::vector<MessageNo> found;
    for (const auto& one : stored)
      if (one.message->message_id == id) found.insert(found.begin(), one.message->no);
    return found;
  }
  bool may_be_suppressed(std::string_view) const override { return !suppressed.empty(); }
  std::optional<Suppression> suppression(std::string_view address, std::string_view,
                                         Time) override {
    for (const auto& one : suppressed)
      if (one.address == address) return one;
    return std::nullopt;
  }
  std::vector<Suppression> suppressions(const queue::SuppressionFilter& filter,
                                        const Suppression& after, Time,
                                        std::uint32_t limit) override {
    check();
    asked_suppressions = filter;
    std::vector<Suppression> found;
    for (const auto& one : suppressed)
      if (one.address > after.address && found.size() < limit) found.push_back(one);
    return found;
  }

  std::vector<queue::Stored> stored;  // in arrival order
  std::map<MessageNo, std::shared_ptr<const Content>> bodies;
  std::vector<queue::Count> counts_now;
  queue::Filter asked;
  std::vector<Suppression> suppressed;  // by address
  queue::SuppressionFilter asked_suppressions;
  int counted = 0;
  bool broken = false;

 private:
  void check() const {
    if (broken) throw std::runtime_error("disk I/O error");
  }
};

class FakeControl final : public delivery::Control {
 public:
  void steer(queue::Steer verb, std::function<void(delivery::Steered)> done) override {
    steered.push_back(verb);
    done(applied);
  }
  void transports(std::function<void(std::vector<delivery::TransportView>)> done) override {
    done(views);
  }
  void suspend(std::string transport, std::string domain, Duration how_long, std::string reason,
               std::function<void(bool)> done) override {
    told =
        "suspend " + transport + "/" + domain + " " + std::to_string(how_long / 1s) + "s " + reason;
    done(transport == "mailgun");
  }
  void resume(std::string transport, std::string domain, std::function<void(bool)> done) override {
    told = "resume " + transport + "/" + domain;
    done(transport == "mailgun");
  }

  void change(std::vector<queue::Change> changes, std::function<void(Changed)> done) override {
    if (change_fault) return done(*change_fault);
    std::vector<queue::Applied> results(changes.size(), queue::Applied{.changed = changed_rows});
    for (auto& one : changes) changed.push_back(std::move(one));
    done(std::move(results));
  }
  void read_suppressions(std::string transport, SuppressionQuery query,
                         std::function<void(Result<SuppressionPage>)> done) override {
    told = "read " + transport + "/" + query.provider_domain + " " + query.page;
    done(provider_page);
  }

  std::vector<queue::Change> changed;
  std::uint64_t changed_rows = 1;
  std::optional<queue::StorageFault> change_fault;
  Result<SuppressionPage> provider_page{SuppressionPage{}};
  std::vector<queue::Steer> steered;
  delivery::Steered applied = queue::Applied{1, false, 0, 0};
  std::vector<delivery::TransportView> views;
  std::string told;
};

class FakeDaemon final : public Daemon {
 public:
  FakeDaemon() {
    auto made = std::make_shared<config::Config>();
    config::Transport main;
    main.name = "main";
    main.type = "mailgun";
    main.api_key = Secret("key-very-secret");
    made->transports.push_back(main);
    made->transports.push_back(main);
    made->transports.back().name = "mailgun";
    config_ = made;
  }
  Readiness readiness() const override { return readiness_now; }
  std::vector<config::Mistake> reload() override { return mistakes; }
  std::shared_ptr<const config::Config> config() const override { return config_; }
  Result<std::string> classify(const std::string& type, const std::string& text,
                               int status) const override {
    if (type != "mailgun") return Error{"no such type: " + type};
    return "{\"meaning\":\"temporary\",\"rule\":\"" + text + std::to_string(status) + "\"}";
  }

  /// Before the first request.
  config::Config& edit() { return *config_; }

  Readiness readiness_now{true, false};
  std::vector<config::Mistake> mistakes;

 private:
  std::shared_ptr<config::Config> config_;
};

}  // namespace postern::admin::testing
