#pragma once
// Failure reports: the message that tells the envelope sender which recipients were given up and
// why (RFC 3464). Called by the scheduler when deliveries end; the report is then queued like any
// other message, with the null sender. Pure: the number and the time are arguments.
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/message.hpp"

namespace postern::delivery {

/// Recipients named in one report; more are only counted there, so give the rest in another call.
/// It keeps a report inside one chunk (Content::kChunkBytes).
constexpr std::size_t kMaxFailedInReport = 100;

/// A recipient whose delivery has ended without success.
struct FailedRecipient {
  std::string address;
  std::string status;  // RFC 3463, "5.1.1"; empty: taken from the reply, else by state
  std::string reply;   // the provider's words; empty: none were ever heard
  std::string
      transport;  // of the last attempt; empty: none was ever made. Not shown: a private name
  DeliveryState state = DeliveryState::failed;  // failed or expired
};

/// A message ready for queue::Put: one chunk, envelope <> to the original's sender.
struct Report {
  std::shared_ptr<const Message> message;
  std::shared_ptr<const std::string> content;
};

/// `header_block`: the original's header, up to and including the empty line (at least what is in
/// its first chunk). `reporting_mta`: the name given in EHLO for this sender, never the node's.
/// nullopt when nothing may be sent: null sender (RFC 5321 section 4.5.5), no failed recipient, or
/// not mail.
std::optional<Report> make_report(const Message& original, std::string_view header_block,
                                  const std::vector<FailedRecipient>& failed,
                                  const std::string& reporting_mta, MessageNo no, Time now);

}  // namespace postern::delivery
