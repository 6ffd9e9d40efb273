// The suppression list on the write side, and its index in memory (see suppression_index.hpp).
#include "core/text.hpp"
#include "queue/sqlite_statements.hpp"

namespace postern::queue {

void SqliteStore::load_suppressions() {
  Statement count(*database_, "SELECT count(*) FROM suppression");
  count.next();
  suppressions_.reserve(static_cast<std::size_t>(count.integer(0)));
  Statement select(*database_, "SELECT address FROM suppression");
  while (select.next()) suppressions_.add(select.text(0));
}

Applied SqliteStore::suppress(const Suppress& change) {
  const Suppression& entry = change.entry;
  const std::string address = to_lower(entry.address);
  statements_->suppress.run(address, to_lower(entry.sender_domain), to_string(entry.reason),
                            entry.source, entry.added_at, entry.expires_at, entry.detail,
                            change.replace);
  if (database_->changes() == 0) return {};
  suppressed_.push_back(address);
  return {.changed = 1};
}

Applied SqliteStore::unsuppress(const Unsuppress& change) {
  std::optional<std::string> domain;
  if (change.sender_domain) domain = to_lower(*change.sender_domain);
  statements_->unsuppress.run(to_lower(change.address), domain);
  return {.changed = database_->changes()};
}

std::uint64_t SqliteStore::prune_suppressions(const Prune& change) {
  Statement(*database_,
            "DELETE FROM suppression WHERE (address, sender_domain) IN "
            "(SELECT address, sender_domain FROM suppression "
            "WHERE expires_at IS NOT NULL AND expires_at <= ? LIMIT ?)")
      .run(change.suppressions_before, change.limit);
  return database_->changes();
}

}  // namespace postern::queue
