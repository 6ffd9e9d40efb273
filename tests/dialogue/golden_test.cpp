// With UPDATE_GOLDEN=1 (./dev golden): writes into the dialogue files what the session answers and
// stores now. Only what differs is touched, so the diff is what there is to judge.
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <map>

#include "tests/dialogue/escapes.hpp"
#include "tests/dialogue/session_line.hpp"

namespace postern::smtpd::dialogue {
namespace {

/// Replaces `count` lines from number `first`; inserts before it when there is none.
struct Edit {
  std::size_t count = 0;
  std::vector<std::string> lines;
};
constexpr std::size_t kManyTimes = 4;  // a line repeated so often is written once
using Edits = std::map<std::size_t, Edit>;

std::vector<std::string> answer_lines(const std::string& heard, const std::string& offered) {
  std::vector<std::string> lines;
  std::string text = heard;
  if (const auto at = text.find(offered); at != std::string::npos)
    text.replace(at, offered.size(), "(offer)\r\n");
  for (std::string_view rest = text; !rest.empty();) {
    std::string_view line = rest.substr(0, rest.find('\n') + 1);
    rest.remove_prefix(line.size());
    const bool mark = line.starts_with("-- ");
    line.remove_suffix(mark ? 1 : 2);
    std::size_t times = 1;
    while (!mark && rest.starts_with(std::string(line) + "\r\n")) {
      ++times;
      rest.remove_prefix(line.size() + 2);
    }
    if (times < kManyTimes) {
      const std::string text_line = (mark ? "" : "S: ") + std::string(line);
      lines.insert(lines.end(), times, text_line);
    } else {
      lines.push_back("S*" + std::to_string(times) + ": " + std::string(line));
    }
  }
  return lines;
}

std::vector<std::string> end_lines(const Case& each, const SessionLine& line, bool closed) {
  std::vector<std::string> lines;
  if (closed) lines.emplace_back("-- closed");
  for (const Transaction& one : line.queued()) {
    lines.push_back("Q: " + escape_line(one.envelope));
    std::string_view rest = one.content;
    for (const auto& [name, text] : each.macros) {
      if (!rest.starts_with(text)) continue;
      lines.push_back("m: \\{" + name + "}");
      rest.remove_prefix(text.size());
      break;
    }
    while (!rest.empty()) {
      const std::string_view text = rest.substr(0, rest.find("\r\n") + 2);
      rest.remove_prefix(text.size());
      lines.push_back("M: " + escape_line(text.substr(0, text.size() - 2)));
    }
  }
  return lines;
}

void correct(const Case& each, Edits& edits) {
  SessionLine line(each);
  Replay replay(each, line, false);
  ASSERT_TRUE(replay.arrive()) << each.place;
  bool in_tls = each.tls() == config::ListenerTls::implicit;
  bool hung_up = false;
  for (const Step& step : each.steps) {
    replay.speak(step);
    const std::string heard = line.hear({});
    if (heard != replay.expected(step))
      edits[step.line] = {step.answer_lines, answer_lines(heard, offer(each, in_tls))};
    in_tls = in_tls || heard.ends_with(kTlsMark);
    hung_up = step.hangs_up;
    if (hung_up) line.hang_up();
  }
  const bool closed = !hung_up && line.is_closed();
  if (closed == each.ends_closed && line.queued() == each.queued) return;
  Edit& edit = edits[each.end_line];  // perhaps there is one, of an answer that was missing
  edit.count += each.end_lines;
  for (std::string& text : end_lines(each, line, closed)) edit.lines.push_back(std::move(text));
}

void rewrite(const std::filesystem::path& file) {
  Edits edits;
  for (const Case& each : read_cases(file)) correct(each, edits);
  if (edits.empty()) return;
  std::ifstream in(file);
  std::vector<std::string> lines;
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  std::ofstream out(file);
  for (std::size_t number = 1; number <= lines.size() + 1; ++number) {
    if (const auto edit = edits.find(number); edit != edits.end()) {
      for (const std::string& line : edit->second.lines) out << line << "\n";
      if (edit->second.count > 0) {
        number += edit->second.count - 1;
        continue;
      }
    }
    if (number <= lines.size()) out << lines[number - 1] << "\n";
  }
}

TEST(DialogueFiles, AreRewrittenOnDemand) {
  if (std::getenv("UPDATE_GOLDEN") == nullptr) return;
  for (const auto& entry : std::filesystem::directory_iterator(folder()))
    if (entry.path().extension() == ".txt") rewrite(entry.path());
}

}  // namespace
}  // namespace postern::smtpd::dialogue
