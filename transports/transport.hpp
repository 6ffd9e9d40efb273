#pragma once
// A way out. deliver() hands one message for some of its recipients to a provider and answers one
// Outcome per recipient, exactly once, from any thread. It never throws at its caller: whatever
// goes wrong is an Outcome. A transport keeps no memory of messages; retrying is delivery's.
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/message.hpp"
#include "core/outcome.hpp"

namespace postern::transports {

/// What one attempt carries. The recipients are indices into message->envelope.recipients.
struct Parcel {
  std::shared_ptr<const Message> message;
  std::shared_ptr<const Content> content;
  std::vector<std::uint32_t> recipients;
  std::string provider_domain;  // mailgun_domain of the sender's [[domain]], or the sender domain
  std::string ehlo_name;        // server.hostname, or the sender domain with hide_origin
};

/// One per recipient of the parcel, in its order.
using Report = std::vector<Outcome>;
using Done = std::function<void(Report)>;

/// What a transport can do; route and scheduler ask before they choose.
struct Abilities {
  std::uint64_t max_message_bytes = 0;
  std::uint32_t max_recipients = 1;  // in one call
  std::uint32_t concurrency = 1;     // calls carried at once, as the configuration says
  /// Further calls that it takes early and keeps, so that a place that becomes free is filled
  /// without asking the scheduler. They are begun (an attempt each), but not on the wire.
  std::uint32_t prefetch = 0;
  double rate_per_second = 0;           // 0: unlimited
  bool rate_counts_recipients = false;  // else calls
  bool smtputf8 = false;
  bool require_tls = false;  // can promise RFC 8689 for the way that follows
  bool look_up = false;      // look_up() can settle an uncertain delivery
};

/// Does the provider know this message? For uncertain deliveries.
struct Inquiry {
  std::shared_ptr<const Message> message;
  std::uint32_t recipient = 0;
  std::string provider_domain;
  Time attempt_started_at{};
};
struct Answer {
  enum class Kind {
    accepted,  // it has it (or delivered it)
    refused,   // it reports a final failure for this recipient
    not_sent,  // it reports that it has sent nothing, and `why`: free to go elsewhere
    unknown,   // no trace: proves nothing yet
    unable,    // cannot be asked
  };
  Kind kind = Kind::unable;
  std::string detail;
  std::string provider_id;
  Outcome why{};  // of not_sent: what deliver() would have answered to the same words; of refused:
                  // only `suppressed` counts
};

/// What a provider says of our account, asked without sending anything.
struct Account {
  double recipients_per_second = 0;  // the most it takes; 0: it names none
  std::string note;                  // for operators: quota, standing
  std::optional<Outcome> refusal{};  // what it would answer to every message now
};

class Transport {
 public:
  virtual ~Transport() = default;
  virtual const std::string& name() const = 0;
  virtual std::string_view type() const = 0;
  virtual Abilities abilities() const = 0;
  virtual void deliver(Parcel parcel, Done done) = 0;
  /// Called once: `said` hears of the account from now on until close(), on any thread.
  virtual void watch_account(std::function<void(Account)>) {}
  virtual void look_up(Inquiry, std::function<void(Answer)> done) { done(Answer{}); }
  /// A page of the addresses that the provider does not mail, whoever asks. Error: why it cannot be
  /// had, a sentence.
  virtual void suppressions(SuppressionQuery, std::function<void(Result<SuppressionPage>)> done) {
    done(Error{"A transport of this type has no suppression list that can be read."});
  }
  /// Attempts under way end as they can within the transport's timeouts; idle connections close.
  /// A parcel that comes later is answered, too: its attempt was being committed meanwhile.
  virtual void close() {}
};

}  // namespace postern::transports
