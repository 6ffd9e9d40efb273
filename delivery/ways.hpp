#pragma once
// The ways out as a whole: which transports serve a domain, their breakers and throttles. Asked by
// the committer's thread when a message is put (admit) and by the scheduler for everything else.
//
// Thread-safe: one lock, held for the length of one decision. Throws nothing but bad_alloc.
#include <map>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "config/config.hpp"
#include "core/message.hpp"
#include "delivery/breaker.hpp"
#include "delivery/route.hpp"
#include "delivery/throttle.hpp"
#include "queue/store.hpp"
#include "transports/transport.hpp"

namespace postern::delivery {

/// More sender domains than this share one entry: memory stays bounded whatever clients send. They
/// have no breakers of their own.
constexpr std::size_t kMaxDomains = 4096;
constexpr DomainIndex kStrangers = 0;

/// Leave to start one call, or why not.
struct Ticket {
  enum class Kind {
    granted,  // a place is taken; release() gives it back
    full,     // no place, or no token before `at`
    wait,     // this domain must wait (a canary is out, or a pause until `at`)
    shut,     // closed to this domain: choose anew
  };
  Kind kind = Kind::granted;
  bool canary = false;         // of the transport's breaker
  bool domain_canary = false;  // of the breaker of this transport for this domain
  Time at{};                   // full, wait: when to ask again; epoch: when something ends
};

/// A breaker that has changed and is to be saved.
struct BreakerChange {
  TransportIndex transport = 0;
  std::optional<DomainIndex> domain{};  // none: the whole transport
  BreakerState state = BreakerState::closed;
  queue::BreakerRow row;
};
using BreakerChanges = std::vector<BreakerChange>;

/// A way as an operator sees it.
struct WayView {
  TransportIndex transport = 0;
  std::optional<DomainIndex> domain{};
  BreakerState state = BreakerState::closed;
  std::string reason;
  Time until{};
};

class Ways {
 public:
  struct Exit {
    std::string name;
    transports::Abilities abilities;
  };

  /// At start and after a reload. Transports that are gone keep their number and state, but no
  /// route leads to them; numbers of `exits` are answered in their order.
  std::vector<TransportIndex> configure(std::shared_ptr<const config::Config> config,
                                        const std::vector<Exit>& exits, Time now);
  void restore(const std::vector<queue::BreakerRow>& rows);

  /// How a new message's deliveries start. `active` takes a place. O(1), one lock.
  std::vector<queue::Start> admit(const Message& message, Time now);
  /// False: whatever is put starts `queued` (the node is stopping, or its store is broken).
  void set_admitting(bool admitting);
  /// Others wait for this transport already: new messages queue behind them.
  void set_backlog(TransportIndex transport, bool waiting);

  DomainIndex intern(std::string_view sender_domain);
  std::string domain_name(DomainIndex domain) const;
  std::optional<TransportIndex> find(std::string_view transport) const;

  Choice choose(DomainIndex domain, const Needs& needs, std::span<const TransportIndex> tried,
                Time now);
  /// The first transport of the route: what a message would take were all well.
  std::optional<TransportIndex> first_choice(DomainIndex domain) const;
  Ticket acquire(TransportIndex transport, DomainIndex domain, Time now);
  /// The call that was granted is for so many recipients; where the rate counts them, they count.
  void charge(TransportIndex transport, std::size_t recipients);
  /// A message committed ahead may still be handed over: its way has not been shut since.
  bool is_shut(TransportIndex transport, DomainIndex domain, Time now) const;
  void release(TransportIndex transport);
  void abandon_canary(TransportIndex transport, DomainIndex domain, const Ticket& ticket);

  /// One call's outcomes: moves breakers and pauses.
  BreakerChanges judge(TransportIndex transport, DomainIndex domain, const Ticket& ticket,
                       std::span<const Outcome> outcomes, MessageNo no, Time now);

  /// What the provider says of the account: its own rate counts where it is the lower one, a
  /// refusal opens the breaker.
  BreakerChanges heed(TransportIndex transport, const transports::Account& account, Time now);

  /// Operators' verbs. `domain` empty: the whole transport.
  BreakerChanges suspend(TransportIndex transport, std::string_view domain, Time until,
                         std::string reason, Time now);
  BreakerChanges resume(TransportIndex transport, std::string_view domain, Time now);
  BreakerChanges half_open(Time now);

  /// Some route is not shut: reading more work makes sense.
  bool any_open(Time now) const;
  /// When the next breaker becomes half-open.
  std::optional<Time> next_opening(Time now) const;
  std::vector<WayView> view(Time now) const;

 private:
  struct Way {
    std::string name;
    transports::Abilities abilities;
    Throttle throttle;
    Breaker breaker;
    bool backlog = false;
    bool in_use = true;  // some route may lead to it
  };
  struct DomainWay {
    Breaker breaker;
    Time paused_until{};
  };
  struct DomainEntry {
    std::string name;
    std::vector<TransportIndex> route;
  };
  using Key = std::uint32_t;
  static Key key(TransportIndex transport, DomainIndex domain) {
    return Key{transport} << 16 | domain;
  }

  DomainIndex intern_locked(std::string_view sender_domain);
  std::optional<TransportIndex> find_locked(std::string_view transport) const;
  std::vector<TransportIndex> route_of(std::string_view domain) const;
  Candidate candidate(TransportIndex transport, DomainIndex domain, Time now) const;
  Choice choose_locked(DomainIndex domain, const Needs& needs,
                       std::span<const TransportIndex> tried, Time now) const;
  static void charge(Way& way, std::size_t recipients);
  bool try_admit(TransportIndex transport, DomainIndex domain, const Message& message, Time now);
  BreakerChange changed(TransportIndex transport, std::optional<DomainIndex> domain,
                        Time now) const;
  void fail(BreakerChanges& changes, TransportIndex transport, std::optional<DomainIndex> domain,
            const Outcome& outcome, MessageNo no, bool was_canary, Time now);
  template <class Visit>
  void for_each_breaker(Visit visit) const;

  mutable std::mutex mutex_;
  std::shared_ptr<const config::Config> config_;
  std::vector<Way> ways_;
  std::vector<DomainEntry> domains_;
  struct Hash : std::hash<std::string_view> {
    using is_transparent = void;
  };
  std::unordered_map<std::string, DomainIndex, Hash, std::equal_to<>> domain_numbers_;
  std::map<Key, DomainWay> domain_ways_;  // only where something has happened
  bool admitting_ = false;
};

}  // namespace postern::delivery
