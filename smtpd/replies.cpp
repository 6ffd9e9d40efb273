#include "smtpd/replies.hpp"

#include <algorithm>

#include "core/text.hpp"

namespace postern::smtpd::reply {
namespace {

// A reply line is at most 512 bytes (RFC 5321 section 4.5.3.1.5).
constexpr std::size_t kMaxNameBytes = 80;
constexpr std::size_t kMaxNames = 2;

// Replies are ASCII (RFC 5321 section 4.2), names need not be: each other letter becomes "?".
std::string name(std::string_view text) {
  std::string ascii = escape(text, kMaxNameBytes);
  std::erase_if(ascii, [](char c) { return (c & 0xC0) == 0x80; });
  std::replace_if(
      ascii.begin(), ascii.end(), [](char c) { return (c & 0x80) != 0; }, '?');
  return ascii;
}

std::string what_is_yours(const config::Credential& user) {
  std::string text = "You are signed in as " + name(user.username) + ", who may send as ";
  for (std::size_t i = 0; i < user.senders.size() && i < kMaxNames; ++i)
    text += (i == 0 ? "" : " or ") + name(user.senders[i]);
  return text + (user.senders.size() > kMaxNames ? " and some others" : " only");
}

}  // namespace

std::string too_large(std::uint64_t limit_bytes) {
  const bool whole_mib = limit_bytes % config::kMiB == 0;
  const std::string limit = whole_mib ? std::to_string(limit_bytes / config::kMiB) + " MiB"
                                      : std::to_string(limit_bytes) + " bytes";
  return "552 5.3.4 The message is larger than " + limit + "; send fewer or smaller attachments";
}

std::string not_your_sender(const config::Credential& user, std::string_view domain) {
  return "553 5.7.1 " + what_is_yours(user) + ", not as " + name(domain) +
         "; change the sender or the user name";
}

std::string not_your_author(const config::Credential& user, std::string_view domain) {
  return "550 5.7.1 " + what_is_yours(user) +
         (domain.empty() ? ", but the From or Sender header names no valid domain"
                         : ", but the From or Sender header has " + name(domain)) +
         "; change it or the user name";
}

std::string_view of(mail::CommandFault fault, bool sender) {
  using mail::CommandFault;
  switch (fault) {
    case CommandFault::syntax:
      return sender ? "501 5.5.4 The command must be MAIL FROM:<address>; correct it"
                    : "501 5.5.4 The command must be RCPT TO:<address>; correct it";
    case CommandFault::address:
    case CommandFault::open_quote:
      return sender ? "501 5.1.7 The sender's address is not a valid e-mail address; correct it"
                    : "501 5.1.3 The recipient's address is not a valid e-mail address; correct it";
    case CommandFault::address_too_long:
      return sender ? "501 5.1.3 The sender's address is too long; use a shorter one"
                    : "501 5.1.3 The recipient's address is too long; use a shorter one";
    case CommandFault::no_recipient:
      return "501 5.1.3 The recipient's address is empty; fill it in";
    case CommandFault::size:
      return "501 5.5.4 SIZE must be one number of bytes; correct it or leave it out";
    case CommandFault::value:
      return sender
                 ? "555 5.5.4 A parameter of MAIL has a value that is not allowed; correct it or "
                   "leave it out"
                 : "555 5.5.4 A parameter of RCPT has a value that is not allowed; correct it or "
                   "leave it out";
    case CommandFault::repeated:
      return sender ? "555 5.5.4 MAIL has a parameter twice; leave one out"
                    : "555 5.5.4 RCPT has a parameter twice; leave one out";
    case CommandFault::parameter:
      break;
  }
  return sender ? "555 5.5.4 MAIL has a parameter that is not known here; leave it out"
                : "555 5.5.4 RCPT has a parameter that is not known here; leave it out";
}

std::string of(Flaw flaw, std::uint64_t limit_bytes) {
  switch (flaw) {
    case Flaw::none:
    case Flaw::author:
    case Flaw::storage:
      return std::string(kStorageFault);
    case Flaw::storage_full:
      return std::string(kQueueFull);
    case Flaw::too_large:
      return too_large(limit_bytes);
    case Flaw::header_name:
      return "550 5.6.0 The message has a line in its header that is not a field with a name and a "
             "colon; correct it";
    case Flaw::header_fold:
      return "550 5.6.0 The message begins with an indented line; it must begin with a header "
             "field";
    case Flaw::header_count:
      return "550 5.6.0 The message has more than 1000 header fields; remove some";
    case Flaw::header_size:
      return "550 5.6.0 The message has more than 128 KiB of header; shorten it";
    case Flaw::no_from:
      return "550 5.6.0 The message has no From header; say who it is from";
    case Flaw::several_from:
      return "550 5.6.0 The message has more than one From header; leave one";
    case Flaw::loop:
      return "554 5.4.6 The message went through more than 50 servers, so it is in a loop; check "
             "who "
             "forwards to whom";
    case Flaw::came_back:
      return "554 5.4.6 The message was here before; a server behind this relay sends it back, so "
             "check its "
             "routes";
    case Flaw::framing:
      break;
  }
  return "550 5.5.2 The message has a bare CR or LF, a NUL or a line over 64 KiB in it; encode it "
         "or "
         "break its lines with CR LF";
}

std::string_view of(Authentication::Step step) {
  using Step = Authentication::Step;
  switch (step) {
    case Step::cancelled:
      return kAuthCancelled;
    case Step::unknown:
      return kAuthUnknown;
    default:
      return kAuthMalformed;
  }
}

}  // namespace postern::smtpd::reply
