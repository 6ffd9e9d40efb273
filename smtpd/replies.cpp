#include "smtpd/replies.hpp"

namespace postern::smtpd::reply {

std::string too_large(std::uint64_t limit_bytes) {
  const bool whole_mib = limit_bytes % config::kMiB == 0;
  const std::string limit = whole_mib ? std::to_string(limit_bytes / config::kMiB) + " MiB"
                                      : std::to_string(limit_bytes) + " bytes";
  return "552 5.3.4 The message is larger than " + limit + "; send fewer or smaller attachments";
}

std::string_view of(mail::CommandFault fault, bool sender) {
  using mail::CommandFault;
  switch (fault) {
    case CommandFault::syntax:
      return sender ? "501 5.5.4 The command must be MAIL FROM:<address>"
                    : "501 5.5.4 The command must be RCPT TO:<address>";
    case CommandFault::address:
    case CommandFault::open_quote:
      return sender ? "501 5.1.7 The sender's address is not a valid e-mail address"
                    : "501 5.1.3 The recipient's address is not a valid e-mail address";
    case CommandFault::address_too_long:
      return sender ? "501 5.1.3 The sender's address is too long"
                    : "501 5.1.3 The recipient's address is too long";
    case CommandFault::no_recipient:
      return "501 5.1.3 The recipient's address is empty";
    case CommandFault::size:
      return "501 5.5.4 SIZE must be one number of bytes";
    case CommandFault::parameter:
      break;
  }
  return sender ? "555 5.5.4 MAIL has a parameter that is not known here"
                : "555 5.5.4 RCPT has a parameter that is not known here";
}

std::string of(Flaw flaw, std::uint64_t limit_bytes) {
  switch (flaw) {
    case Flaw::none:
    case Flaw::storage:
      return std::string(kStorageFault);
    case Flaw::storage_full:
      return std::string(kQueueFull);
    case Flaw::too_large:
      return too_large(limit_bytes);
    case Flaw::header_name:
      return "550 5.6.0 The message has a header line that is not a valid field";
    case Flaw::header_fold:
      return "550 5.6.0 The message begins with a continuation line";
    case Flaw::header_count:
      return "550 5.6.0 The message has more than 1000 header fields";
    case Flaw::header_size:
      return "550 5.6.0 The message has more than 128 KiB of header";
    case Flaw::no_from:
      return "550 5.6.0 The message has no From header";
    case Flaw::several_from:
      return "550 5.6.0 The message has more than one From header";
    case Flaw::loop:
      return "554 5.4.6 The message went through more than 50 servers; it is in a loop";
    case Flaw::framing:
      break;
  }
  return "550 5.5.2 The message holds a bare CR or LF, a NUL or a line over 64 KiB";
}

std::string_view of(Authentication::Step step) {
  using Step = Authentication::Step;
  switch (step) {
    case Step::challenge:
    case Step::anonymous:
      return kAuthOk;
    case Step::refused:
      return kAuthRefused;
    case Step::cancelled:
      return kAuthCancelled;
    case Step::unknown:
      return kAuthUnknown;
    case Step::malformed:
      break;
  }
  return kAuthMalformed;
}

}  // namespace postern::smtpd::reply
