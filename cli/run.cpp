#include "cli/run.hpp"

#include <CLI/CLI.hpp>
#include <array>

#include "cli/config_command.hpp"
#include "cli/dkim_command.hpp"
#include "cli/place.hpp"
#include "cli/queue_commands.hpp"
#include "cli/sendmail.hpp"
#include "config/load.hpp"
#include "config/wording.hpp"
#include "core/message.hpp"
#include "core/text.hpp"

namespace postern::cli {
namespace {

/// Commands that are also names of the program: a link called so is the command.
constexpr std::array<std::string_view, 2> kNames{"mailq", "sendmail"};

/// A filter option of the command line; the API's parameter has the same name.
struct FilterOption {
  const char* name;
  const char* value;
  const char* help;
};
constexpr std::array kFilterOptions{
    FilterOption{"sender-domain", "DOMAIN", "of the envelope sender"},
    FilterOption{"recipient", "ADDRESS", "of a recipient"},
    FilterOption{"recipient-domain", "DOMAIN", "of a recipient"},
    FilterOption{"transport", "NAME", "of the last attempt"},
    FilterOption{"state", "STATE", "queued, active, deferred, uncertain, held, ..."},
    FilterOption{"older-than", "DURATION", "accepted longer ago than 90s, 5m, 2h, 3d"},
    FilterOption{"channel", "CHANNEL", "mail or webhook"},
};

/// What is wrong with a filter's value; empty: nothing. Known here so that a mistyped word needs no
/// daemon to be refused.
std::string mistake_in(const std::string& filter, const std::string& value) {
  static const std::vector<std::string> kStates{"queued",  "active",   "deferred",  "uncertain",
                                                "held",    "sent",     "delivered", "failed",
                                                "expired", "cancelled"};
  static const std::vector<std::string> kChannels{"mail", "webhook"};
  const auto mistyped = [&](const Error& error, const auto& known) {
    return error.what + config::suggestion(value, known);
  };
  if (value.empty()) return "is empty";
  if (filter == "state")
    if (const auto state = parse_delivery_state(value); !state)
      return mistyped(state.error(), kStates);
  if (filter == "channel")
    if (const auto channel = parse_channel(value); !channel)
      return mistyped(channel.error(), kChannels);
  if (filter == "older-than" || filter == "for") {
    const auto duration = config::parse_duration(value);
    if (!duration) return duration.error().what;
    if (filter == "for" && *duration == Duration::zero())
      return config::quote(value) + " ends before it begins; to undo it say resume";
  }
  return {};
}

/// Builds the tree of commands; the one that is named sets `chosen`.
class CommandLine {
 public:
  CommandLine(const Program& program, std::ostream& out, std::ostream& err)
      : program_(program), out_(out), err_(err) {
    app_.set_help_all_flag("--help-all", "Help for every command");
    app_.set_version_flag("--version", "postern " + program.version);
    app_.require_subcommand(1);
    add_serve();
    // For the help; its own command line is older than this one and never comes here.
    app_.add_subcommand("sendmail", "Submit the message on standard input; see sendmail --help");
    add_listing();
    add_verbs();
    add_transports();
    add_config();
    add_dkim();
  }

  int run(std::vector<std::string> words) {
    if (!words.empty() && !words.front().empty() && words.front().front() != '-')
      if (const auto commands = names(app_);
          std::find(commands.begin(), commands.end(), words.front()) == commands.end())
        return complain("There is no command " + config::quote(words.front()) +
                        suggestion(words.front(), commands));
    std::reverse(words.begin(), words.end());  // as CLI11 wants them
    try {
      app_.parse(std::move(words));
      return chosen_();
    } catch (const CLI::Success& asked) {  // --help, --version
      return app_.exit(asked, out_, err_);
    } catch (const CLI::Error& mistake) {
      return complain(app_.remaining_size(true) > 0 ? unexpected() : mistake.what());
    } catch (const Failure& failure) {
      err_ << "postern: " << escape(failure.what()) << '\n';
      return failure.status();
    }
  }

 private:
  static std::vector<std::string> names(const CLI::App& app) {
    std::vector<std::string> all;
    for (const CLI::App* command : app.get_subcommands({})) all.push_back(command->get_name());
    return all;
  }

  static std::string suggestion(const std::string& word, const std::vector<std::string>& known) {
    return config::suggestion(word, known) + ".";
  }

  int complain(const std::string& sentence) {
    err_ << "postern: " << escape(sentence) << "\nTry: postern --help\n";
    return kUsage;
  }

  // The first word that no command took, with what it may have been meant to be.
  std::string unexpected() const {
    const CLI::App* command = &app_;
    while (!command->get_subcommands().empty()) command = command->get_subcommands().front();
    const std::string word = app_.remaining(true).front();
    std::vector<std::string> known = names(*command);
    for (const CLI::Option* option : command->get_options())
      for (const std::string& name : option->get_lnames()) known.push_back("--" + name);
    return config::quote(word) + " is not expected after " + command->get_name() +
           suggestion(word, known);
  }

  CLI::App* add(CLI::App& parent, const std::string& name, const std::string& help,
                std::function<int()> action) {
    CLI::App* command = parent.add_subcommand(name, help);
    command->final_callback([this, action = std::move(action)] { chosen_ = action; });
    return command;
  }

  /// A command that speaks to the daemon.
  CLI::App* add_remote(const std::string& name, const std::string& help,
                       std::function<int(Api&)> action) {
    CLI::App* command = add(app_, name, help, [this, action = std::move(action)] {
      ApiClient client(find_place(place_, config::process_environment()));
      return action(client);
    });
    command->add_option("--config", place_.config, "Configuration that names the daemon's socket")
        ->type_name("FILE");
    command->add_option("--socket", place_.socket, "The daemon's socket")->type_name("PATH");
    command->add_option("--url", place_.url, "The daemon's admin address, http://host:port")
        ->type_name("URL");
    command->add_option("--token", place_.token, "For --url; else POSTERN_ADMIN_TOKEN")
        ->type_name("TOKEN");
    command->add_flag("--json", json_, "Print JSON");
    return command;
  }

  void add_filter(CLI::App& command) {
    for (const FilterOption& option : kFilterOptions)
      command
          .add_option_function<std::string>(
              std::string("--") + option.name,
              [this, name = option.name](const std::string& value) {
                filter_.emplace_back(name, value);
              },
              option.help)
          ->type_name(option.value)
          ->check([name = std::string(option.name)](const std::string& value) {
            return mistake_in(name, value);
          });
  }

  void add_serve() {
    CLI::App* serve = add(app_, "serve", "Run the daemon; SIGTERM drains, SIGHUP reloads",
                          [this] { return program_.serve(config_file_, check_); });
    serve->add_option("--config", config_file_, "TOML; without it the environment configures")
        ->type_name("FILE");
    serve->add_flag("--check", check_, "Only say whether it would start");
  }

  void add_listing() {
    add_filter(*add_remote("mailq", "List the queue in Postfix's layout",
                           [this](Api& api) { return mailq(api, filter_, json_, out_); }));
    add_remote("show", "A message's envelope, attempts and events",
               [this](Api& api) { return show(api, word_, json_, out_); })
        ->add_option("ID", word_)
        ->required();
    add_remote("body", "The raw message",
               [this](Api& api) { return body(api, word_, json_, out_); })
        ->add_option("ID", word_)
        ->required();
    add_remote("stats", "Count what waits", [this](Api& api) { return stats(api, json_, out_); });
  }

  void add_verbs() {
    const auto add_verb = [this](const std::string& verb, const std::string& help) {
      CLI::App* command = add_remote(verb, help, [this, verb](Api& api) {
        if (all_) filter_.emplace_back("all", "true");
        if (words_.empty() == filter_.empty())
          throw Failure(kUsage, "Say which messages: either their ids, or a filter, or --all.");
        return steer(api, {verb, words_, filter_, reason_, json_}, out_, err_);
      });
      command->add_option("ID", words_, "Messages");
      add_filter(*command);
      command->add_flag("--all", all_, "Every message");
      return command;
    };
    add_verb("retry", "Try again now");
    add_verb("hold", "Keep back until released")
        ->add_option("--reason", reason_, "Shown by show and mailq");
    add_verb("release", "Undo hold");
    add_verb("delete", "Cancel what is not yet sent");
  }

  void add_transports() {
    add_remote("transports", "Breakers, errors and counts of each way out",
               [this](Api& api) { return transports(api, json_, out_); });
    CLI::App* suspending =
        add_remote("suspend", "Use a transport no more for a while", [this](Api& api) {
          return suspend(api, {word_, how_long_, reason_, json_}, out_);
        });
    suspending->add_option("TRANSPORT", word_, "NAME or NAME/DOMAIN")->required();
    suspending->add_option("--for", how_long_, "1h when left out")
        ->type_name("DURATION")
        ->check([](const std::string& v) { return mistake_in("for", v); });
    suspending->add_option("--reason", reason_, "Shown by transports");
    add_remote("resume", "Use a transport again",
               [this](Api& api) { return resume(api, word_, json_, out_); })
        ->add_option("TRANSPORT", word_, "NAME or NAME/DOMAIN")
        ->required();
    CLI::App* classifying =
        add_remote("classify", "What the rules make of a reply", [this](Api& api) {
          return classify(api, program_.classify, {word_, text_, status_, json_}, out_);
        });
    classifying->add_option("TRANSPORT", word_, "A name or a type")->required();
    classifying->add_option("TEXT", text_, "The reply")->required();
    classifying->add_option("--status", status_, "HTTP status or SMTP code")
        ->check(CLI::Range(1, 999));
  }

  void add_config() {
    CLI::App* config = app_.add_subcommand("config", "Check or show a configuration");
    config->require_subcommand(1);
    CLI::App* check = add(*config, "check", "Every mistake, as FILE:LINE:COLUMN: what",
                          [this] { return config_check(config_file_, json_, out_, err_); });
    CLI::App* show = add(*config, "show", "What is in effect, secrets hidden",
                         [this] { return config_show(config_file_, json_, out_, err_); });
    for (CLI::App* command : {check, show}) {
      command->add_option("--config", config_file_, "TOML; without it the environment")
          ->type_name("FILE");
      command->add_flag("--json", json_, "Print JSON");
    }
  }

  void add_dkim() {
    CLI::App* dkim = app_.add_subcommand("dkim", "Make keys, print records, verify messages");
    dkim->require_subcommand(1);
    CLI::App* keygen = add(*dkim, "keygen", "Make a key and print its DNS record", [this] {
      return dkim_keygen({keygen_.domain, keygen_.selector, keygen_.ed25519, keygen_.out, json_},
                         out_, err_);
    });
    keygen->add_option("DOMAIN", keygen_.domain)->required();
    keygen->add_option("SELECTOR", keygen_.selector)->required();
    keygen->add_flag("--ed25519", keygen_.ed25519, "Else RSA of 2048 bits");
    keygen->add_option("--out", keygen_.out, "DOMAIN.SELECTOR.pem when left out")
        ->type_name("FILE");
    CLI::App* record = add(*dkim, "record", "Print the DNS record of a key", [this] {
      return dkim_record({record_.domain, record_.selector, record_.key, json_}, out_, err_);
    });
    record->add_option("DOMAIN", record_.domain)->required();
    record->add_option("SELECTOR", record_.selector)->required();
    record->add_option("--key", record_.key, "The private key, PEM")->required()->type_name("FILE");
    CLI::App* verify = add(*dkim, "verify", "Check a message's signatures", [this] {
      return dkim_verify({verify_.file, verify_.record, verify_.key, json_}, SystemClock().now(),
                         out_, err_);
    });
    verify->add_option("FILE", verify_.file, "A message; - is standard input")->required();
    CLI::Option* text = verify->add_option("--record", verify_.record, "TXT record to verify with");
    verify->add_option("--key", verify_.key, "File with the record or the private key; else DNS")
        ->type_name("FILE")
        ->excludes(text);
    for (CLI::App* command : {keygen, record, verify})
      command->add_flag("--json", json_, "Print JSON");
  }

  const Program& program_;
  std::ostream& out_;
  std::ostream& err_;
  CLI::App app_{"Postern: a resilient outbound mail relay", "postern"};
  std::function<int()> chosen_;
  // What the options of all commands are read into; only those of the chosen one are.
  PlaceOptions place_;
  Parameters filter_;
  KeygenOptions keygen_;
  RecordOptions record_;
  VerifyOptions verify_;
  std::string config_file_, word_, text_, reason_, how_long_;
  std::vector<std::string> words_;
  int status_ = 0;
  bool json_ = false, all_ = false, check_ = false;
};

}  // namespace

int run(const std::vector<std::string>& arguments, const Program& program, std::ostream& out,
        std::ostream& err) {
  std::vector<std::string> words(arguments.begin() + 1, arguments.end());
  const std::string called = std::filesystem::path(arguments.front()).filename();
  if (std::find(kNames.begin(), kNames.end(), called) != kNames.end())
    words.insert(words.begin(), called);
  if (!words.empty() && words.front() == "sendmail") {
    const auto list_queue = [&](std::vector<std::string> options) {
      options.insert(options.begin(), {"postern", "mailq"});
      return run(options, program, out, err);
    };
    return sendmail({words.begin() + 1, words.end()}, list_queue, out, err);
  }
  const int status = CommandLine(program, out, err).run(std::move(words));
  // A script that reads half of a listing must not take it for all.
  if (out.flush()) return status;
  err << "postern: standard output cannot be written to its end.\n";
  return status == kDone ? kFailed : status;
}

}  // namespace postern::cli
