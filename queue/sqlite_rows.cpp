#include "queue/sqlite_rows.hpp"

#include "core/text.hpp"
#include "queue/options_column.hpp"

namespace postern::queue {

Message read_message(const Statement& row) {
  Message message;
  message.no = MessageNo{row.integer(0)};
  message.channel = parse_channel(row.text(1)).value();
  message.envelope.sender = row.text(2);
  message.sender_domain = row.text(3);
  message.message_id = row.text(4);
  message.identity = row.text(5);
  message.size_bytes = static_cast<std::uint64_t>(row.integer(6));
  message.chunks = static_cast<std::uint32_t>(row.integer(7));
  message.header_bytes = static_cast<std::uint32_t>(row.integer(8));
  message.body_hash = row.blob(9);
  message.envelope.smtputf8 = row.integer(10) != 0;
  message.envelope.eight_bit_mime = row.integer(11) != 0;
  message.priority = static_cast<int>(row.integer(12));
  message.accepted_at = to_time(row.integer(13));
  if (!row.is_null(14)) message.envelope.options = from_column(row.text(14));
  return message;
}

DeliveryRow read_delivery(const Statement& row) {
  DeliveryRow out;
  out.message = MessageNo{row.integer(0)};
  out.recipient = row.text(2);
  Delivery& delivery = out.delivery;
  delivery.index = static_cast<std::uint32_t>(row.integer(1));
  delivery.state = parse_delivery_state(row.text(3)).value();
  delivery.token = row.integer(4);
  delivery.transport = row.text(5);
  delivery.attempts = static_cast<std::uint32_t>(row.integer(6));
  delivery.next_attempt_at = to_time(row.integer(7));
  delivery.expires_at = to_time(row.integer(8));
  if (!row.is_null(9)) delivery.first_failed_at = to_time(row.integer(9));
  delivery.reason = row.text(10);
  delivery.provider_id = row.text(11);
  delivery.possible_duplicates = static_cast<std::uint32_t>(row.integer(12));
  if (!row.is_null(13)) delivery.notice_at = to_time(row.integer(13));
  return out;
}

Suppression read_suppression(const Statement& row) {
  Suppression entry;
  entry.address = row.text(0);
  entry.sender_domain = row.text(1);
  entry.reason = parse_suppression_reason(row.text(2)).value();
  entry.source = row.text(3);
  entry.added_at = to_time(row.integer(4));
  if (!row.is_null(5)) entry.expires_at = to_time(row.integer(5));
  entry.detail = row.text(6);
  return entry;
}

FilterTerms::FilterTerms(const Filter& filter) {
  if (!filter.messages.empty()) {
    sql_ += " AND d.message IN (";
    for (std::size_t i = 0; i < filter.messages.size(); ++i)
      sql_ += (i ? ", " : "") + std::to_string(to_int(filter.messages[i]));
    sql_ += ")";
  }
  const std::string of_message = " AND EXISTS (SELECT 1 FROM message m WHERE m.no = d.message AND ";
  if (!filter.sender_domain.empty())
    add(of_message + "m.sender_domain = ?)", to_lower(filter.sender_domain));
  if (filter.channel) add(of_message + "m.channel = ?)", std::string(to_string(*filter.channel)));
  if (!filter.recipient.empty()) add(" AND lower(d.recipient) = ?", to_lower(filter.recipient));
  if (!filter.recipient_domain.empty())
    add(" AND lower(d.recipient) LIKE '%@' || ? ESCAPE '\\'", [&] {
      std::string pattern;
      for (const char c : to_lower(filter.recipient_domain)) {
        if (c == '%' || c == '_' || c == '\\') pattern += '\\';
        pattern += c;
      }
      return pattern;
    }());
  if (!filter.transport.empty()) add(" AND d.transport = ?", filter.transport);
  if (filter.state) add(" AND d.state = ?", std::string(to_string(*filter.state)));
  if (filter.older_than)
    sql_ += " AND d.message < " + std::to_string(to_int(first_number_of(*filter.older_than)));
}

void FilterTerms::add(const std::string& term, std::string value) {
  sql_ += term;
  values_.push_back(std::move(value));
}

void FilterTerms::bind(Statement& statement, int first) const {
  for (const std::string& value : values_) statement.bind_at(first++, std::string_view(value));
}

}  // namespace postern::queue
