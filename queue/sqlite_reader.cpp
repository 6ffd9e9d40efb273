#include "queue/sqlite_reader.hpp"

#include <algorithm>
#include <limits>
#include <map>

#include "core/text.hpp"
#include "queue/sqlite_rows.hpp"
#include "queue/sqlite_trace.hpp"

namespace postern::queue {
namespace {

const std::string kFromWaiting =
    std::string(" FROM delivery INDEXED BY delivery_waiting WHERE ") + kWaiting;
const std::string kFirstDomain = "SELECT min(sender_domain)" + kFromWaiting;
const std::string kNextDomain =
    "SELECT min(sender_domain)" + kFromWaiting + " AND sender_domain > ?";
const std::string kNextPriority =
    "SELECT max(priority)" + kFromWaiting + " AND sender_domain = ? AND priority < ?";
const std::string kDue = std::string("SELECT ") + kDeliveryColumns + kFromWaiting +
                         " AND sender_domain = ? AND priority = ? AND next_attempt_at <= ?"
                         " ORDER BY next_attempt_at, message";
const std::string kNextDue =
    std::string("SELECT min(next_attempt_at) FROM delivery INDEXED BY delivery_open WHERE ") +
    kOpen + " AND next_attempt_at > ? AND next_attempt_at < ? AND state <> 'active'";
const std::string kMessage =
    std::string("SELECT ") + kMessageColumns + " FROM message WHERE no = ?";
const std::string kDeliveries = std::string("SELECT ") + kDeliveryColumns +
                                " FROM delivery WHERE message = ? ORDER BY recipient_index";
constexpr char kRecipients[] =
    "SELECT recipient FROM delivery WHERE message = ? ORDER BY recipient_index";
constexpr char kAttempts[] =
    "SELECT recipient_index, number, transport, started_at, duration_ms, outcome, blame, reply "
    "FROM attempt WHERE message = ? ORDER BY started_at, number, recipient_index";
constexpr char kEvents[] =
    "SELECT at, source, type, recipient, detail FROM event WHERE message = ? ORDER BY number";
const std::string kCounts =
    std::string(
        "SELECT (SELECT channel FROM message WHERE no = d.message), state, count(*), min(message) "
        "FROM delivery d INDEXED BY delivery_open WHERE ") +
    kOpen + " GROUP BY 1, 2";
// Of everybody's entry and the domain's own, the latter.
const std::string kSuppression =
    std::string("SELECT ") + kSuppressionColumns +
    " FROM suppression WHERE address = ? AND (sender_domain = '' OR sender_domain = ?) AND " +
    kSuppressionCounts + " ORDER BY sender_domain DESC LIMIT 1";
// One call of due() looks at no more sender domains: three seeks each.
constexpr std::uint32_t kDomainsInOneCall = 1000;
// Up to here their index and a sort are quicker than a walk over the history.
constexpr std::int64_t kFewOpen = 2000;
const std::string kCountFew =
    "SELECT count(*) FROM (SELECT 1 FROM delivery INDEXED BY delivery_open WHERE " +
    std::string(kOpen) + " LIMIT " + std::to_string(kFewOpen + 1) + ")";

}  // namespace

struct SqliteReader::Connection {
  explicit Connection(const std::filesystem::path& file)
      : database(file, Database::Mode::read_only),
        first_domain(database, kFirstDomain),
        next_domain(database, kNextDomain),
        next_priority(database, kNextPriority),
        due(database, kDue),
        next_due(database, kNextDue),
        message(database, kMessage),
        deliveries(database, kDeliveries),
        recipients(database, kRecipients),
        attempts(database, kAttempts),
        events(database, kEvents),
        counts(database, kCounts),
        count_few(database, kCountFew),
        body(database, "SELECT bytes FROM body WHERE message = ?"),
        suppression(database, kSuppression) {
    database.execute("PRAGMA cache_size = -2048");
  }

  std::shared_ptr<Message> load_message(MessageNo no) {
    message.query(no);
    if (!message.next()) return nullptr;
    auto loaded = std::make_shared<Message>(read_message(message));
    message.reset();
    return loaded;
  }
  bool has_few_open() {
    count_few.query();
    count_few.next();
    const bool few = count_few.integer(0) <= kFewOpen;
    count_few.reset();
    return few;
  }
  void load_recipients(Message& into) {
    recipients.query(into.no);
    while (recipients.next()) into.envelope.recipients.emplace_back(recipients.text(0));
  }
  std::optional<Stored> load(MessageNo no) {
    auto loaded = load_message(no);
    if (!loaded) return std::nullopt;
    Stored stored;
    deliveries.query(no);
    while (deliveries.next()) {
      DeliveryRow row = read_delivery(deliveries);
      loaded->envelope.recipients.push_back(std::move(row.recipient));
      stored.deliveries.push_back(std::move(row.delivery));
    }
    stored.message = std::move(loaded);
    return stored;
  }

  Database database;
  Statement first_domain, next_domain, next_priority, due, next_due, message, deliveries,
      recipients, attempts, events, counts, count_few, body, suppression;
};

/// A connection for one call, in one read transaction; dropped instead of returned after a fault.
class SqliteReader::Lease {
 public:
  explicit Lease(SqliteReader& reader) : reader_(reader) {
    {
      const std::lock_guard lock(reader.mutex_);
      if (!reader.idle_.empty()) {
        connection_ = std::move(reader.idle_.back());
        reader.idle_.pop_back();
      }
    }
    if (!connection_) connection_ = std::make_unique<Connection>(reader.file_);
    connection_->database.execute("BEGIN");
  }
  ~Lease() {
    if (std::uncaught_exceptions() > exceptions_) return;
    connection_->database.interrupt_transaction();
    const std::lock_guard lock(reader_.mutex_);
    reader_.idle_.push_back(std::move(connection_));
  }
  Lease(const Lease&) = delete;
  Lease& operator=(const Lease&) = delete;
  Connection* operator->() { return connection_.get(); }

 private:
  SqliteReader& reader_;
  std::unique_ptr<Connection> connection_;
  int exceptions_ = std::uncaught_exceptions();
};

SqliteReader::SqliteReader(std::filesystem::path file, const BodyFiles& bodies,
                           const SuppressionIndex& suppressions)
    : file_(std::move(file)), bodies_(bodies), suppressions_(suppressions) {}
SqliteReader::~SqliteReader() = default;

/// The walk of one DueQuery through the sender domains that wait.
class SqliteReader::DueWalk {
 public:
  DueWalk(Connection& connection, const DueQuery& query) : connection_(connection), query_(query) {}

  Due run() {
    std::optional<std::string> last = query_.after_domain;
    bool is_second_half = !last;
    for (std::uint32_t visits = 0;; ++visits) {
      auto domain = domain_after(last);
      if (!domain && !is_second_half) {
        is_second_half = true;
        last.reset();
        domain = domain_after(last);
      }
      const bool is_round = is_second_half && query_.after_domain && domain > query_.after_domain;
      if (!domain || is_round) break;
      if (visits == kDomainsInOneCall || due_.messages.size() >= query_.limit) {
        due_.is_complete = false;
        break;
      }
      read_domain(*domain);
      last = std::move(domain);
    }
    due_.last_domain = std::move(last);
    for (const auto& [no, place] : places_) {
      auto message = connection_.load_message(no);
      connection_.load_recipients(*message);
      due_.messages[place].message = std::move(message);
    }
    return std::move(due_);
  }

 private:
  std::optional<std::string> domain_after(const std::optional<std::string>& name) {
    Statement& next = name ? connection_.next_domain : connection_.first_domain;
    if (name)
      next.query(*name);
    else
      next.query();
    std::optional<std::string> found;
    while (next.next())
      if (!next.is_null(0)) found = next.text(0);
    return found;
  }

  std::optional<std::int64_t> priority_below(const std::string& domain, std::int64_t priority) {
    Statement& next = connection_.next_priority;
    next.query(domain, priority);
    std::optional<std::int64_t> found;
    while (next.next())
      if (!next.is_null(0)) found = next.integer(0);
    return found;
  }

  void read_domain(const std::string& domain) {
    std::size_t room = query_.limit - due_.messages.size();
    if (query_.room) room = std::min<std::size_t>(room, query_.room(domain));
    bool has_more = room == 0;
    auto priority = std::optional(std::numeric_limits<std::int64_t>::max());
    while (!has_more && (priority = priority_below(domain, *priority)))
      has_more = !read_rows(domain, *priority, room);
    if (has_more) due_.has_more.push_back(domain);
  }

  /// False: there was no room for all of them.
  bool read_rows(const std::string& domain, std::int64_t priority, std::size_t& room) {
    Statement& row = connection_.due;
    row.query(domain, priority, query_.now);
    while (row.next()) {
      const MessageNo no{row.integer(0)};
      if (query_.skip && query_.skip(no, static_cast<std::uint32_t>(row.integer(1)))) continue;
      auto place = places_.find(no);
      if (place == places_.end()) {
        if (room == 0) {
          row.reset();
          return false;
        }
        --room;
        place = places_.emplace(no, due_.messages.size()).first;
        due_.messages.emplace_back();
      }
      due_.messages[place->second].deliveries.push_back(read_delivery(row).delivery);
    }
    return true;
  }

  Connection& connection_;
  const DueQuery& query_;
  Due due_;
  std::map<MessageNo, std::size_t> places_;
};

Due SqliteReader::due(const DueQuery& query) {
  Lease lease(*this);
  return DueWalk(*lease.operator->(), query).run();
}

std::optional<Time> SqliteReader::next_due(Time now) {
  Lease lease(*this);
  lease->next_due.query(now, kNever);
  std::optional<Time> next;
  // Walked to its end: a statement left open would keep its snapshot for all later calls.
  while (lease->next_due.next())
    if (!lease->next_due.is_null(0)) next = to_time(lease->next_due.integer(0));
  return next;
}

std::optional<Stored> SqliteReader::find(MessageNo no) {
  Lease lease(*this);
  auto stored = lease->load(no);
  if (!stored) return std::nullopt;
  Statement& attempts = lease->attempts;
  attempts.query(no);
  while (attempts.next()) {
    AttemptRow& row = stored->attempts.emplace_back();
    row.index = static_cast<std::uint32_t>(attempts.integer(0));
    row.number = static_cast<std::uint32_t>(attempts.integer(1));
    row.transport = attempts.text(2);
    row.started_at = to_time(attempts.integer(3));
    if (!attempts.is_null(4)) row.duration = Duration{attempts.integer(4)};
    row.outcome = attempts.text(5);
    row.blame = attempts.text(6);
    row.reply = attempts.text(7);
  }
  Statement& events = lease->events;
  events.query(no);
  while (events.next())
    stored->events.push_back({to_time(events.integer(0)), std::string(events.text(1)),
                              std::string(events.text(2)), std::string(events.text(3)),
                              std::string(events.text(4))});
  return stored;
}

std::vector<Stored> SqliteReader::list(const Filter& filter, MessageNo after, std::uint32_t limit) {
  Lease lease(*this);
  const FilterTerms terms(filter);
  const bool open_only = !filter.state || !is_final(*filter.state);
  std::string sql = "SELECT DISTINCT d.message FROM delivery d";
  // Unfinished deliveries are mostly few beside the history, and found by their index; of a backlog
  // every page would sort all of it, so that one is walked in its own order.
  if (open_only && filter.messages.empty())
    sql += lease->has_few_open() ? " INDEXED BY delivery_open" : " NOT INDEXED";
  sql += " WHERE d.message > ?";
  if (open_only) sql += std::string(" AND ") + kOpen;
  sql += terms.sql() + " ORDER BY d.message LIMIT " + std::to_string(limit);
  Statement select(lease->database, sql);
  select.bind_at(1, to_int(after));
  terms.bind(select, 2);
  std::vector<Stored> messages;
  while (select.next())
    if (auto stored = lease->load(MessageNo{select.integer(0)}))
      messages.push_back(std::move(*stored));
  return messages;
}

std::shared_ptr<const Content> SqliteReader::content(const Message& message) {
  if (message.chunks > 1) return bodies_.content(message);
  Lease lease(*this);
  std::shared_ptr<const Content> content;
  lease->body.query(message.no);
  while (lease->body.next())
    content = std::make_shared<MemoryContent>(std::string(lease->body.blob(0)));
  return content;
}

std::vector<Count> SqliteReader::counts() {
  Lease lease(*this);
  std::vector<Count> counts;
  lease->counts.query();
  while (lease->counts.next()) {
    Count count;
    count.channel = parse_channel(lease->counts.text(0)).value();
    count.state = parse_delivery_state(lease->counts.text(1)).value();
    count.deliveries = static_cast<std::uint64_t>(lease->counts.integer(2));
    count.oldest = accepted_time(MessageNo{lease->counts.integer(3)});
    counts.push_back(count);
  }
  return counts;
}

std::vector<BreakerRow> SqliteReader::breakers() {
  Lease lease(*this);
  Statement select(
      lease->database,
      "SELECT transport, domain, state, reason, until, open_for_ms, failures FROM breaker");
  std::vector<BreakerRow> rows;
  while (select.next())
    rows.push_back({std::string(select.text(0)), std::string(select.text(1)),
                    std::string(select.text(2)), std::string(select.text(3)),
                    to_time(select.integer(4)), Duration{select.integer(5)},
                    static_cast<unsigned>(select.integer(6))});
  return rows;
}

std::vector<MessageNo> SqliteReader::trace(std::string_view id, std::uint32_t limit) {
  Lease lease(*this);
  return trace_ids(lease->database, id, limit);
}

std::optional<Suppression> SqliteReader::suppression(std::string_view address,
                                                     std::string_view sender_domain, Time now) {
  Lease lease(*this);
  Statement& select = lease->suppression;
  const std::string key = to_lower(address);
  select.query(key, sender_domain, now);
  std::optional<Suppression> found;
  while (select.next()) found = read_suppression(select);
  return found;
}

std::vector<Suppression> SqliteReader::suppressions(const SuppressionFilter& filter,
                                                    const Suppression& after, Time now,
                                                    std::uint32_t limit) {
  Lease lease(*this);
  std::string sql = std::string("SELECT ") + kSuppressionColumns +
                    " FROM suppression WHERE (address, sender_domain) > (?, ?) AND " +
                    kSuppressionCounts;
  std::vector<std::string> values;
  const auto add = [&](const char* term, std::string value) {
    sql += term;
    values.push_back(std::move(value));
  };
  if (!filter.address.empty()) add(" AND address = ?", to_lower(filter.address));
  if (filter.sender_domain) add(" AND sender_domain = ?", to_lower(*filter.sender_domain));
  if (filter.reason) add(" AND reason = ?", std::string(to_string(*filter.reason)));
  if (!filter.source.empty()) add(" AND source = ?", filter.source);
  sql += " ORDER BY address, sender_domain LIMIT " + std::to_string(limit);
  Statement select(lease->database, sql);
  select.bind_at(1, after.address);
  select.bind_at(2, after.sender_domain);
  select.bind_at(3, now.time_since_epoch().count());
  int place = 3;
  for (const std::string& value : values) select.bind_at(++place, value);
  std::vector<Suppression> found;
  while (select.next()) found.push_back(read_suppression(select));
  return found;
}

std::uint64_t SqliteReader::used_bytes() {
  Lease lease(*this);
  Database& database = lease->database;
  return bodies_.used_bytes() + static_cast<std::uint64_t>((database.pragma("page_count") -
                                                            database.pragma("freelist_count")) *
                                                           database.pragma("page_size"));
}

}  // namespace postern::queue
