#pragma once
// What the session says: one complete line a constant (RFC 5321 section 4.2, codes of RFC 3463).
// The first line of a refusal ends up before a helpdesk agent: it is a sentence that says what to
// do. 50x never answers MAIL, RCPT or DATA where another code may: Ruby's net-smtp users swallow
// it.
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
    kNotMail            = "554 5.5.0 This is a mail server; it speaks SMTP only",
    kBrokenLine         = "500 5.5.2 A line must end in CR LF and hold no other CR or LF",
    kBadLine            = "500 5.5.2 The command is too long or holds a NUL",
    kUnknownCommand     = "500 5.5.2 The command is not known here",
    kNotOffered         = "502 5.5.1 The command is not offered here",
    kBadClientName      = "501 5.5.4 EHLO and HELO want one host name",
    kHelloFirst         = "503 5.5.1 Send EHLO first",
    kTransactionOpen    = "503 5.5.1 A message is already under way; finish it or send RSET",
    kMailFirst          = "503 5.5.1 Send MAIL first",
    kRecipientFirst     = "503 5.5.1 Send RCPT first",
    kNoRecipients       = "554 5.5.1 No recipient was accepted, so there is nobody to send to",
    kRsetArgument       = "501 5.5.4 RSET takes no argument",
    kDataArgument       = "554 5.5.4 DATA takes no argument",
    kDataNotLast        = "554 5.5.1 Wait for 354 before you send the message",

    kTlsReady           = "220 2.0.0 Begin TLS now",
    kTlsTwice           = "503 5.5.1 The connection is encrypted already",
    kTlsArgument        = "501 5.5.4 STARTTLS takes no argument",
    kTlsNotLast         = "554 5.5.1 Wait for 220 before you begin TLS",
    kTlsFirst           = "530 5.7.0 This relay talks over TLS only; turn on STARTTLS and try again",

    kIdle               = "421 4.4.2 Nothing was heard for too long; closing the connection",
    kTooSlow            = "421 4.4.2 The message comes too slowly or not at all; closing the connection",
    kShuttingDown       = "421 4.3.2 The relay is restarting; try again in a moment",
    kTooManyErrors      = "421 4.7.0 Too many errors; closing the connection",
    kTooManyIdle        = "421 4.7.0 Too many commands without a message; closing the connection",

    kQueueFull          = "452 4.3.1 The relay has no room for more mail now; try again later",
    kStorageFault       = "451 4.3.0 The relay could not store the message; try again later",
    kTooManyRecipients  = "452 4.5.3 Too many recipients for one message; send the rest in another",
    kHeldTooLong        = "555 5.5.4 The message cannot be held that long; ask for less",
    kRelayDenied        = "550 5.7.1 This relay does not take mail from your network address",
    kNeedsUtf8          = "553 5.6.7 The address holds non-ASCII letters: MAIL needs SMTPUTF8",
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
    kAuthMalformed      = "501 5.5.2 The AUTH response is not what the mechanism wants",
    kAuthCancelled      = "501 5.7.0 AUTH was cancelled",
    kAuthUnknown        = "504 5.5.4 Only AUTH PLAIN and LOGIN are known here",
    kAuthTwice          = "503 5.5.1 AUTH was already done",
    kTooManyAuth        = "421 4.7.0 Too many failed AUTH attempts; closing the connection";
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
