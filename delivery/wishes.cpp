#include "delivery/wishes.hpp"

#include "delivery/bounce.hpp"

namespace postern::delivery {

void heed_options(const Message& message, const config::Queue& settings, Time now,
                  std::vector<queue::Start>& starts) {
  for (std::uint32_t i = 0; i < starts.size(); ++i)
    if (wants_report(message, i, mail::Action::delayed))
      starts[i].notice_at = now + settings.delay_notice;
}

}  // namespace postern::delivery
