#pragma once
// The first bytes of an input of session_fuzz: how the session is configured, and the seed of how
// its bytes are cut. dialogue_corpus writes them for the cases of tests/golden/dialogues.
#include <array>
#include <cstdint>
#include <string>

#include "tests/dialogue/dialogue.hpp"
#include "tests/unit/smtpd/client.hpp"

namespace postern::fuzz {

struct SessionSetup {
  static constexpr std::size_t kBytes = 4;  // two of flags, two of seed

  enum Flag : unsigned {
    kUntrusted = 1,
    kHideOrigin = 2,
    kHashBody = 4,
    kPutFault = 8,
    kChunkFault = 16,
    kDiskFull = 32,  // what the faults are, and that the queue has no room
    kSmallMessages = 64,
    kFewRecipients = 128,
    kUsers = 256,
    kAuthOff = 512,
    kAuthRequired = 1024,
    kNoHold = 2048,
    kUngreeted = 4096,
    kTlsShift = 13,  // two bits of config::ListenerTls
  };
  static constexpr std::uint64_t kSmallMessageBytes = 1000;
  static constexpr std::uint32_t kFew = 3;

  unsigned flags = 0;
  unsigned seed = 0;

  bool has(Flag flag) const { return (flags & flag) != 0; }

  static SessionSetup read(const std::uint8_t* bytes) {
    return {.flags = bytes[0] | bytes[1] * 256U, .seed = bytes[2] | bytes[3] * 256U};
  }
  std::string written() const {
    std::string bytes;
    for (const unsigned value : {flags, seed}) {
      bytes += static_cast<char>(value & 255U);
      bytes += static_cast<char>(value >> 8U & 255U);
    }
    return bytes;
  }

  static SessionSetup of(const smtpd::dialogue::Case& each) {
    SessionSetup setup;
    const auto set = [&](bool holds, Flag flag) { setup.flags |= holds ? flag : 0U; };
    set(each.has("untrusted"), kUntrusted);
    set(!each.has("trace"), kHideOrigin);
    set(each.has("storage-fault") || each.has("disk-full"), kPutFault);
    set(each.has("full") || each.has("disk-full"), kDiskFull);
    set(each.number("max-message", 0) > 0, kSmallMessages);
    set(each.number("max-recipients", 0) > 0, kFewRecipients);
    set(each.has("users"), kUsers);
    set(each.auth() == config::Auth::off, kAuthOff);
    set(each.auth() == config::Auth::required, kAuthRequired);
    set(each.start() == smtpd::dialogue::Start::connect, kUngreeted);
    setup.flags |= static_cast<unsigned>(each.tls()) << kTlsShift;
    return setup;
  }

  void apply(smtpd::Client& client) const {
    client.peer.trusted = !has(kUntrusted);
    client.policy.hide = has(kHideOrigin);
    client.policy.hash = has(kHashBody);
    client.policy.full = has(kDiskFull) && !has(kPutFault) && !has(kChunkFault);
    const queue::StorageFault fault{has(kDiskFull), "broken"};
    if (has(kPutFault)) client.put_fault = fault;
    if (has(kChunkFault)) client.chunk_fault = fault;
    if (has(kUsers)) client.policy.users = smtpd::dialogue::users();
    smtpd::SessionSettings& settings = client.settings;
    if (has(kSmallMessages)) settings.max_message_bytes = kSmallMessageBytes;
    if (has(kFewRecipients)) settings.max_recipients = kFew;
    if (has(kNoHold)) settings.max_hold = Duration::zero();
    if (has(kAuthOff)) settings.auth = config::Auth::off;
    if (has(kAuthRequired)) settings.auth = config::Auth::required;
    settings.tls = static_cast<config::ListenerTls>(flags >> kTlsShift & 3U);
    if (!has(kUngreeted)) client.greet();
  }
};

}  // namespace postern::fuzz
