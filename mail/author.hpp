#pragma once
// The domain of a message's author, from the value of its From header (RFC 5322 section 3.4).
// Used for a missing Message-ID, to route mail with a null sender, and to hold users to the domains
// that they may send as. One pass, no recursion:
// 100,000 nested comments cost no more than 100,000 letters.
#include <string>
#include <string_view>
#include <vector>

namespace postern::mail {

/// The domain of the first address in `value`, lower case; empty: there is none that is a domain.
std::string author_domain(std::string_view value);

/// The domains of all addresses in `value`, lower case, in order; empty strings for those that are
/// no domain, and where others may read another address than we do.
std::vector<std::string> author_domains(std::string_view value);

}  // namespace postern::mail
