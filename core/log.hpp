#pragma once
// The event log: one line per change of state, the message id first, a fixed verb, then key=value
// (or one JSON object). Wire text is escaped here, once. Thread-safe; never blocks the caller: a
// full buffer drops new lines and says how many.
#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <type_traits>

namespace postern::log {

enum class Level { debug, info, warning, error };
enum class Format { text, json };

/// One key=value; the value is a view that must outlive the call.
struct Field {
  Field(std::string_view k, std::string_view v) : key(k), value(v) {}
  Field(std::string_view k, const char* v) : key(k), value(v) {}
  Field(std::string_view k, const std::string& v) : key(k), value(v) {}
  Field(std::string_view k, bool v) : key(k), value(v ? "true" : "false") {}
  template <class Integer>
  requires std::is_integral_v<Integer> Field(std::string_view k, Integer v)
      : key(k), number(static_cast<std::int64_t>(v)), is_number(true) {}

  std::string_view key;
  std::string_view value;
  std::int64_t number = 0;
  bool is_number = false;
};

/// Writes to standard error from now on. Call once, before threads start; again to change level.
void start(Level level, Format format);
/// Writes what is waiting and stops.
void stop();
bool enabled(Level level);
/// `id`: a message id, or empty. `verb`: accepted, attempt, delivered, deferred, failover, blocked,
/// uncertain, rejected, expired, held, or what the daemon itself does (started, reloaded, ...).
void event(Level level, std::string_view id, std::string_view verb,
           std::initializer_list<Field> fields = {});

/// Lines dropped so far because standard error could not keep up.
std::uint64_t dropped();

}  // namespace postern::log
