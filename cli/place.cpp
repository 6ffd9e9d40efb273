#include "cli/place.hpp"

#include "cli/failure.hpp"
#include "config/document.hpp"
#include "config/secret_source.hpp"

namespace postern::cli {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kLargestFile = 4 * config::kMiB;

/// [section] key of the document, when it is a string.
std::string text_of(const config::Value& root, std::string_view section, std::string_view key,
                    const std::string& otherwise) {
  const config::Member* table = root.find(section);
  const config::Member* member = table == nullptr ? nullptr : table->value.find(key);
  if (member == nullptr || member->value.kind != config::Value::Kind::text) return otherwise;
  return member->value.text;
}

fs::path socket_of_file(const fs::path& file) {
  const auto text = config::read_file(file, kLargestFile);
  if (!text) throw Failure(kUsage, file.string() + ": " + text.error().what);
  config::Place error_at;
  const auto document = config::parse_document(*text, error_at);
  if (!document)
    throw Failure(kUsage, config::Mistake{file.string(), error_at.line, error_at.column,
                                          document.error().what}
                              .to_string());
  config::Config config;
  config.server.state = text_of(*document, "server", "state", config.server.state.string());
  config.admin.socket = text_of(*document, "admin", "socket", config.admin.socket);
  return config.admin_socket();
}

fs::path usual_socket(const config::Environment& environment) {
  config::Config config;
  if (const auto state = environment("POSTERN_STATE")) {
    config.server.state = *state;
    return config.admin_socket();
  }
  std::error_code ignored;
  if (fs::exists(kSystemFile, ignored)) return socket_of_file(kSystemFile);
  const fs::path installed = config.admin_socket();
  config.server.state = "var/postern";  // of ./dev run
  const fs::path checkout = config.admin_socket();
  return !fs::exists(installed, ignored) && fs::exists(checkout, ignored) ? checkout : installed;
}

}  // namespace

Place find_place(const PlaceOptions& options, const config::Environment& environment) {
  Place place;
  place.token = Secret(options.token.empty() ? environment("POSTERN_ADMIN_TOKEN").value_or("")
                                             : options.token);
  if (!options.url.empty()) {
    place.url = options.url.substr(0, options.url.find_last_not_of('/') + 1);
  } else if (!options.socket.empty()) {
    place.socket = options.socket;
  } else {
    place.socket =
        options.config.empty() ? usual_socket(environment) : socket_of_file(options.config);
  }
  return place;
}

}  // namespace postern::cli
