#pragma once
// Uncertain deliveries: an attempt began and nobody knows how it ended. Depending on policy the
// provider is asked at growing intervals, or the message goes again at once. Pure.
//
// A provider's index may lag: "unknown" proves nothing for about half an hour (Mailgun events).
#include "config/config.hpp"
#include "core/clock.hpp"
#include "transports/transport.hpp"

namespace postern::delivery {

struct Resolution {
  enum class Step {
    ask,        // (again) at `at`
    sent,       // the provider has it
    failed,     // the provider reports that it will not arrive
    not_sent,   // the provider reports why it has sent nothing: as if it had said so at once
    resend,     // through the same transport: a possible duplicate
    fail_over,  // through another one: a possible duplicate
  };
  Step step = Step::ask;
  Time at{};
};

/// When the uncertain delivery is looked at for the first time.
Time first_look(config::OnUncertain policy, Time uncertain_since);

/// At a look, before anybody is asked: `ask` with `at` = now, or what policy does without asking.
Resolution look(config::OnUncertain policy, Time now);

/// What an answer means. Asked 15 s, 60 s, 5, 15 and 30 min after `uncertain_since`; after the last
/// "unknown" it is sent again.
Resolution reconcile(transports::Answer::Kind answer, Time uncertain_since, Time now);

}  // namespace postern::delivery
