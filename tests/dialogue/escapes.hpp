#pragma once
// The escapes of dialogue files: \r \n \t \0 \\ \xNN, \{NAME} for what a "let" has defined, \*N*c
// and \*N*{text} for repetition; within the latter \# is the number of the turn, from 1.
#include <algorithm>
#include <map>
#include <stdexcept>
#include <string>
#include <string_view>

namespace postern::smtpd::dialogue {

using Macros = std::map<std::string, std::string, std::less<>>;

inline std::string unescape(std::string_view text, const Macros& macros, std::size_t turn = 0) {
  std::string out;
  const auto take_until = [&text](char end) {
    const auto at = text.find(end);
    if (at == std::string_view::npos) throw std::runtime_error("an escape that does not end");
    const std::string_view taken = text.substr(0, at);
    text.remove_prefix(at + 1);
    return taken;
  };
  while (!text.empty()) {
    if (text.front() != '\\') {
      out += text.front();
      text.remove_prefix(1);
      continue;
    }
    const char kind = text.at(1);
    text.remove_prefix(2);
    switch (kind) {
      case 'r':
        out += '\r';
        break;
      case 'n':
        out += '\n';
        break;
      case 't':
        out += '\t';
        break;
      case '0':
        out += '\0';
        break;
      case '\\':
        out += '\\';
        break;
      case '#':
        out += std::to_string(turn);
        break;
      case 'x':
        out += static_cast<char>(std::stoi(std::string(text.substr(0, 2)), nullptr, 16));
        text.remove_prefix(2);
        break;
      case '{':
        out += macros.at(std::string(take_until('}')));
        break;
      case '*': {
        const std::size_t times = std::stoul(std::string(take_until('*')));
        std::string_view repeated = text.substr(0, 1);
        text.remove_prefix(1);
        if (repeated == "{") repeated = take_until('}');
        for (std::size_t i = 1; i <= times; ++i)
          out += repeated.size() == 1 ? std::string(repeated) : unescape(repeated, macros, i);
        break;
      }
      default:
        throw std::runtime_error(std::string("no such escape: \\") + kind);
    }
  }
  return out;
}

/// The other way round, as far as needed to write a line of a message.
inline std::string escape_line(std::string_view line) {
  static constexpr std::string_view kHex = "0123456789abcdef";
  static constexpr std::size_t kLongRun = 30;
  std::string out;
  while (!line.empty()) {
    const char c = line.front();
    const auto byte = static_cast<unsigned char>(c);
    const std::size_t run = std::min(line.find_first_not_of(c), line.size());
    if (run > kLongRun && c != '\\' && byte >= 0x20 && byte < 0x7F) {
      out.append("\\*").append(std::to_string(run)).append(1, '*').append(1, c);
      line.remove_prefix(run);
      continue;
    }
    line.remove_prefix(1);
    if (c == '\\')
      out += "\\\\";
    else if (c == '\t')
      out += "\\t";
    else if (byte >= 0x20 && byte < 0x7F)
      out += c;
    else
      out.append("\\x").append(1, kHex[byte >> 4]).append(1, kHex[byte & 15]);
  }
  return out;
}

}  // namespace postern::smtpd::dialogue
