// Header blocks: fields tile the block, edits take whole fields only, and an edited block has
// nothing left to take.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "mail/headers.hpp"

namespace {

using namespace postern::mail;

void require(bool holds) {
  if (!holds) std::abort();
}

void check_growth(std::string_view text) {
  const auto end = find_header_end(text);
  std::size_t searched = 0;
  for (std::size_t size = 0; size <= text.size(); size += 1 + size / 8) {
    const auto found = find_header_end(text.substr(0, size), searched);
    require(found ? found == end : !end || *end > size);
    if (found) return;
    searched = size;
  }
}

void check_fields(std::string_view header) {
  while (!header.empty() && !header.starts_with("\r\n")) {
    const std::size_t before = header.size();
    const char* const start = header.data();
    const auto field = take_field(header);
    if (!field) return require(header.size() == before);
    require(field->raw.data() == start && field->raw.size() == before - header.size());
    require(!field->name.empty() && field->name.find(' ') == std::string_view::npos);
  }
}

void check_edit(std::string_view header) {
  const auto facts = inspect_header(header);
  if (!facts) return;
  std::size_t removed = 0;
  for (const std::string_view raw : facts->removed) removed += raw.size();
  std::string kept;
  append_kept_fields(kept, header, *facts);
  require(kept.size() + removed == header.size());
  const auto again = inspect_header(kept);
  require(again && again->removed.empty());
  require(again->message_id == facts->message_id && again->from_domain == facts->from_domain);
  require(again->has_date == facts->has_date);
  require(facts->message_id.find_first_of("\r\n") == std::string_view::npos);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  check_growth(text);
  check_fields(text);
  const auto end = find_header_end(text);
  check_edit(text.substr(0, end.value_or(size)));
  return 0;
}
