#include "config/reader.hpp"

#include <algorithm>

#include "config/secret_source.hpp"
#include "config/wording.hpp"

namespace postern::config {

void Findings::add(Place place, std::string what) {
  mistakes_.push_back({file_, place.line, place.column, std::move(what)});
}

std::map<std::string, std::string, std::less<>> Findings::places() const {
  std::map<std::string, std::string, std::less<>> all{{"", file_}};
  for (const auto& [path, place] : places_)
    all.emplace(path,
                file_ + ':' + std::to_string(place.line) + ':' + std::to_string(place.column));
  return all;
}

void Findings::warn(Place place, std::string what) {
  warnings_.push_back({file_, place.line, place.column, std::move(what)});
}

void Findings::note(std::string path, Place place) {
  places_.insert_or_assign(std::move(path), place);
}

Place Findings::place_of(std::string path) const {
  for (;;) {
    if (const auto found = places_.find(path); found != places_.end()) return found->second;
    const auto dot = path.rfind('.');
    if (dot == std::string::npos) return {1, 1};
    path.resize(dot);
  }
}

namespace {

std::vector<Mistake> in_order(std::vector<Mistake> mistakes) {
  std::stable_sort(mistakes.begin(), mistakes.end(), [](const Mistake& a, const Mistake& b) {
    return Place{a.line, a.column} < Place{b.line, b.column};
  });
  return mistakes;
}

}  // namespace

std::vector<Mistake> Findings::take() {
  return in_order(std::move(mistakes_));
}

std::vector<Mistake> Findings::take_warnings() {
  return in_order(std::move(warnings_));
}

Reader::Reader(const Value& table, std::string path, std::string title,
               const Environment& environment, Findings& findings)
    : table_(table),
      path_(std::move(path)),
      title_(std::move(title)),
      environment_(environment),
      findings_(findings) {
  if (!path_.empty()) findings_.note(path_, table_.place);
}

std::string Reader::path_of(std::string_view key) const {
  return path_.empty() ? std::string(key) : path_ + '.' + std::string(key);
}

void Reader::wrong(std::string_view key, Place place, const std::string& what) {
  findings_.add(place, std::string(key) + ": " + what);
}

const Value* Reader::find(std::string_view key, Presence presence) {
  known_.emplace_back(key);
  const Member* member = table_.find(key);
  if (member == nullptr) {
    if (presence == Presence::required)
      findings_.add(table_.place, title_ + " lacks its " + quote(key));
    return nullptr;
  }
  findings_.note(path_of(key), member->value.place);
  return &member->value;
}

bool Reader::expect(std::string_view key, const Value& value, Value::Kind kind) {
  if (value.kind == kind) return true;
  std::string meant;
  if (kind == Value::Kind::list && value.kind == Value::Kind::text)
    meant = "; write [" + quote(value.text) + ']';
  if (kind == Value::Kind::boolean && value.kind == Value::Kind::text)
    meant = "; write true or false without quotes";
  if (kind == Value::Kind::integer && value.kind == Value::Kind::text)
    meant = "; write it without quotes";
  wrong(key, value.place,
        "must be " + std::string(describe(kind)) + ", not " + std::string(describe(value.kind)) +
            meant);
  return false;
}

const Value* Reader::find(std::string_view key, Presence presence, Value::Kind kind) {
  const Value* value = find(key, presence);
  return value != nullptr && expect(key, *value, kind) ? value : nullptr;
}

void Reader::string(std::string_view key, Presence presence, const Parse& parse,
                    const std::optional<std::string>&) {
  const Value* value = find(key, presence);
  if (value == nullptr) return;
  if (value->kind == Value::Kind::text) {
    if (const auto what = parse(value->text)) wrong(key, value->place, *what);
    return;
  }
  // What the number would lack as a text, its unit mostly.
  if (value->kind == Value::Kind::integer)
    if (const auto what = parse(std::to_string(value->integer)))
      return wrong(key, value->place, "must be a string, not a number: " + *what);
  expect(key, *value, Value::Kind::text);
}

void Reader::list(std::string_view key, const std::function<void()>& clear, const Parse& parse,
                  const std::optional<std::vector<std::string>>&) {
  const Value* value = find(key, Presence::optional, Value::Kind::list);
  if (value == nullptr) return;
  clear();
  for (std::size_t i = 0; i < value->items.size(); ++i) {
    const Value& item = value->items[i];
    findings_.note(path_of(key) + '.' + std::to_string(i), item.place);
    if (!expect(key, item, Value::Kind::text)) continue;
    if (const auto what = parse(item.text)) wrong(key, item.place, *what);
  }
}

void Reader::flag(std::string_view key, bool& value) {
  if (const Value* found = find(key, Presence::optional, Value::Kind::boolean))
    value = found->boolean;
}

void Reader::number(std::string_view key, std::uint32_t& value, Bounds<std::uint32_t> bounds) {
  const Value* found = find(key, Presence::optional, Value::Kind::integer);
  if (found == nullptr) return;
  if (found->integer < bounds.least || found->integer > bounds.most)
    wrong(key, found->place,
          std::to_string(found->integer) + " is not from " + std::to_string(bounds.least) + " to " +
              std::to_string(bounds.most));
  else
    value = static_cast<std::uint32_t>(found->integer);
}

void Reader::secret(std::string_view key, Presence presence, Secret& value) {
  const Value* found = find(key, presence);
  if (found == nullptr) return;
  const auto secret = read_secret(*found, environment_);
  if (secret)
    value = *secret;
  else
    wrong(key, found->place, secret.error().what);
}

std::optional<Reader> Reader::table(std::string_view key) {
  const Value* value = find(key, Presence::optional);
  if (value == nullptr) return std::nullopt;
  if (value->kind != Value::Kind::table) {
    const bool listed = value->kind == Value::Kind::list && !value->items.empty() &&
                        value->items.front().kind == Value::Kind::table;
    findings_.add(listed ? value->items.front().place : value->place,
                  quote(key) + " is one section: write [" + std::string(key) + ']');
    return std::nullopt;
  }
  return Reader(*value, path_of(key), '[' + path_of(key) + ']', environment_, findings_);
}

std::vector<Reader> Reader::tables(std::string_view key) {
  std::vector<Reader> readers;
  const Value* value = find(key, Presence::optional);
  if (value == nullptr) return readers;
  const bool nested = !title_.empty();
  const std::string title =
      nested ? title_.substr(0, title_.size() - 2) + '.' + std::string(key) + "]]"
             : "[[" + std::string(key) + "]]";
  const auto is_table = [](const Value& item) { return item.kind == Value::Kind::table; };
  if (value->kind != Value::Kind::list ||
      !std::all_of(value->items.begin(), value->items.end(), is_table)) {
    findings_.add(value->place, quote(key) + " is a list of sections: write " + title);
    return readers;
  }
  for (std::size_t i = 0; i < value->items.size(); ++i)
    readers.push_back(Reader(value->items[i], path_of(key) + '.' + std::to_string(i), title,
                             environment_, findings_));
  return readers;
}

void Reader::later(std::string_view key) {
  known_.emplace_back(key);
  const Member* member = table_.find(key);
  if (member == nullptr) return;
  const Value& value = member->value;
  const bool listed = value.kind == Value::Kind::list && !value.items.empty();
  const std::string name(key);
  findings_.add(listed ? value.items.front().place : value.place,
                (value.kind == Value::Kind::list ? "[[" + name + "]]" : '[' + name + ']') +
                    " is not part of this version");
}

void Reader::finish(const std::map<std::string, std::string>& elsewhere) {
  for (const Member& member : table_.members) {
    if (std::find(known_.begin(), known_.end(), member.key) != known_.end()) continue;
    const auto other = elsewhere.find(member.key);
    if (other != elsewhere.end()) {
      findings_.add(member.place, quote(member.key) + " belongs to " + other->second);
    } else if (title_.empty()) {
      findings_.add(member.place,
                    "unknown section " + quote(member.key) + suggestion(member.key, known_));
    } else {
      findings_.add(member.place, "unknown key " + quote(member.key) + " in " + title_ +
                                      suggestion(member.key, known_));
    }
  }
}

}  // namespace postern::config
