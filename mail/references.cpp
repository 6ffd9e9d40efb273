#include "mail/references.hpp"

#include <algorithm>

#include "core/text.hpp"
#include "mail/headers.hpp"

namespace postern::mail {
namespace {

constexpr std::string_view kLineEnd = "\r\n";
constexpr std::size_t kColumns = 78;        // RFC 5322 section 2.1.1: should
constexpr std::size_t kMaxLineBytes = 998;  // and must
constexpr std::size_t kMaxIdBytes = 900;

constexpr bool is_space(char c) {
  return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

bool is_id(std::string_view text) {
  return text.size() > 2 && text.size() <= kMaxIdBytes && text.front() == '<' &&
         text.back() == '>' && text.find_first_of("<>", 1) == text.size() - 1 &&
         std::all_of(text.begin(), text.end(), [](char c) { return c > 0x20 && c < 0x7F; });
}

/// The fields of a header block, one after the other.
template <class Visit>
void for_each_field(std::string_view header, Visit visit) {
  while (!header.empty() && !header.starts_with(kLineEnd)) {
    const auto field = take_field(header);
    if (!field) return;
    visit(*field);
  }
}

/// An identifier as it stands in a field's value; nothing: there is no further one.
std::string_view next_id(std::string_view value) {
  for (auto open = value.find('<'); open != std::string_view::npos;
       open = value.find('<', open + 1)) {
    const auto end = value.find_first_of("<>", open + 1);
    if (end == std::string_view::npos) return {};
    if (value[end] == '>') return value.substr(open, end - open + 1);
  }
  return {};
}

std::string unfolded(std::string_view id) {
  std::string whole;
  std::copy_if(id.begin(), id.end(), std::back_inserter(whole),
               [](char c) { return !is_space(c); });
  return whole;
}

bool names(std::string_view value, std::string_view id) {
  for (std::string_view found = next_id(value); !found.empty(); found = next_id(value)) {
    if (unfolded(found) == id) return true;
    value.remove_prefix(static_cast<std::size_t>(found.data() - value.data()) + found.size());
  }
  return false;
}

std::size_t last_line_bytes(std::string_view text) {
  const auto end = text.rfind('\n');
  return end == std::string_view::npos ? text.size() : text.size() - end - 1;
}

/// Puts an identifier behind what was written of its line so far.
void put_id(std::string& out, std::size_t field_begin, std::string_view id) {
  const std::string_view line(out.data() + field_begin, out.size() - field_begin);
  if (last_line_bytes(line) + id.size() > kMaxLineBytes) {
    // The space that stands before it becomes that of the fold.
    if (!out.empty() && (out.back() == ' ' || out.back() == '\t')) out.pop_back();
    out += "\r\n ";
  }
  out += id;
}

void restore_field(std::string& out, const HeaderField& field, const OriginalOf& original_of) {
  const std::size_t begin = out.size();
  const auto value_at = static_cast<std::size_t>(field.value.data() - field.raw.data());
  out += field.raw.substr(0, value_at);
  std::string_view rest = field.raw.substr(value_at);
  for (std::string_view id = next_id(rest); !id.empty(); id = next_id(rest)) {
    const auto before = static_cast<std::size_t>(id.data() - rest.data());
    out += rest.substr(0, before);
    const auto original = original_of(unfolded(id));
    if (original && is_id(*original))
      put_id(out, begin, *original);
    else
      out += id;
    rest.remove_prefix(before + id.size());
  }
  out += rest;
}

}  // namespace

std::string add_reference(std::string_view header, std::string_view message_id) {
  if (!is_id(message_id)) return std::string(header);
  std::optional<HeaderField> references;
  std::string_view replied_to;
  std::size_t block_bytes = 0;
  for_each_field(header, [&](const HeaderField& field) {
    block_bytes += field.raw.size();
    if (iequals(field.name, "References")) references = field;
    if (iequals(field.name, "In-Reply-To")) replied_to = field.value;
  });
  std::string out;
  if (references) {
    if (names(references->value, message_id)) return std::string(header);
    // Before the line end of its last line, on a line of its own where that would become long.
    const auto end = static_cast<std::size_t>(references->value.data() - header.data()) +
                     references->value.size();
    const bool is_long = last_line_bytes(references->raw.substr(0, references->raw.size() - 2)) +
                             message_id.size() + 1 >
                         kColumns;
    out.append(header.substr(0, end)).append(is_long ? "\r\n " : " ").append(message_id);
    return out.append(header.substr(end));
  }
  out.append(header.substr(0, block_bytes)).append("References:");
  for (std::string_view id = next_id(replied_to); !id.empty(); id = next_id(replied_to)) {
    const std::string whole = unfolded(id);
    if (is_id(whole) && whole != message_id) out.append(" ").append(whole).append("\r\n");
    replied_to.remove_prefix(static_cast<std::size_t>(id.data() - replied_to.data()) + id.size());
  }
  return out.append(" ").append(message_id).append(kLineEnd).append(header.substr(block_bytes));
}

std::string restore_references(std::string_view header, const OriginalOf& original_of) {
  std::string out;
  out.reserve(header.size());
  std::size_t taken = 0;
  for_each_field(header, [&](const HeaderField& field) {
    taken += field.raw.size();
    if (iequals(field.name, "In-Reply-To") || iequals(field.name, "References"))
      restore_field(out, field, original_of);
    else
      out += field.raw;
  });
  return out.append(header.substr(taken));
}

}  // namespace postern::mail
