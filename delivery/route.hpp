#pragma once
// Which transports serve a sender domain, in which order, and which of them may be used now. Pure.
// Never direct to MX: a domain without a way out has its mail held, with a reason.
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "config/config.hpp"
#include "core/clock.hpp"
#include "core/message.hpp"
#include "transports/transport.hpp"

namespace postern::delivery {

/// Transports and sender domains are numbered once, so that the hot path compares no strings.
/// A number is never given to another name.
using TransportIndex = std::uint16_t;
using DomainIndex = std::uint16_t;

/// Names of the transports for a sender domain (lower case), preferred first: its own [[domain]],
/// else "*", else all in file order. An entry that names none means all.
std::vector<std::string_view> transports_for(const config::Config& config,
                                             std::string_view sender_domain);

/// How one transport stands towards one sender domain at this moment.
struct Candidate {
  enum class State {
    open,     // use it
    canary,   // half-open: one message may go and try
    probing,  // half-open: a canary is on its way
    shut,     // not before `until`
  };
  TransportIndex transport = 0;
  const transports::Abilities* abilities = nullptr;
  State state = State::open;
  Time until{};
  std::string_view reason;
};

/// What a message needs of a way out.
struct Needs {
  std::uint64_t size_bytes = 0;
  bool smtputf8 = false;
  bool require_tls = false;
};
Needs needs_of(const Message& message);

struct Choice {
  enum class Kind {
    go,     // through `transport`
    wait,   // all that would take it are shut until `until`
    unfit,  // there are transports, and none would ever take such a message
    none,   // no transport is left, or none is configured
  };
  Kind kind = Kind::none;
  TransportIndex transport = 0;
  Time until{};
  std::string reason{};
};

/// The first candidate that may be used. One whose canary is on its way is only waited for (`go`
/// to its queue) when no other is open. `tried`: already used in this attempt cycle.
Choice choose(std::span<const Candidate> candidates, const Needs& needs,
              std::span<const TransportIndex> tried);

/// Whether the transport takes such a message at all.
bool takes(const transports::Abilities& abilities, const Needs& needs);

}  // namespace postern::delivery
