#pragma once
// The proof that a hostile client has done no harm: whoever comes next is served.
#include <gtest/gtest.h>

#include <string>

#include "tests/dialogue/socket_line.hpp"
#include "tests/dialogue/world.hpp"

namespace postern::smtpd::dialogue {

inline const std::string kNextMail =
    "From: next@product.com\r\nDate: Sat, 21 Nov 2026 09:13:07 +0000\r\n"
    "Message-ID: <next@product.com>\r\n\r\nthe next session\r\n";

// Whoever comes next, on the same port where that takes mail from everybody.
inline testing::AssertionResult next_session_is_served(World& world, const Case& each,
                                                       bool in_tls) {
  static const Transaction kNext{"<next@product.com> <c@example.org>", kNextMail};
  world.store->full = world.store->broken = world.store->out_of_disk = false;
  const bool same_port = !each.has("untrusted") && each.auth() != config::Auth::required &&
                         each.tls() == config::ListenerTls::none;
  SocketLine line(same_port ? world.port() : world.other_port());
  std::string replies = line.line().substr(0, 3);
  const auto say = [&](const std::string& bytes) { replies += " " + line.say(bytes).substr(0, 3); };
  say("EHLO next.example\r\n");
  if (in_tls && same_port) {
    line.say("STARTTLS\r\n");
    line.encrypt();
    line.say("EHLO next.example\r\n");
  }
  say("MAIL FROM:<next@product.com>\r\n");
  say("RCPT TO:<c@example.org>\r\n");
  say("DATA\r\n");
  say(kNextMail + ".\r\n");
  say("QUIT\r\n");
  if (replies != "220 250 250 250 354 250 221")
    return testing::AssertionFailure() << "the next session heard " << replies;
  if (each.has("trace") || world.queued().back() == kNext) return testing::AssertionSuccess();
  return testing::AssertionFailure() << "queued instead of the next session's mail:\n"
                                     << to_text(world.queued());
}

}  // namespace postern::smtpd::dialogue
