#pragma once
// How long an address waits for the answer to AUTH: each failure doubles it, a quarter of an hour
// of quiet forgets it. One for all listeners and reloads; every io thread asks it, hence the lock,
// which only AUTH takes. Memory is bounded; time is an argument.
//
// The wait is set before the password is looked at, so it says nothing about it, and opening many
// connections at once gains nothing once a few have failed.
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>

#include "core/clock.hpp"

namespace postern::smtpd {

class AuthThrottle {
 public:
  static constexpr std::size_t kMaxAddresses = 10'000;

  struct Verdict {
    bool locked = false;  // do not even look at the password
    Duration wait{};      // before the answer, whatever it is
  };

  /// `address` is textual; IPv6 counts by its /64. A trusted network has all its products behind
  /// one address: it is never locked out, and waits for less than its clients' patience.
  Verdict ask(std::string_view address, bool trusted, Time now);
  void failed(std::string_view address, Time now);
  /// Takes back half of the failures: who knows one password must not guess at others for free.
  void succeeded(std::string_view address);

 private:
  struct Entry {
    unsigned failures = 0;
    Time last{};
  };
  void make_room(Time now);

  std::mutex mutex_;
  std::unordered_map<std::string, Entry> entries_;
};

}  // namespace postern::smtpd
