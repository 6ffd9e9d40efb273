#include "cli/sendmail_options.hpp"

#include <algorithm>
#include <array>

#include "core/text.hpp"
#include "mail/xtext.hpp"

namespace postern::cli {
namespace {

using Complaint = std::optional<std::string>;

/// A letter, whether a value follows it, and what is done with it; nullptr: nothing, for what it
/// asks for is settled by the daemon.
struct Option {
  char letter;
  bool has_value;
  Complaint (*apply)(SendmailOptions&, const std::string& value);
};

Complaint set_mode(SendmailOptions& options, const std::string& value) {
  using Mode = SendmailOptions::Mode;
  if (value == "m")
    options.mode = Mode::submit;
  else if (value == "s")
    options.mode = Mode::speak_smtp;
  else if (value == "p")
    options.mode = Mode::list_queue;
  else if (value == "d")
    return "The daemon is \"postern serve\", not sendmail -bd.";
  else
    return "sendmail -b" + value + " is not part of Postern; it knows -bm, -bs and -bp.";
  return std::nullopt;
}

Complaint set_sender(SendmailOptions& options, const std::string& value) {
  options.sender = value;
  return std::nullopt;
}

// RFC 3461 section 4.1.
Complaint set_notify(SendmailOptions& options, const std::string& value) {
  const std::string words = to_lower(value);
  const auto parts = split(words, ',');
  const bool lists_events = std::all_of(parts.begin(), parts.end(), [](std::string_view word) {
    return word == "success" || word == "failure" || word == "delay";
  });
  if (words != "never" && !lists_events)
    return "-N takes never, or some of success, failure and delay with commas between.";
  options.notify = words;
  return std::nullopt;
}

Complaint set_ret(SendmailOptions& options, const std::string& value) {
  const std::string word = to_lower(value);
  if (word != "full" && word != "hdrs") return "-R takes full or hdrs.";
  options.ret = word;
  return std::nullopt;
}

Complaint set_envelope_id(SendmailOptions& options, const std::string& value) {
  if (!mail::is_envelope_id(value))
    return "-V takes an envelope id: visible ASCII, \"+\" and \"=\" as +2B and +3D.";
  options.envelope_id = value;
  return std::nullopt;
}

constexpr std::array kOptions{
    Option{'t', false,
           [](SendmailOptions& options, const std::string&) -> Complaint {
             options.reads_recipients = true;
             return std::nullopt;
           }},
    Option{'i', false,
           [](SendmailOptions& options, const std::string&) -> Complaint {
             options.dot_ends = false;
             return std::nullopt;
           }},
    Option{'v', false,
           [](SendmailOptions& options, const std::string&) -> Complaint {
             options.verbose = true;
             return std::nullopt;
           }},
    Option{'o', true,
           [](SendmailOptions& options, const std::string& value) -> Complaint {
             if (value == "i") options.dot_ends = false;
             return std::nullopt;
           }},
    Option{'F', true,
           [](SendmailOptions& options, const std::string& value) -> Complaint {
             options.full_name = value;
             return std::nullopt;
           }},
    Option{'C', true,
           [](SendmailOptions& options, const std::string& value) -> Complaint {
             options.config = value;
             return std::nullopt;
           }},
    Option{'b', true, set_mode},
    Option{'f', true, set_sender},
    Option{'r', true, set_sender},
    Option{'N', true, set_notify},
    Option{'R', true, set_ret},
    Option{'V', true, set_envelope_id},
    // Alias database, body type, debugging, error mode, hops, log tag, old options, protocol, log
    // file; no alias expansion, initial submission, metoo, no rewriting.
    Option{'A', true, nullptr},
    Option{'B', true, nullptr},
    Option{'d', true, nullptr},
    Option{'e', true, nullptr},
    Option{'h', true, nullptr},
    Option{'L', true, nullptr},
    Option{'O', true, nullptr},
    Option{'p', true, nullptr},
    Option{'X', true, nullptr},
    Option{'c', false, nullptr},
    Option{'G', false, nullptr},
    Option{'m', false, nullptr},
    Option{'n', false, nullptr},
    Option{'U', false, nullptr},
    Option{'x', false, nullptr},
};

class WordReader {
 public:
  explicit WordReader(const std::vector<std::string>& words) : words_(words) {}

  Result<SendmailOptions> read() {
    while (at_ < words_.size()) {
      const std::string& word = words_[at_++];
      Complaint complaint;
      if (recipients_only_ || word.size() < 2 || word.front() != '-')
        options_.recipients.push_back(word);
      else
        complaint = word[1] == '-' ? take_long(word) : take_letters(word);
      if (complaint) return Error{*complaint};
    }
    if (options_.mode == SendmailOptions::Mode::submit && options_.recipients.empty() &&
        !options_.reads_recipients)
      return Error{"Say who is to get the message, or let -t read it from the message."};
    return std::move(options_);
  }

 private:
  Complaint take_long(const std::string& word) {
    constexpr std::string_view kConfig = "--config";
    if (word == "--") {
      recipients_only_ = true;
    } else if (word == "--help") {
      options_.mode = SendmailOptions::Mode::help;
    } else if (word.starts_with(std::string(kConfig) + '=')) {
      options_.config = word.substr(kConfig.size() + 1);
    } else if (word == kConfig) {
      if (at_ == words_.size()) return "--config takes the name of a file.";
      options_.config = words_[at_++];
    } else {
      return "sendmail has no option " + word + '.';
    }
    return std::nullopt;
  }

  // "-ti", "-fme@example.com", "-f me@example.com".
  Complaint take_letters(const std::string& word) {
    for (std::size_t i = 1; i < word.size(); ++i) {
      const auto option = std::find_if(kOptions.begin(), kOptions.end(),
                                       [&](const Option& one) { return one.letter == word[i]; });
      if (option == kOptions.end()) return std::string("sendmail has no option -") + word[i] + '.';
      std::string value;
      if (option->has_value) {
        value = word.substr(i + 1);
        if (value.empty() && at_ == words_.size())
          return std::string("-") + word[i] + " takes a value.";
        if (value.empty()) value = words_[at_++];
      }
      Complaint complaint;
      if (option->apply != nullptr) complaint = option->apply(options_, value);
      if (complaint || option->has_value) return complaint;
    }
    return std::nullopt;
  }

  const std::vector<std::string>& words_;
  std::size_t at_ = 0;
  bool recipients_only_ = false;
  SendmailOptions options_;
};

}  // namespace

Result<SendmailOptions> parse_sendmail(const std::vector<std::string>& words) {
  return WordReader(words).read();
}

std::string_view sendmail_help() {
  return "sendmail [OPTION...] [RECIPIENT...]   submits the message on standard input\n"
         "  -t            recipients from To, Cc and Bcc, beside those given\n"
         "  -i, -oi       a line with a single dot does not end the message\n"
         "  -f ADDRESS    the envelope's sender (-r); <> for none\n"
         "  -F NAME       the name in From, where the message has no From\n"
         "  -N WHEN       delivery reports: never, or success,failure,delay\n"
         "  -R full|hdrs  what they give back        -V ID   what they call the message\n"
         "  -bs           speak SMTP on standard input and output\n"
         "  -bp           list the queue (mailq)     -v      say what became of the message\n"
         "  --config FILE the configuration that names the daemon's listeners\n"
         "Exit status, as in sysexits.h: 0 accepted, 64 usage, 65 message, 67 address, 69 "
         "refused,\n"
         "75 try later, 78 configuration. Unless it is 0, the message is still yours.\n";
}

}  // namespace postern::cli
