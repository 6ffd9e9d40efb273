#include "tests/dialogue/dialogue.hpp"

#include <algorithm>
#include <fstream>
#include <set>
#include <stdexcept>

#include "core/text.hpp"
#include "tests/unit/smtpd/client.hpp"

namespace postern::smtpd::dialogue {
namespace {

/// Reads one file line by line; the case under way is the last of `cases`.
class Reader {
 public:
  explicit Reader(const std::filesystem::path& file) : file_(file), in_(file) {}

  std::vector<Case> read() {
    std::string line;
    while (std::getline(in_, line)) {
      ++number_;
      if (!line.empty() && !line.starts_with('#')) take(line);
    }
    close();
    return std::move(cases_);
  }

 private:
  [[noreturn]] void fail(const std::string& what) const {
    throw std::runtime_error(place() + ": " + what);
  }
  std::string place() const { return file_.string() + ":" + std::to_string(number_); }

  void take(const std::string& line) {
    if (line.starts_with("let ")) return define(line.substr(4));
    if (line.starts_with("= ")) return open(line.substr(2));
    if (line.starts_with("! ")) return set(line.substr(2));
    if (cases_.empty()) fail("no case begins here: " + line);
    if (line.starts_with("C: ") || line.starts_with("c: ")) return speak(line);
    if (line.starts_with("C:")) fail("a space is missing after the colon");
    if (line == "-- hang up") {
      step().hangs_up = true;
    } else if (line == "-- closed") {
      mark_end();
      cases_.back().ends_closed = true;
    } else if (line.starts_with("-- ")) {
      hear(line + "\n");
    } else if (line.starts_with("S")) {
      std::size_t times = 1;
      if (line.starts_with("S*")) times = std::stoul(line.substr(2));
      const auto text = line.find(": ");
      if (text == std::string::npos) fail("this is no answer: " + line);
      std::string lines;
      for (std::size_t i = 0; i < times; ++i) lines += line.substr(text + 2) + "\r\n";
      hear(lines);
    } else if (line.starts_with("Q: ")) {
      mark_end();
      cases_.back().queued.push_back({unescape(line.substr(3), macros_), {}});
    } else if (line.starts_with("M: ") || line.starts_with("m: ")) {
      mark_end();
      if (cases_.back().queued.empty()) fail("M without Q before it");
      std::string& content = cases_.back().queued.back().content;
      content += unescape(line.substr(3), macros_);
      if (line.starts_with('M')) content += "\r\n";
    } else {
      fail("what is this: " + line);
    }
  }

  void define(const std::string& text) {
    const auto equals = text.find(" = ");
    if (equals == std::string::npos) fail("let NAME = TEXT");
    macros_[text.substr(0, equals)] = unescape(text.substr(equals + 3), macros_);
  }

  void open(const std::string& title) {
    close();
    if (!titles_.insert(title).second) fail("a second case of this title: " + title);
    cases_.push_back({.row = file_.stem().string(), .title = title, .place = place()});
    cases_.back().settings = common_;
    cases_.back().macros = macros_;
    last_ = number_;
  }

  void close() {
    if (!cases_.empty() && cases_.back().end_line == 0) cases_.back().end_line = last_ + 1;
  }

  void set(const std::string& setting) {
    if (cases_.empty()) {
      common_.push_back(setting);
      return;
    }
    // The case's own word on where it starts, or on TLS, replaces the file's.
    auto& settings = cases_.back().settings;
    const std::string kind =
        setting == "trusted" ? "untrusted" : setting.substr(0, setting.find(' '));
    std::erase_if(settings, [&](const std::string& old) { return old.starts_with(kind); });
    settings.push_back(setting);
    last_ = number_;
  }

  Step& step() {
    auto& steps = cases_.back().steps;
    if (steps.empty()) steps.push_back({.line = number_});
    last_ = number_;
    return steps.back();
  }

  void speak(const std::string& line) {
    auto& steps = cases_.back().steps;
    if (steps.empty() || !steps.back().answer.empty() || steps.back().hangs_up) steps.push_back({});
    steps.back().spoken +=
        unescape(line.substr(3), macros_) + (line.starts_with('C') ? "\r\n" : "");
    steps.back().line = number_ + 1;
    last_ = number_;
  }

  void hear(const std::string& text) {
    Step& current = step();
    if (current.answer_lines == 0) current.line = number_;
    current.answer += text;
    current.answer_lines = number_ - current.line + 1;
  }

  void mark_end() {
    Case& current = cases_.back();
    if (current.end_line == 0) current.end_line = number_;
    current.end_lines = number_ - current.end_line + 1;
  }

  const std::filesystem::path file_;
  std::ifstream in_;
  std::size_t number_ = 0;
  std::size_t last_ = 0;  // line of the case under way
  std::vector<Case> cases_;
  std::vector<std::string> common_;
  std::set<std::string> titles_;
  Macros macros_;
};

}  // namespace

bool Case::has(std::string_view setting) const {
  return std::find(settings.begin(), settings.end(), setting) != settings.end();
}

std::uint64_t Case::number(std::string_view setting, std::uint64_t fallback) const {
  for (const std::string& each : settings)
    if (each.starts_with(setting)) return std::stoull(each.substr(setting.size() + 1));
  return fallback;
}

Start Case::start() const {
  if (has("at connect")) return Start::connect;
  if (has("at silent")) return Start::silent;
  if (has("at sender")) return Start::sender;
  if (has("at recipient")) return Start::recipient;
  if (has("at content")) return Start::content;
  return Start::ready;
}

config::ListenerTls Case::tls() const {
  if (has("tls starttls")) return config::ListenerTls::starttls;
  if (has("tls required")) return config::ListenerTls::required;
  if (has("tls implicit")) return config::ListenerTls::implicit;
  return config::ListenerTls::none;
}

config::Auth Case::auth() const {
  if (has("auth off")) return config::Auth::off;
  if (has("auth required")) return config::Auth::required;
  return config::Auth::optional;
}

std::string Case::name() const {
  std::string name = row + "_" + title;
  for (char& c : name)
    if (!((c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z'))) c = '_';
  return name;
}

std::size_t Case::spoken_bytes() const {
  std::size_t total = 0;
  for (const Step& step : steps) total += step.spoken.size();
  return total;
}

std::vector<config::Credential> users() {
  return {{"product-a", Secret("pw"), {"product-a.com"}, ""},
          {"anybody", Secret("pw"), {}, "product-b.com"}};
}

std::vector<Step> prelude(const Case& each) {
  static const std::vector<Step> kSteps{
      {.spoken = "EHLO client.example\r\n", .answer = "(offer)\r\n"},
      {.spoken = "MAIL FROM:<a@product.com>\r\n", .answer = "250 2.1.0 Sender ok\r\n"},
      {.spoken = "RCPT TO:<c@example.org>\r\n", .answer = "250 2.1.5 Recipient ok\r\n"},
      {.spoken = "DATA\r\n",
       .answer = "354 Send the message; end it with a dot on a line of its own\r\n"}};
  const auto start = static_cast<std::size_t>(each.start());
  const auto silent = static_cast<std::size_t>(Start::silent);
  const std::size_t count = start > silent ? start - silent : 0;
  return {kSteps.begin(), kSteps.begin() + static_cast<std::ptrdiff_t>(count)};
}

std::string offer(const Case& each, bool in_tls) {
  using enum config::ListenerTls;
  const bool may_start_tls = !in_tls && (each.tls() == starttls || each.tls() == required);
  const bool may_sign_in =
      in_tls || each.tls() == none || (each.tls() == starttls && !each.has("untrusted"));
  std::string lines =
      "250-relay.example.com\r\n"
      "250-PIPELINING\r\n"
      "250-SIZE " +
      std::to_string(each.number("max-message", 36 * config::kMiB)) +
      "\r\n"
      "250-8BITMIME\r\n"
      "250-DSN\r\n"
      "250-DELIVERBY\r\n"
      "250-MT-PRIORITY\r\n"
      "250-FUTURERELEASE 604800 2026-11-28T09:13:07Z\r\n"
      "250-LIMITS RCPTMAX=" +
      std::to_string(each.number("max-recipients", 1000)) + "\r\n";
  if (in_tls) lines += "250-REQUIRETLS\r\n";
  lines += "250-SMTPUTF8\r\n";
  if (may_start_tls) lines += "250-STARTTLS\r\n";
  if (each.has("users") && may_sign_in && each.auth() != config::Auth::off)
    lines += "250-AUTH PLAIN LOGIN\r\n";
  return lines + "250 ENHANCEDSTATUSCODES\r\n";
}

std::vector<Case> read_cases(const std::filesystem::path& file) {
  return Reader(file).read();
}

std::filesystem::path folder() {
  return POSTERN_SOURCE_DIR "/tests/golden/dialogues";
}

const std::vector<Case>& all_cases() {
  static const std::vector<Case> cases = [] {
    std::vector<std::filesystem::path> files;
    for (const auto& entry : std::filesystem::directory_iterator(folder()))
      if (entry.path().extension() == ".txt") files.push_back(entry.path());
    std::sort(files.begin(), files.end());
    std::vector<Case> all;
    for (const auto& file : files)
      for (Case& each : read_cases(file)) all.push_back(std::move(each));
    return all;
  }();
  return cases;
}

std::vector<Case> cases_where(const std::function<bool(const Case&)>& holds) {
  std::vector<Case> some;
  for (const Case& each : all_cases())
    if (holds(each)) some.push_back(each);
  return some;
}

bool is_replayed_in_tls(const Case& each) {
  return each.tls() == config::ListenerTls::none && each.start() != Start::connect &&
         !each.has("plain");
}

}  // namespace postern::smtpd::dialogue
