// The machinery of the dialogue: bytes become lines (mail/line) or content (smtpd/reception), lines
// become rows of the table (smtpd/commands), and the queue's answers become replies.
#include "smtpd/session.hpp"

#include <algorithm>
#include <utility>

#include "core/text.hpp"
#include "mail/command.hpp"
#include "smtpd/session_state.hpp"

namespace postern::smtpd {
namespace {

constexpr std::size_t kNowhere = std::string_view::npos;
constexpr Duration kTarpit = std::chrono::seconds(3);

// The first byte of a TLS record, or of nothing else that is text. Such a client may never send
// CRLF.
bool is_no_command(char first) {
  const auto byte = static_cast<unsigned char>(first);
  return byte >= 0x7F || (byte < 0x20 && std::string_view("\0\t\r\n", 4).find(first) == kNowhere);
}

// A NUL inside the quotes of an address is told from one elsewhere: after the former nobody knows
// what the client takes for a command, so the address's own answer (501 and close) stands.
bool has_stray_nul(std::string_view line) {
  const auto nul = line.find('\0');
  if (nul == std::string_view::npos) return false;
  const bool in_address = istarts_with(line, "MAIL ") || istarts_with(line, "RCPT ");
  return !in_address ||
         std::count(line.begin(), line.begin() + static_cast<std::ptrdiff_t>(nul), '"') % 2 == 0;
}

}  // namespace

Session::Session(const SessionSettings& settings, Peer peer, const Policy& policy,
                 NumberSource& numbers)
    : state_(std::make_unique<State>(settings, std::move(peer), policy, numbers)) {}

Session::~Session() = default;

void Session::greet(Time now) {
  if (state_->want == Want::close) return;
  state_->now = now;
  state_->greeted = true;
  state_->say("220 " + state_->settings.hostname + " ESMTP ready");
}

std::size_t Session::receive(std::string_view bytes, Time now) {
  State& state = *state_;
  state.now = now;
  if (bytes.empty() || state.want != Want::input) return 0;
  if (!state.greeted) {
    state.last_words(reply::kTalkedTooEarly);
    return 0;
  }
  state.owes_farewell = false;
  std::size_t taken = 0;
  while (taken < bytes.size() && state.want == Want::input) {
    const std::string_view rest = bytes.substr(taken);
    taken += state.phase == kContent ? state.take_content(rest) : state.take_command(rest);
  }
  return taken;
}

Want Session::want() const {
  return state_->want;
}

std::string Session::take_output() {
  return std::exchange(state_->output, {});
}

Chunk Session::take_chunk() {
  return state_->reception.take_chunk();
}

void Session::chunk_stored(const std::optional<queue::StorageFault>& fault) {
  state_->reception.chunk_stored(fault);
  state_->want = Want::input;
  if (state_->reception.done()) state_->end_message();
}

Received Session::take_message() {
  return state_->reception.take_message(state_->now);
}

void Session::committed(const std::variant<queue::Receipt, queue::StorageFault>& result) {
  State& state = *state_;
  state.want = Want::input;
  state.phase = kReady;
  if (const auto* fault = std::get_if<queue::StorageFault>(&result)) {
    state.reception.abandon();
    state.say(fault->full ? reply::kQueueFull : reply::kStorageFault);
  } else {
    state.say(std::string(reply::kQueuedAs) + std::get<queue::Receipt>(result).id());
    state.errors = 0;
    state.idle_commands = 0;
  }
  state.owes_farewell = true;
}

void Session::timed_out() {
  State& state = *state_;
  if (state.want == Want::close) return;
  if (in_content()) state.reception.abandon();
  state.last_words(state.shutting_down ? reply::kShuttingDown
                   : in_content()      ? reply::kTooSlow
                                       : reply::kIdle);
}

bool Session::in_content() const {
  return state_->phase == kContent;
}

void Session::shut_down() {
  State& state = *state_;
  state.shutting_down = true;
  const bool between_messages = state.phase <= kReady;
  if (state.want == Want::input && between_messages && !state.owes_farewell &&
      state.lines.at_line_start())
    state.last_words(reply::kShuttingDown);
}

void Session::disconnected() {
  if (state_->phase == kContent) state_->reception.abandon();
  state_->want = Want::close;
}

std::optional<MessageNo> Session::take_abandoned() {
  return state_->reception.take_abandoned();
}

std::optional<std::string> Session::take_refusal() {
  if (state_->refusal.empty()) return std::nullopt;
  return std::exchange(state_->refusal, {});
}

std::vector<SignInReport> Session::take_sign_ins() {
  return std::exchange(state_->reports, {});
}

Duration Session::pause() const {
  return state_->pause;
}

void Session::resume() {
  state_->resume();
}

// ---- Commands -----------------------------------------------------------------------------------

std::size_t Session::State::take_command(std::string_view bytes) {
  if (lines.at_line_start() && is_no_command(bytes.front())) {
    last_words(reply::kNotMail);
    return 0;
  }
  std::size_t taken = 0;
  switch (lines.take(bytes, taken)) {
    case mail::LineFraming::Found::nothing:
      break;
    case mail::LineFraming::Found::line:
      more_input = taken < bytes.size();
      obey(lines.line());
      break;
    case mail::LineFraming::Found::broken:
      last_words(reply::kBrokenLine);
      break;
    case mail::LineFraming::Found::endless:
      last_words(reply::kTooLong);
      break;
  }
  return taken;
}

void Session::State::obey(std::string_view line) {
  if (authentication) {
    const bool fits = line.size() + 2 <= kMaxAuthLineBytes;
    return answer_auth(fits ? authentication->answer(line) : Authentication::Step::malformed);
  }
  const mail::CommandLine command = mail::split_command(line);
  const Command& row = find(command);
  if (shutting_down && phase != kSender && row.verb != "QUIT")
    return last_words(reply::kShuttingDown);

  // First what makes it wrong to listen any longer, in whatever order or shape it comes.
  if (row.has(kEndsDialogue)) return (this->*row.act)(command.argument);
  // RFC 2920 section 3.1: what follows DATA now was sent without regard to the answer; taking it
  // for content or for commands would both be guessing.
  if (row.has(kEndsGroup) && more_input) return last_words(reply::kDataNotLast);

  if (has_stray_nul(line)) return refuse(reply::kHoldsNul);
  if (line.size() + 2 > settings.max_command_bytes + row.extra_bytes)
    return refuse(row.has(kNamesClient) ? reply::kBadClientName : reply::kTooLong);
  if ((row.phases & phase) == 0) return refuse_now(row);
  if (row.has(kStandsAlone) && !command.argument.empty()) return refuse(reply::kNoArgument);
  (this->*row.act)(command.argument);
}

void Session::State::refuse_now(const Command& row) {
  switch (phase) {
    case kSilent:
      return refuse(reply::kHelloFirst);
    case kPlain:
      return turn_away(reply::kTlsFirst);
    case kNameless:
      return turn_away(reply::kSignInFirst);
    default:
      return refuse(row.out_of_phase);
  }
}

void Session::State::refuse(std::string_view line) {
  if (++errors > settings.max_errors) return send_away(reply::kTooManyErrors);
  say(line);
}

// Whoever is at it again on a new connection at least has to wait.
void Session::State::send_away(std::string_view line) {
  say_after(kTarpit, std::string(line), Want::close);
}

void Session::State::last_words(std::string_view line) {
  say(line);
  want = Want::close;
}

void Session::State::say_after(Duration wait, std::string line, Want next) {
  after_pause = std::move(line.append("\r\n"));
  want_after_pause = next;
  pause = wait;
  want = Want::pause;
  if (wait == Duration{}) resume();
}

void Session::State::resume() {
  want = want_after_pause;
  output += std::exchange(after_pause, {});
}

// ---- Content ------------------------------------------------------------------------------------

std::size_t Session::State::take_content(std::string_view bytes) {
  const std::size_t taken = reception.take(bytes);
  if (reception.chunk_waiting())
    want = Want::chunk;
  else if (reception.done())
    end_message();
  return taken;
}

void Session::State::end_message() {
  if (reception.flaw() == Flaw::none) {
    want = Want::commit;
    return;
  }
  phase = kReady;
  owes_farewell = true;
  const std::string line = reception.flaw() == Flaw::author
                               ? reply::not_your_author(*user, reception.refused_author())
                               : reply::of(reception.flaw(), settings.max_message_bytes);
  if (refusal.empty()) refusal = line;
  if (reception.flaw() == Flaw::framing) return last_words(line);
  say(line);
}

}  // namespace postern::smtpd
