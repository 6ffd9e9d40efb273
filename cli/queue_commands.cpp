#include "cli/queue_commands.hpp"

#include <nlohmann/json.hpp>

#include "cli/mailq_layout.hpp"
#include "cli/render.hpp"
#include "core/crypto.hpp"
#include "core/text.hpp"

namespace postern::cli {
namespace {

constexpr const char* kPageMessages = "500";

template <class Each>
void each_message(Api& api, const Parameters& filter, Each each) {
  std::string cursor;
  do {
    Parameters parameters = filter;
    parameters.emplace_back("limit", kPageMessages);
    if (!cursor.empty()) parameters.emplace_back("cursor", cursor);
    const Json page = parse_answer(api.get({"messages"}, parameters));
    for (const Json& message : list_of(page, "messages")) each(message);
    cursor = text_of(page, "next");
  } while (!cursor.empty());
}

std::string done_to(const std::string& verb, std::uint64_t deliveries) {
  const std::string what = plural(deliveries, "delivery", "deliveries");
  if (verb == "retry") return what + " will be tried again now";
  if (verb == "hold") return what + " held";
  if (verb == "release") return what + " released";
  return what + " cancelled";
}

}  // namespace

ExitStatus mailq(Api& api, const Parameters& filter, bool json, std::ostream& out) {
  if (json) {
    const char* separator = "[";
    each_message(api, filter, [&](const Json& message) {
      out << separator << message.dump();
      separator = ",\n";
    });
    out << (*separator == '[' ? "[]" : "]") << '\n';
    return kDone;
  }
  MailqLayout layout;
  each_message(api, filter, [&](const Json& message) { out << layout.entry(message); });
  out << layout.end();
  return kDone;
}

ExitStatus show(Api& api, const std::string& id, bool json, std::ostream& out) {
  const std::string answer = api.get({"messages", id}, {});
  out << (json ? answer : story(parse_answer(answer)));
  return kDone;
}

ExitStatus body(Api& api, const std::string& id, bool json, std::ostream& out) {
  const std::string bytes = api.get({"messages", id, "body"}, {});
  if (!json)
    out << bytes;
  else if (is_utf8(bytes))
    out << Json{{"id", id}, {"size", bytes.size()}, {"encoding", "utf-8"}, {"body", bytes}} << '\n';
  else
    out << Json{{"id", id},
                {"size", bytes.size()},
                {"encoding", "base64"},
                {"body", crypto::to_base64(bytes)}}
        << '\n';
  return kDone;
}

ExitStatus steer(Api& api, const SteerOptions& options, std::ostream& out, std::ostream& err) {
  Parameters parameters = options.filter;
  if (!options.reason.empty()) parameters.emplace_back("reason", options.reason);
  std::uint64_t changed = 0;
  std::uint64_t duplicates = 0;
  const auto count = [&](const std::string& answer) {
    const Json json = parse_answer(answer);
    changed += json.value("changed", std::uint64_t{0});
    duplicates += json.value("possible_duplicates", std::uint64_t{0});
  };
  ExitStatus status = kDone;
  if (options.ids.empty()) count(api.post({"messages", options.verb}, parameters));
  for (const std::string& id : options.ids) {
    try {
      count(api.post({"messages", id, options.verb}, parameters));
    } catch (const Failure& failure) {
      if (failure.status() != kFailed) throw;
      err << "postern: " << escape(failure.what()) << '\n';
      status = kFailed;
    }
  }
  if (options.json) {
    out << Json{{"verb", options.verb}, {"changed", changed}, {"possible_duplicates", duplicates}}
        << '\n';
    return status;
  }
  out << done_to(options.verb, changed);
  if (duplicates > 0)
    out << " (" << plural(duplicates, "possible duplicate", "possible duplicates") << ")";
  out << ".\n";
  return status;
}

}  // namespace postern::cli
