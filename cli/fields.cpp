#include "cli/fields.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "core/message.hpp"
#include "core/text.hpp"

namespace postern::cli {
namespace {

// Code points: continuation bytes of UTF-8 take no column.
std::size_t width_of(const std::string& text) {
  return static_cast<std::size_t>(
      std::count_if(text.begin(), text.end(), [](unsigned char c) { return (c & 0xC0) != 0x80; }));
}

}  // namespace

std::string cell(const Json& object, const char* name, std::size_t limit_bytes) {
  const auto member = object.find(name);
  if (member == object.end() || member->is_null()) return "-";
  if (member->is_string()) return escape(member->get_ref<const std::string&>(), limit_bytes);
  return escape(member->dump(), limit_bytes);
}

std::string text_of(const Json& object, const char* name) {
  const auto member = object.find(name);
  return member != object.end() && member->is_string() ? member->get<std::string>() : std::string();
}

const Json& list_of(const Json& object, const char* name) {
  static const Json kNone = Json::array();
  const auto member = object.find(name);
  return member != object.end() && member->is_array() ? *member : kNone;
}

std::string recipient_of(const Json& object) {
  return cell(object, object.contains("target") ? "target" : "recipient");
}

bool is_finished(const Json& delivery) {
  const auto state = parse_delivery_state(text_of(delivery, "state"));
  return state && is_final(*state);
}

std::string padded(const std::string& text, std::size_t width) {
  const std::size_t taken = width_of(text);
  return taken < width ? text + std::string(width - taken, ' ') : text;
}

std::string right(const std::string& text, std::size_t width) {
  const std::size_t taken = width_of(text);
  return taken < width ? std::string(width - taken, ' ') + text : text;
}

std::string plural(std::uint64_t count, const std::string& noun, const std::string& nouns) {
  return std::to_string(count) + " " + (count == 1 ? noun : nouns);
}

std::string table(const std::vector<std::vector<std::string>>& rows) {
  std::vector<std::size_t> widths;
  for (const auto& row : rows) {
    widths.resize(std::max(widths.size(), row.size()));
    for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], width_of(row[i]));
  }
  std::string out;
  for (const auto& row : rows) {
    for (std::size_t i = 0; i < row.size(); ++i)
      out += i + 1 < row.size() ? padded(row[i], widths[i]) + "  " : row[i];
    out += "\n";
  }
  return out;
}

}  // namespace postern::cli
