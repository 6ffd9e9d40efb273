#pragma once
// Who is named in an address list (RFC 5322 section 3.4): the value of To, Cc or Bcc, or what a
// program was given as a recipient. Used by cli/letter. Strict where mail could go to the wrong
// person, lenient where it cannot: empty places in a list are nobody. Pure, linear, no recursion.
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.hpp"

namespace postern::mail {

struct Mailbox {
  /// As in an envelope: without comments, folds and display name. Its grammar is not checked; of a
  /// user of this machine it is the bare name, without '@'.
  std::string address;
  std::size_t end = 0;  // where it ends in the text: behind its last byte that is no comment
};

/// All mailboxes of `value`, those in groups included, in their order. Error: what is wrong with
/// the list, to stand after its name: "has a quoted string that does not end".
Result<std::vector<Mailbox>> parse_mailboxes(std::string_view value);

}  // namespace postern::mail
