#include "cli/sendmail.hpp"

#include <pwd.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <fstream>

#include "cli/door.hpp"
#include "cli/failure.hpp"
#include "cli/letter.hpp"
#include "cli/submission.hpp"
#include "core/text.hpp"
#include "mail/address.hpp"

namespace postern::cli {
namespace {

using Mode = SendmailOptions::Mode;

// Debian Policy 11.6: the name in the addresses of mail made on this machine.
constexpr const char* kMailName = "/etc/mailname";

Caller this_caller(const std::string& hostname) {
  Caller caller;
  std::string name;
  std::ifstream(kMailName) >> name;
  caller.domain = mail::is_domain(name) ? name : hostname;
  const uid_t id = ::getuid();
  const passwd* const entry = ::getpwuid(id);
  caller.user = entry != nullptr ? entry->pw_name : "uid" + std::to_string(id);
  if (entry != nullptr && entry->pw_gecos != nullptr) {
    const std::string_view gecos = entry->pw_gecos;  // name, room, phone, ...
    caller.full_name = gecos.substr(0, gecos.find(','));
  }
  return caller;
}

std::string read_input(const SendmailOptions& options, std::uint64_t limit_bytes) {
  LetterInput input(options.dot_ends, limit_bytes);
  std::array<char, 64 * 1024> piece;
  while (!input.done() && !input.is_too_large()) {
    const ssize_t read = ::read(STDIN_FILENO, piece.data(), piece.size());
    if (read == 0) break;
    if (read < 0 && errno == EINTR) continue;
    if (read < 0) throw Failure(kNoInput, "Standard input cannot be read to its end.");
    input.take({piece.data(), static_cast<std::size_t>(read)});
  }
  if (input.is_too_large())
    throw Failure(kRefused, "The message is larger than the " + std::to_string(limit_bytes) +
                                " bytes that the relay takes.");
  return std::move(input).finish();
}

void submit_input(const SendmailOptions& options, const Door& door, std::ostream& out) {
  const std::string text = read_input(options, door.max_message_bytes);
  const Letter letter = write_letter(options, text, this_caller(door.hostname));
  const std::string answer = submit(door, letter, options);
  if (options.verbose) out << answer << '\n';
}

int complain(const std::string& sentence, int status, std::ostream& err) {
  err << "sendmail: " << sentence << '\n';
  return status;
}

}  // namespace

int sendmail(const std::vector<std::string>& words,
             const std::function<int(std::vector<std::string>)>& mailq, std::ostream& out,
             std::ostream& err) {
  // Who started us may not read what we say; the exit status is for him all the same.
  std::signal(SIGPIPE, SIG_IGN);
  const auto options = parse_sendmail(words);
  if (!options) return complain(escape(options.error().what), kMisused, err);
  try {
    if (options->mode == Mode::help) {
      out << sendmail_help();
      return kDone;
    }
    if (options->mode == Mode::list_queue)
      return mailq(options->config.empty() ? std::vector<std::string>{}
                                           : std::vector{std::string("--config"), options->config});
    const Door door = find_door(options->config, config::process_environment());
    if (options->mode == Mode::speak_smtp)
      speak_smtp(door);
    else
      submit_input(*options, door, out);
    return kDone;
  } catch (const Failure& failure) {
    return complain(failure.what(), failure.status(), err);
  } catch (const std::exception& broken) {  // no memory, no descriptors: nothing was submitted
    return complain(escape(broken.what()), kTryLater, err);
  }
}

}  // namespace postern::cli
