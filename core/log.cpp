#include "core/log.hpp"

#include <spdlog/logger.h>
#include <unistd.h>

#include <atomic>
#include <memory>

#include "core/buffered_sink.hpp"
#include "core/text.hpp"

namespace postern::log {
namespace {

// The one process-wide state that conventions allow: where standard error goes.
struct Target {
  std::shared_ptr<BufferedSink> sink;
  std::shared_ptr<spdlog::logger> logger;
  std::atomic<Level> level{Level::info};
  std::atomic<bool> json{false};
};

Target& target() {
  static Target one;
  return one;
}

spdlog::level::level_enum to_spdlog(Level level) {
  switch (level) {
    case Level::debug:
      return spdlog::level::debug;
    case Level::info:
      return spdlog::level::info;
    case Level::warning:
      return spdlog::level::warn;
    case Level::error:
      return spdlog::level::err;
  }
  return spdlog::level::info;
}

void append_quoted(std::string& line, std::string_view value) {
  line += '"';
  for (const char c : escape(value)) {
    // escape() has doubled backslashes already; in JSON that reads back as the escaped text.
    if (c == '"') line += '\\';
    line += c;
  }
  line += '"';
}

void append_json_string(std::string& line, std::string_view value) {
  line += '"';
  for (const char c : escape(value)) {
    if (c == '"' || c == '\\') line += '\\';
    line += c;
  }
  line += '"';
}

bool needs_quotes(std::string_view value) {
  if (value.empty()) return true;
  for (const char c : value)
    if (static_cast<unsigned char>(c) <= ' ' || c == '"' || c == '\\' || c == '=' ||
        static_cast<unsigned char>(c) >= 0x7F)
      return true;
  return false;
}

std::string as_text(std::string_view id, std::string_view verb,
                    std::initializer_list<Field> fields) {
  std::string line;
  line.reserve(160);
  line += id.empty() ? std::string_view{"-"} : id;
  line += ' ';
  line += verb;
  for (const Field& field : fields) {
    line += ' ';
    line += field.key;
    line += '=';
    if (field.is_number)
      line += std::to_string(field.number);
    else if (needs_quotes(field.value))
      append_quoted(line, field.value);
    else
      line += field.value;
  }
  return line;
}

std::string as_json(std::string_view id, std::string_view verb,
                    std::initializer_list<Field> fields) {
  std::string line = "\"id\":";
  line.reserve(200);
  append_json_string(line, id);
  line += ",\"event\":";
  append_json_string(line, verb);
  for (const Field& field : fields) {
    line += ',';
    append_json_string(line, field.key);
    line += ':';
    if (field.is_number)
      line += std::to_string(field.number);
    else
      append_json_string(line, field.value);
  }
  return line;
}

}  // namespace

void start(Level level, Format format) {
  Target& to = target();
  to.level = level;
  to.json = format == Format::json;
  if (!to.logger) {
    to.sink = std::make_shared<BufferedSink>(STDERR_FILENO);
    to.logger = std::make_shared<spdlog::logger>("postern", to.sink);
    to.logger->set_level(spdlog::level::trace);
  }
  to.logger->set_pattern(format == Format::json
                             ? "{\"at\":\"%Y-%m-%dT%H:%M:%S.%eZ\",\"level\":\"%l\",%v}"
                             : "%Y-%m-%dT%H:%M:%S.%eZ %l %v",
                         spdlog::pattern_time_type::utc);
}

void stop() {
  Target& to = target();
  to.logger.reset();
  to.sink.reset();  // joins its thread after the last line is written
}

bool enabled(Level level) {
  return target().logger && level >= target().level.load(std::memory_order_relaxed);
}

void event(Level level, std::string_view id, std::string_view verb,
           std::initializer_list<Field> fields) {
  Target& to = target();
  if (!enabled(level)) return;
  const std::string line = to.json ? as_json(id, verb, fields) : as_text(id, verb, fields);
  to.logger->log(to_spdlog(level), spdlog::string_view_t(line));
}

std::uint64_t dropped() {
  return target().sink ? target().sink->dropped() : 0;
}

}  // namespace postern::log
