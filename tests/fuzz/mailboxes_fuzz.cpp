// Address lists: every mailbox is somebody, stands where it says, and is found again when each
// address without a domain has been given one.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "mail/mailboxes.hpp"

namespace {

void require(bool holds) {
  if (!holds) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view list(reinterpret_cast<const char*>(data), size);
  const auto found = postern::mail::parse_mailboxes(list);
  if (!found) return 0;
  std::string completed;
  std::size_t copied = 0;
  for (const auto& mailbox : *found) {
    require(!mailbox.address.empty());
    require(mailbox.end > copied && mailbox.end <= list.size());
    completed += list.substr(copied, mailbox.end - copied);
    if (mailbox.address.find('@') == std::string::npos) completed += "@host.example";
    copied = mailbox.end;
  }
  completed += list.substr(copied);
  const auto again = postern::mail::parse_mailboxes(completed);
  require(again && again->size() == found->size());
  for (std::size_t i = 0; i < found->size(); ++i) {
    const std::string& address = (*found)[i].address;
    const bool has_domain = address.find('@') != std::string::npos;
    require((*again)[i].address == (has_domain ? address : address + "@host.example"));
  }
  return 0;
}
