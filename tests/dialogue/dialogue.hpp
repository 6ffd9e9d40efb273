#pragma once
// Dialogues as text: the cases of tests/golden/dialogues/*.txt, whose README has the format. The
// same case is replayed against the session alone (session_test) and over a socket (wire_test).
#include <filesystem>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "config/config.hpp"
#include "smtpd/session.hpp"
#include "tests/dialogue/escapes.hpp"

namespace postern::smtpd::dialogue {

/// What the client does at once, and everything that follows from it until it acts again.
struct Step {
  std::string spoken;
  std::string answer;  // lines of the server with CRLF; "-- tls" and "-- pause N ms" with LF
  bool hangs_up = false;
  std::size_t line = 0;          // of the file: the first of the answer, or where it belongs
  std::size_t answer_lines = 0;  // how many lines of the file it takes
};

/// A message in the queue: `<sender> <recipient> ...` and its bytes.
struct Transaction {
  std::string envelope;
  std::string content;
  friend bool operator==(const Transaction&, const Transaction&) = default;
};

/// How far the client has come when a case begins.
enum class Start { connect, silent, ready, sender, recipient, content };

struct Case {
  std::string row;    // the file's name, without .txt
  std::string title;  // unique within its file
  std::string place;  // FILE:LINE
  std::vector<std::string> settings;
  std::vector<Step> steps;
  bool ends_closed = false;
  std::vector<Transaction> queued;
  Macros macros;             // what the file's "let" lines above it define
  std::size_t end_line = 0;  // of the file: behind the last step, where closed and queued stand
  std::size_t end_lines = 0;

  bool has(std::string_view setting) const;
  std::uint64_t number(std::string_view setting, std::uint64_t fallback) const;
  Start start() const;
  config::ListenerTls tls() const;
  config::Auth auth() const;
  /// Letters, digits and underscores: ROW_TITLE.
  std::string name() const;
  std::size_t spoken_bytes() const;
};

/// The users of a case that `has("users")`: product-a may send as product-a.com, anybody as
/// everybody and over product-b.com's route; their password is "pw".
std::vector<config::Credential> users();

/// The steps that take a client from the greeting to where the case begins.
std::vector<Step> prelude(const Case& each);

/// What EHLO is answered; `answer` in a step may hold "(offer)" for it.
std::string offer(const Case& each, bool in_tls);

/// Throws std::runtime_error("FILE:LINE: what").
std::vector<Case> read_cases(const std::filesystem::path& file);
/// Of all files, in the order of their names.
const std::vector<Case>& all_cases();
std::vector<Case> cases_where(const std::function<bool(const Case&)>& holds);
/// It means the same inside TLS: it is replayed there, too.
bool is_replayed_in_tls(const Case& each);
std::filesystem::path folder();

}  // namespace postern::smtpd::dialogue
