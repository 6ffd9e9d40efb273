#pragma once
// Reports: the message that tells the envelope sender which recipients were given up and why, and,
// where he asked for it (RFC 3461), which were reached or are late (RFC 3464). Called by the
// scheduler; the report is then queued like any other message, with the null sender. Pure: the
// number and the time are arguments.
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/message.hpp"
#include "mail/report.hpp"

namespace postern::delivery {

/// Recipients named in one report; more are only counted there, so give the rest in another call.
/// It keeps a report inside one chunk (Content::kChunkBytes).
constexpr std::size_t kMaxInReport = 100;
/// RET=FULL gives back messages up to this size, so that a report stays small beside its chunk.
constexpr std::size_t kMaxReturnedBytes = 192 * 1024;

/// A recipient of whose delivery there is something to tell.
struct News {
  std::uint32_t index = 0;  // into the message's recipients
  std::string status;       // RFC 3463, "5.1.1"; empty: taken from the reply, else by state
  std::string reply;        // the provider's words; empty: none were ever heard
  std::string
      transport;  // of the last attempt; empty: none was ever made. Not shown: a private name
  bool expired = false;               // given up for its age
  std::optional<Time> retry_until{};  // delayed: when it is given up
};

/// Whether the sender wants to hear it (RFC 3461 section 4.1; DELIVERBY's own wishes are those of
/// RFC 2852 section 4). Who said nothing hears of failures.
bool wants_report(const Message& message, std::uint32_t index, mail::Action action);

/// A message ready for queue::Put: one chunk, envelope <> to the original's sender.
struct Report {
  std::shared_ptr<const Message> message;
  std::shared_ptr<const std::string> content;
};

/// `first_chunk`: of the original's content; empty: it could not be read. `reporting_mta`: the name
/// given in EHLO for this sender, never the node's. nullopt when nothing may be sent: null sender
/// (RFC 5321 section 4.5.5), no recipient, or not mail.
std::optional<Report> make_report(const Message& original, std::string_view first_chunk,
                                  mail::Action action, const std::vector<News>& news,
                                  const std::string& reporting_mta, MessageNo no, Time now);

}  // namespace postern::delivery
