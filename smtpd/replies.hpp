#pragma once
// What the session says: one complete line a constant (RFC 5321 section 4.2, codes of RFC 3463).
// The first line of a refusal ends up before a helpdesk agent: it is a sentence that says what is
// wrong and what to do. 50x never answers MAIL, RCPT or DATA where another code may: Ruby's
// net-smtp users swallow it. docs/smtp-replies.md lists them all; a test compares.
#include <cstdint>
#include <string>
#include <string_view>

#include "mail/command.hpp"
#include "smtpd/authentication.hpp"
#include "smtpd/reception.hpp"

namespace postern::smtpd::reply {

// clang-format off
inline constexpr std::string_view
    kOk                 = "250 2.0.0 Ok",
    kSenderOk           = "250 2.1.0 Sender ok",
    kRecipientOk        = "250 2.1.5 Recipient ok",
    kQueuedAs           = "250 2.0.0 Ok: queued as ",
    kStartContent       = "354 Send the message; end it with a dot on a line of its own",
    kBye                = "221 2.0.0 Bye",
    kHelp               = "214 2.0.0 A mail relay: EHLO, MAIL, RCPT, DATA, RSET, NOOP, QUIT",
    kCannotVerify       = "252 2.0.0 Addresses are not verified here; send to it to find out",

    kTalkedTooEarly     = "554 5.5.0 Wait for the greeting before you speak",
    kNotMail            = "554 5.5.0 This is not SMTP, which is all that is spoken here; check address and port",
    kBrokenLine         = "500 5.5.2 The command has a line break that does not belong there; every "
                          "line must end in CR LF",
    kTooLong            = "500 5.5.2 The command is too long; shorten it",
    kHoldsNul           = "500 5.5.2 The command has a NUL byte in it; remove that",
    kUnknownCommand     = "500 5.5.2 The command is not known here; HELP lists those that are",
    kNotOffered         = "502 5.5.1 The command is not offered here; go on without it",
    kBdatNotOffered     = "502 5.5.1 BDAT is not offered here; send the message with DATA",
    kBadClientName      = "501 5.5.4 EHLO and HELO need one host name without spaces; check the SMTP "
                          "domain in your mail settings",
    kNoArgument         = "501 5.5.4 The command takes no argument; send it alone",
    kDataArgument       = "554 5.5.4 DATA takes no argument; send it alone",
    kHelloFirst         = "503 5.5.1 Send EHLO first",
    kTransactionOpen    = "503 5.5.1 A message is already under way; finish it or send RSET",
    kMailFirst          = "503 5.5.1 No sender was accepted yet; send MAIL first",
    kRecipientFirst     = "503 5.5.1 No recipient was given yet; send RCPT first",
    kNoRecipients       = "554 5.5.1 No recipient was accepted, so there is nobody to send to; check "
                          "the addresses",
    kDataNotLast        = "554 5.5.1 Wait for 354 before you send the message",

    kTlsReady           = "220 2.0.0 Begin TLS now",
    kTlsTwice           = "503 5.5.1 The connection is encrypted already; go on without STARTTLS",
    kTlsNotLast         = "554 5.5.1 Wait for 220 before you begin TLS",
    kTlsFirst           = "530 5.7.0 This relay talks over TLS only; turn on STARTTLS and try again",

    kIdle               = "421 4.4.2 Nothing was heard for too long; connect again",
    kTooSlow            = "421 4.4.2 The message comes too slowly or not at all; connect and send it "
                          "again",
    kShuttingDown       = "421 4.3.2 The relay is restarting; try again in a moment",
    kTooManyErrors      = "421 4.7.0 Too many commands were refused; check your mail software, then "
                          "connect again",
    kTooManyIdle        = "421 4.7.0 Too many commands without a message; connect again when you have "
                          "one",

    kQueueFull          = "452 4.3.1 The relay has no room for more mail now; try again later",
    kStorageFault       = "451 4.3.0 The relay could not store the message; try again later",
    kTooManyRecipients  = "452 4.5.3 Too many recipients for one message; send the rest in another",
    kHeldTooLong        = "555 5.5.4 The message cannot be held that long; ask for less",
    kRelayDenied        = "550 5.7.1 This relay does not take mail from your network address; ask its "
                          "operator to trust it",
    kNeedsUtf8          = "553 5.6.7 The address has letters outside ASCII in it, which needs SMTPUTF8; "
                          "use an address without them",
    kSenderLiteral      = "550 5.1.7 The sender's domain must be a name, not a network address",
    kRecipientLiteral   = "550 5.1.2 The recipient's domain must be a name, not a network address",

    kSignInToRelay      = "550 5.7.1 Your network address may send mail here only after sign-in; set "
                          "user name and password",

    kSignedIn           = "235 2.7.0 Signed in",
    kAuthAsNobody       = "235 2.7.0 No user name was given; your network is trusted",
    kAuthRefused        = "535 5.7.8 No user names are known here; leave user and password empty",
    kAuthWrong          = "535 5.7.8 User name or password is wrong; check both in your mail settings",
    kAuthLocked         = "421 4.7.0 Too many failed sign-ins from your network address; wait a quarter "
                          "of an hour",
    kAuthNeedsTls       = "538 5.7.11 Sign-in needs encryption; turn on STARTTLS and try again",
    kSignInFirst        = "530 5.7.0 This relay takes mail after sign-in only; set user name and "
                          "password",
    kAuthMalformed      = "501 5.5.2 The AUTH response is not what the mechanism wants; check user name "
                          "and password in your mail settings",
    kAuthCancelled      = "501 5.7.0 AUTH was cancelled; begin it again",
    kAuthUnknown        = "504 5.5.4 Only AUTH PLAIN and LOGIN are known here; choose one of them",
    kAuthTwice          = "503 5.5.1 You are signed in already; go on without AUTH",
    kTooManyAuth        = "421 4.7.0 Too many failed sign-ins; check user name and password, then "
                          "connect again";
// clang-format on

std::string too_large(std::uint64_t limit_bytes);

/// Mail of a user who may not send as that domain: of the envelope, of the message itself ("": no
/// domain can be told).
std::string not_your_sender(const config::Credential& user, std::string_view domain);
std::string not_your_author(const config::Credential& user, std::string_view domain);

/// For MAIL (`sender`) or RCPT.
std::string_view of(mail::CommandFault fault, bool sender);
/// For a message that was refused; not for Flaw::none and Flaw::author.
std::string of(Flaw flaw, std::uint64_t limit_bytes);
/// For an AUTH exchange that came to no claim.
std::string_view of(Authentication::Step step);

}  // namespace postern::smtpd::reply
