// A client's bytes as commands: lines do not depend on the cuts, and the grammar of each line holds
// what it promises.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "core/text.hpp"
#include "mail/command.hpp"
#include "mail/line.hpp"
#include "mail/xtext.hpp"

namespace {

using namespace postern;
using Found = mail::LineFraming::Found;

void require(bool holds) {
  if (!holds) std::abort();
}

// Every line, then what ended the reading.
std::vector<std::string> lines_of(std::string_view bytes, std::size_t piece) {
  mail::LineFraming framing;
  std::vector<std::string> lines;
  for (std::size_t at = 0; at < bytes.size();) {
    std::size_t taken = 0;
    const Found found = framing.take(bytes.substr(at, piece), taken);
    at += taken;
    if (found == Found::line) {
      lines.emplace_back(framing.line());
    } else if (found != Found::nothing) {
      lines.emplace_back(found == Found::broken ? "broken" : "endless");
      break;
    }
  }
  return lines;
}

void check_path(const mail::Path& path) {
  require(path.address.size() + 2 <= mail::kMaxPathBytes);
  if (path.address.empty()) return;
  const std::string again = "<" + std::string(path.address) + ">";
  const auto reparsed = mail::parse_path(again);
  require(reparsed && reparsed->address == path.address && reparsed->is_literal == path.is_literal);
}

// What was taken can be shown in a report, in one line and, without UTF-8, in ASCII.
void check_original_recipient(std::string_view orcpt, bool smtputf8) {
  if (orcpt.empty()) return;
  const std::string ascii = mail::to_original_recipient_field(orcpt, false);
  require(std::all_of(ascii.begin(), ascii.end(), [](char c) { return c >= 0; }));
  require(smtputf8 || std::all_of(orcpt.begin(), orcpt.end(), [](char c) { return c >= 0; }));
}

void check_line(const std::string& line) {
  const mail::CommandLine command = mail::split_command(line);
  require(command.verb.size() + command.argument.size() <= line.size());
  if (const auto parsed = mail::parse_mail(command.argument)) check_path(parsed->sender);
  for (const bool smtputf8 : {false, true})
    if (const auto parsed = mail::parse_rcpt(command.argument, smtputf8)) {
      require(!parsed->recipient.address.empty());
      check_path(parsed->recipient);
      check_original_recipient(parsed->parameters.original_recipient, smtputf8);
    }
  if (mail::is_client_name(command.argument))
    require(command.argument.find_first_of(std::string_view("\0 \t\r\n", 5)) ==
            std::string_view::npos);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const std::vector<std::string> lines = lines_of(bytes, std::string_view::npos);
  require(lines == lines_of(bytes, 1));
  require(lines == lines_of(bytes, 7));
  for (const std::string& line : lines) check_line(line);
  return 0;
}
