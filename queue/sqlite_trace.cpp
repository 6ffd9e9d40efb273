#include "queue/sqlite_trace.hpp"

#include <algorithm>
#include <set>

#include "queue/message_ids.hpp"

namespace postern::queue {
namespace {

/// An entry of a run: in the blob as two big-endian numbers, which sort as bytes.
constexpr std::size_t kHashBytes = 8;
constexpr std::size_t kEntryBytes = 16;

std::string big_endian(std::int64_t number) {
  std::string bytes(kHashBytes, '\0');
  auto rest = static_cast<std::uint64_t>(number);
  for (std::size_t i = bytes.size(); i-- > 0; rest >>= 8) bytes[i] = static_cast<char>(rest & 0xFF);
  return bytes;
}

std::int64_t from_big_endian(std::string_view bytes) {
  std::uint64_t number = 0;
  for (const char c : bytes) number = number << 8 | static_cast<unsigned char>(c);
  return static_cast<std::int64_t>(number);
}

std::string entry_of(std::string_view id, MessageNo no) {
  return big_endian(id_hash(bare_id(id))) + big_endian(to_int(no));
}

void search_run(std::string_view entries, std::string_view hash, std::set<MessageNo>& found) {
  std::size_t low = 0;
  std::size_t high = entries.size() / kEntryBytes;
  while (low < high) {
    const std::size_t middle = (low + high) / 2;
    if (entries.substr(middle * kEntryBytes, kHashBytes) < hash)
      low = middle + 1;
    else
      high = middle;
  }
  for (; (low + 1) * kEntryBytes <= entries.size(); ++low) {
    const std::string_view entry = entries.substr(low * kEntryBytes, kEntryBytes);
    if (!entry.starts_with(hash)) return;
    found.insert(MessageNo{from_big_endian(entry.substr(kHashBytes))});
  }
}

/// Whether a message goes by one of these ids: what a hash or a prefix of the search says is a
/// hint.
class Confirmation {
 public:
  explicit Confirmation(Database& database)
      : message_(database, "SELECT message_id FROM message WHERE no = ?"),
        deliveries_(database, "SELECT DISTINCT provider_id FROM delivery WHERE message = ?") {}

  bool goes_by(MessageNo no, const std::vector<std::string>& forms) {
    return has(message_, no, forms) || has(deliveries_, no, forms);
  }

 private:
  static bool has(Statement& select, MessageNo no, const std::vector<std::string>& forms) {
    bool found = false;
    select.query(no);
    while (select.next())
      if (std::find(forms.begin(), forms.end(), bare_id(select.text(0))) != forms.end())
        found = true;
    return found;
  }

  Statement message_, deliveries_;
};

void collect(Statement& select, std::set<MessageNo>& found) {
  while (select.next()) found.insert(MessageNo{select.integer(0)});
}

}  // namespace

std::vector<MessageNo> trace_ids(Database& database, std::string_view id, std::uint32_t limit) {
  const std::vector<std::string> forms = id_forms(id);
  std::set<MessageNo> hints;
  std::vector<std::string> hashes;
  const MessageNo indexed = indexed_up_to(database);
  Statement late(database, "SELECT message FROM late_id WHERE hash = ?");
  Statement by_message_id(database,
                          "SELECT no FROM message WHERE no > ? AND message_id = '<' || ? || '>'");
  Statement by_provider_id(
      database,
      "SELECT message FROM delivery WHERE message > ?1 AND provider_id IN (?2, '<' || ?2 || '>')");
  for (const std::string& form : forms) {
    hashes.push_back(big_endian(id_hash(form)));
    late.query(id_hash(form));
    collect(late, hints);
    by_message_id.query(indexed, form);
    collect(by_message_id, hints);
    by_provider_id.query(indexed, form);
    collect(by_provider_id, hints);
  }
  const auto own = parse_id(bare_id(id));
  if (own) hints.insert(*own);
  Statement runs(database, "SELECT entries FROM id_run ORDER BY last DESC");
  runs.query();
  while (runs.next())
    for (const std::string& hash : hashes) search_run(runs.blob(0), hash, hints);

  Confirmation confirmation(database);
  Statement exists(database, "SELECT 1 FROM message WHERE no = ?");
  std::vector<MessageNo> found;
  for (auto hint = hints.rbegin(); hint != hints.rend() && found.size() < limit; ++hint) {
    exists.query(*hint);
    const bool is_own = exists.next() && own && *hint == *own;
    if (is_own || confirmation.goes_by(*hint, forms)) found.push_back(*hint);
  }
  return found;
}

bool index_run(Database& database, Time before) {
  const MessageNo indexed = indexed_up_to(database);
  Statement bound(database,
                  "SELECT no FROM message WHERE no > ? AND no < ? ORDER BY no LIMIT 1 OFFSET ?");
  bound.query(indexed, first_number_of(before), kRunMessages - 1);
  if (!bound.next()) return false;
  const MessageNo last{bound.integer(0)};
  bound.reset();

  Statement select(database,
                   "SELECT m.no, m.message_id, d.provider_id FROM message m "
                   "JOIN delivery d ON d.message = m.no WHERE m.no > ? AND m.no <= ?");
  std::vector<std::string> entries;
  select.query(indexed, last);
  while (select.next()) {
    const MessageNo no{select.integer(0)};
    for (const int column : {1, 2})
      if (!select.text(column).empty()) entries.push_back(entry_of(select.text(column), no));
  }
  std::sort(entries.begin(), entries.end());
  entries.erase(std::unique(entries.begin(), entries.end()), entries.end());
  std::string bytes;
  bytes.reserve(entries.size() * kEntryBytes);
  for (const std::string& entry : entries) bytes += entry;
  Statement(database, "INSERT INTO id_run (last, first, entries) VALUES (?, ?, ?)")
      .run(last, MessageNo{to_int(indexed) + 1}, Statement::Blob{bytes});
  return true;
}

MessageNo indexed_up_to(Database& database) {
  Statement select(database, "SELECT coalesce(max(last), 0) FROM id_run");
  select.next();
  return MessageNo{select.integer(0)};
}

void drop_runs(Database& database, MessageNo history) {
  // The last one stays: it says up to where the ids are in runs.
  Statement(database,
            "DELETE FROM id_run WHERE last < ? AND last < (SELECT max(last) FROM id_run) AND NOT "
            "EXISTS (SELECT 1 FROM message WHERE no BETWEEN id_run.first AND id_run.last)")
      .run(history);
}

}  // namespace postern::queue
