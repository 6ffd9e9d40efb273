// Addresses: what is accepted is bounded, printable, stable under reparsing, and its domain is one.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "core/text.hpp"
#include "mail/address.hpp"
#include "mail/author.hpp"

namespace {

using namespace postern;

void require(bool holds) {
  if (!holds) std::abort();
}

bool is_control(char c) {
  return (c >= 0 && c < 0x20) || c == 0x7F;
}

void check_address(std::string_view address, bool is_literal) {
  require(is_utf8(address));
  require(std::none_of(address.begin(), address.end(), is_control));
  const auto at = address.rfind('@');
  if (at == std::string_view::npos) return require(iequals(address, "postmaster"));
  require(at >= 1 && at <= mail::kMaxLocalPartBytes);
  require(address.size() - at - 1 <= mail::kMaxDomainBytes);
  require(is_literal == address.ends_with(']'));
  if (!is_literal) require(mail::is_domain(mail::domain_of(address)));
  const auto again = mail::parse_address(address);
  require(again && again->address == address);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  if (const auto path = mail::parse_path(text)) {
    require(path->length <= size && path->length <= mail::kMaxPathBytes);
    require(text[path->length - 1] == '>');
    if (!path->address.empty()) check_address(path->address, path->is_literal);
  }
  if (const auto address = mail::parse_address(text)) {
    require(address->address == text);
    if (!address->is_literal && text.size() + 2 <= mail::kMaxPathBytes) {
      check_address(text, false);
      require(mail::parse_path("<" + std::string(text) + ">").has_value());
    }
  }
  const std::string domain = mail::author_domain(text);
  require(domain.empty() || mail::is_domain(domain));
  return 0;
}
