// Dialogues as text (tests/golden/dialogues): each is replayed whole, then cut in two at every
// byte, then byte by byte; what the server says and stores must be the same.
//
//   # comment
//   ! untrusted | ungreeted | whole | hide-origin | full | storage-fault | disk-full | max-message
//   N
//     | max-recipients N | max-errors N | max-idle N         (whole: cuts change the meaning here)
//     | tls starttls | tls required | tls implicit | auth off | auth required
//     | users              (product-a may send as product-a.com, anybody as everybody; password pw)
//   C: a line from the client       c: bytes, without a line end added
//   S: a line from the server       -- closed              the server has hung up
//   -- tls                          the handshake, which always succeeds
//   -- pause N ms                   the client is kept waiting
//   M: a line of the last message stored, all of them in order
//   E: <sender> <recipient> ...     its envelope
// In C, c and M: \r \n \0 \\ \xNN, and \*N* before a character repeats it N times.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "core/text.hpp"
#include "tests/unit/smtpd/client.hpp"

namespace postern::smtpd {
namespace {

std::string unescape(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    if (text.front() != '\\') {
      out += text.front();
      text.remove_prefix(1);
      continue;
    }
    const char kind = text.at(1);
    text.remove_prefix(2);
    if (kind == 'r') out += '\r';
    if (kind == 'n') out += '\n';
    if (kind == '0') out += '\0';
    if (kind == '\\') out += '\\';
    if (kind == 'x') {
      out += static_cast<char>(std::stoi(std::string(text.substr(0, 2)), nullptr, 16));
      text.remove_prefix(2);
    }
    if (kind == '*') {
      const auto star = text.find('*');
      out.append(std::stoul(std::string(text.substr(0, star))), text.at(star + 1));
      text.remove_prefix(star + 2);
    }
  }
  return out;
}

struct Step {
  std::string spoken;
  std::string answer;
};

struct Dialogue {
  std::vector<std::string> settings;
  std::vector<Step> steps{1};
  std::string envelope;
  std::string content;
  bool ends_closed = false;

  bool has(std::string_view setting) const {
    return std::find(settings.begin(), settings.end(), setting) != settings.end();
  }
  std::uint64_t number(std::string_view name, std::uint64_t fallback) const {
    for (const std::string& setting : settings)
      if (setting.starts_with(name)) return std::stoull(setting.substr(name.size() + 1));
    return fallback;
  }
};

Dialogue read_dialogue(const std::filesystem::path& file) {
  std::ifstream in(file);
  Dialogue dialogue;
  std::string line;
  while (std::getline(in, line)) {
    if (line.empty() || line.starts_with('#')) continue;
    if (line == "-- closed") {
      dialogue.ends_closed = true;
      continue;
    }
    if (line.starts_with("-- ")) {
      dialogue.steps.back().answer += line + "\n";
      continue;
    }
    const std::string rest = line.substr(std::min<std::size_t>(3, line.size()));
    switch (line.front()) {
      case '!':
        dialogue.settings.push_back(line.substr(2));
        break;
      case 'C':
      case 'c':
        if (!dialogue.steps.back().answer.empty()) dialogue.steps.emplace_back();
        dialogue.steps.back().spoken += unescape(rest) + (line.front() == 'C' ? "\r\n" : "");
        break;
      case 'S':
        dialogue.steps.back().answer += rest + "\r\n";
        break;
      case 'M':
        dialogue.content += unescape(rest) + "\r\n";
        break;
      case 'E':
        dialogue.envelope = rest;
        break;
      default:
        ADD_FAILURE() << file << ": " << line;
    }
  }
  return dialogue;
}

void set_up(Client& client, const Dialogue& dialogue) {
  client.peer.trusted = !dialogue.has("untrusted");
  client.policy.hide = dialogue.has("hide-origin");
  client.policy.full = dialogue.has("full");
  if (dialogue.has("tls starttls")) client.settings.tls = config::ListenerTls::starttls;
  if (dialogue.has("tls required")) client.settings.tls = config::ListenerTls::required;
  if (dialogue.has("tls implicit")) client.settings.tls = config::ListenerTls::implicit;
  if (dialogue.has("auth off")) client.settings.auth = config::Auth::off;
  if (dialogue.has("auth required")) client.settings.auth = config::Auth::required;
  if (dialogue.has("users"))
    client.policy.users = {{"product-a", Secret("pw"), {"product-a.com"}, ""},
                           {"anybody", Secret("pw"), {}, "product-b.com"}};
  if (dialogue.has("storage-fault")) client.put_fault = queue::StorageFault{false, "I/O error"};
  if (dialogue.has("disk-full")) client.put_fault = queue::StorageFault{true, "disk full"};
  client.settings.max_message_bytes =
      dialogue.number("max-message", client.settings.max_message_bytes);
  client.settings.max_recipients =
      static_cast<std::uint32_t>(dialogue.number("max-recipients", client.settings.max_recipients));
  client.settings.max_errors =
      static_cast<std::uint32_t>(dialogue.number("max-errors", client.settings.max_errors));
  client.settings.max_idle_commands =
      static_cast<std::uint32_t>(dialogue.number("max-idle", client.settings.max_idle_commands));
  if (!dialogue.has("ungreeted")) client.greet();
}

// What can be seen from outside: the replies, the end, the last message.
std::string seen(Client& client) {
  std::string out = client.transcript + (client.closed() ? "-- closed\n" : "");
  if (client.stored.empty()) return out;
  const Stored& last = client.stored.back();
  out += "E: <" + last.message.envelope.sender + ">";
  for (const std::string& recipient : last.message.envelope.recipients)
    out += " <" + recipient + ">";
  std::string content = last.content();
  const auto id = content.find(last.message.id());
  if (id != std::string::npos) {
    content.replace(id, last.message.id().size(), "ID");
    if (content.compare(id, 3, "ID.") == 0) content.replace(id + 3, 16, "DIGEST");
  }
  return out + "\n" + content;
}

std::string expected(const Dialogue& dialogue) {
  std::string out;
  for (const Step& step : dialogue.steps) out += step.answer;
  if (dialogue.ends_closed) out += "-- closed\n";
  if (dialogue.envelope.empty()) return out;
  return out + "E: " + dialogue.envelope + "\n" + dialogue.content;
}

class DialogueTest : public testing::TestWithParam<std::filesystem::path> {};

TEST_P(DialogueTest, WholeSteps) {
  const Dialogue dialogue = read_dialogue(GetParam());
  Client client;
  set_up(client, dialogue);
  for (const Step& step : dialogue.steps) {
    if (step.spoken.empty()) {
      EXPECT_EQ(client.transcript, step.answer);
      continue;
    }
    EXPECT_EQ(client.ask(step.spoken), step.answer) << "after " << escape(step.spoken, 200);
  }
  EXPECT_EQ(seen(client), expected(dialogue));
}

// One message's dialogue is at most a few thousand bytes; longer ones are cut at strides.
TEST_P(DialogueTest, CutAnywhere) {
  const Dialogue dialogue = read_dialogue(GetParam());
  if (dialogue.has("whole")) return;
  std::size_t total = 0;
  for (const Step& step : dialogue.steps) total += step.spoken.size();
  for (std::size_t cut = 1; cut < total; cut += 1 + total / 2000) {
    Client client;
    set_up(client, dialogue);
    std::size_t before = 0;
    for (const Step& step : dialogue.steps) {
      const std::size_t here = std::clamp(cut, before, before + step.spoken.size()) - before;
      client.speak(std::string_view(step.spoken).substr(0, here));
      client.speak(std::string_view(step.spoken).substr(here));
      before += step.spoken.size();
    }
    ASSERT_EQ(seen(client), expected(dialogue)) << "cut at byte " << cut;
  }
}

TEST_P(DialogueTest, ByteByByte) {
  const Dialogue dialogue = read_dialogue(GetParam());
  if (dialogue.has("whole")) return;
  Client client;
  set_up(client, dialogue);
  for (const Step& step : dialogue.steps)
    for (const char& c : step.spoken) client.speak({&c, 1});
  EXPECT_EQ(seen(client), expected(dialogue));
}

std::vector<std::filesystem::path> dialogue_files() {
  std::vector<std::filesystem::path> files;
  for (const auto& entry :
       std::filesystem::directory_iterator(POSTERN_SOURCE_DIR "/tests/golden/dialogues"))
    files.push_back(entry.path());
  std::sort(files.begin(), files.end());
  return files;
}

INSTANTIATE_TEST_SUITE_P(Golden, DialogueTest, testing::ValuesIn(dialogue_files()),
                         [](const auto& each) {
                           std::string name = each.param.stem().string();
                           std::replace(name.begin(), name.end(), '-', '_');
                           return name;
                         });

}  // namespace
}  // namespace postern::smtpd
