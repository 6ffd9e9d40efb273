#include "queue/options_column.hpp"

#include <nlohmann/json.hpp>

#include "queue/store.hpp"

namespace postern::queue {
namespace {

using Json = nlohmann::json;

Json to_json(const Notify& notify) {
  Json json = Json::array();
  if (notify.success) json.push_back("success");
  if (notify.failure) json.push_back("failure");
  if (notify.delay) json.push_back("delay");
  return json;
}

Notify notify_from(const Json& json) {
  Notify notify;
  for (const Json& word : json) {
    notify.success |= word == "success";
    notify.failure |= word == "failure";
    notify.delay |= word == "delay";
  }
  return notify;
}

Json to_json(const RecipientOptions& recipient) {
  Json json = Json::object();
  if (recipient.notify) json["notify"] = to_json(*recipient.notify);
  if (!recipient.original_recipient.empty()) json["orcpt"] = recipient.original_recipient;
  return json;
}

RecipientOptions recipient_from(const Json& json) {
  RecipientOptions recipient;
  if (json.contains("notify")) recipient.notify = notify_from(json["notify"]);
  recipient.original_recipient = json.value("orcpt", std::string());
  return recipient;
}

std::int64_t to_number(Time time) {
  return time.time_since_epoch().count();
}

Time time_from(const Json& json) {
  return Time(Duration(json.get<std::int64_t>()));
}

Options options_from(const Json& json) {
  Options options;
  options.envelope_id = json.value("envid", std::string());
  if (json.contains("ret"))
    options.ret = json["ret"] == "full" ? Options::Return::full : Options::Return::headers;
  options.require_tls = json.value("require_tls", false);
  if (json.contains("by"))
    options.deliver_by = DeliverBy{.at = time_from(json["by"].at("at")),
                                   .or_return = json["by"].at("mode") == "R",
                                   .trace = json["by"].value("trace", false)};
  if (json.contains("hold_until")) options.hold_until = time_from(json["hold_until"]);
  if (json.contains("recipients"))
    for (const Json& one : json["recipients"]) options.recipients.push_back(recipient_from(one));
  return options;
}

}  // namespace

std::optional<std::string> to_column(const std::shared_ptr<const Options>& options) {
  if (!options) return std::nullopt;
  Json json = Json::object();
  if (!options->envelope_id.empty()) json["envid"] = options->envelope_id;
  if (options->ret) json["ret"] = *options->ret == Options::Return::full ? "full" : "headers";
  if (options->require_tls) json["require_tls"] = true;
  if (const auto& by = options->deliver_by) {
    json["by"] = {{"at", to_number(by->at)}, {"mode", by->or_return ? "R" : "N"}};
    if (by->trace) json["by"]["trace"] = true;
  }
  if (options->hold_until) json["hold_until"] = to_number(*options->hold_until);
  for (const RecipientOptions& recipient : options->recipients)
    json["recipients"].push_back(to_json(recipient));
  return json.dump();
}

std::shared_ptr<const Options> from_column(std::string_view text) {
  try {
    return std::make_shared<const Options>(options_from(Json::parse(text)));
  } catch (const Json::exception& error) {
    throw StorageError({false, std::string("a message's options cannot be read: ") + error.what()});
  }
}

}  // namespace postern::queue
