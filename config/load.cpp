#include "config/load.hpp"

#include <optional>

#include "config/document.hpp"
#include "config/key_names.hpp"
#include "config/reader.hpp"
#include "config/secret_source.hpp"
#include "config/sections.hpp"
#include "config/validate.hpp"
#include "config/wording.hpp"
#include "core/certificate.hpp"
#include "core/text.hpp"

namespace postern::config {
namespace {

constexpr std::size_t kLargestFile = 4 * kMiB;
constexpr std::size_t kLargestPem = kMiB;

template <class Section>
void read_section(Reader& root, std::string_view key, Section& section) {
  auto reader = root.table(key);
  if (!reader) return;
  describe(*reader, section);
  reader->finish();
}

/// Keys of the other types of transport, and whose they are.
std::map<std::string, std::string> keys_of_other_types(const std::string& type) {
  std::map<std::string, std::string> elsewhere;
  for (const std::string_view other : kTransportTypes) {
    if (other == type) continue;
    KeyNames keys;
    Transport transport;
    transport.type = other;
    describe(keys, transport);
    for (const std::string& name : keys.names)
      elsewhere.emplace(name, "transports of type " + quote(other) + ", not " + quote(type));
  }
  return elsewhere;
}

void read_transports(Reader& root, Findings& findings, std::vector<Transport>& transports) {
  for (Reader& reader : root.tables("transport")) {
    Transport& transport = transports.emplace_back();
    describe(reader, transport);
    if (!reader.has("max_message"))
      transport.max_message_bytes = default_max_message_bytes(transport.type);
    // Which keys belong here is not known before the type is.
    if (!transport.type.empty()) reader.finish(keys_of_other_types(transport.type));
    // Mailgun signs itself, SES unless it is told otherwise; what is captured leaves nobody.
    const bool has_choice = transport.type == "smtp" ||
                            (transport.type == "ses" && findings.has(reader.path() + ".dkim"));
    if (!has_choice) transport.dkim = DkimBy::provider;
  }
  // One that is there and written wrongly is a mistake already.
  if (transports.empty() && !root.has("transport") && !root.has("transports"))
    findings.add({1, 1},
                 "there is no way out: add a [[transport]] with name and type (mailgun, ses, smtp "
                 "or capture)");
}

void read_domains(Reader& root, Findings& findings, std::vector<Domain>& domains) {
  for (Reader& reader : root.tables("domain")) {
    Domain& domain = domains.emplace_back();
    describe(reader, domain);
    if (domain.transports.empty() && reader.has_list("transports"))
      findings.add(findings.place_of(reader.path() + ".transports"),
                   "transports: is empty; leave it out to use every transport");
    for (Reader& key_reader : reader.tables("dkim")) {
      describe(key_reader, domain.dkim.emplace_back());
      key_reader.finish();
    }
    reader.finish();
  }
}

void read_listeners(Reader& root, std::vector<Listener>& listeners) {
  for (Reader& reader : root.tables("listener")) {
    describe(reader, listeners.emplace_back(default_listener()));
    reader.finish();
  }
  if (listeners.empty()) listeners.push_back(default_listener());
}

void read_credentials(Reader& root, Findings& findings, std::vector<Credential>& credentials) {
  for (Reader& reader : root.tables("credential")) {
    Credential& credential = credentials.emplace_back();
    describe(reader, credential);
    if (credential.senders.empty() && reader.has("senders"))
      findings.add(findings.place_of(reader.path() + ".senders"),
                   "senders: is empty; leave it out to allow every domain");
    reader.finish();
  }
}

/// The certificate and its key; each mistake stands at the file that it is about.
void read_tls(Reader& root, Findings& findings, Tls& tls) {
  read_section(root, "tls", tls);
  const auto text_of = [&](const std::string& key, const std::filesystem::path& file) {
    std::optional<std::string> read;
    if (file.empty()) return read;
    auto text = read_file(file, kLargestPem);
    if (text)
      read = std::move(*text);
    else
      findings.add(findings.place_of("tls." + key),
                   key + ": " + quote(file.string()) + ' ' + text.error().what);
    return read;
  };
  const auto chain = text_of("certificate", tls.certificate);
  const auto key = text_of("key", tls.key);
  if (key) tls.key_pem = Secret(*key);
  if (!chain) return;
  tls.chain_pem = *chain;
  const auto facts = inspect_certificate(tls.chain_pem);
  if (!facts)
    return findings.add(
        findings.place_of("tls.certificate"),
        "certificate: " + quote(tls.certificate.string()) + ' ' + facts.error().what);
  tls.not_before = facts->not_before;
  tls.not_after = facts->not_after;
  if (!key) return;
  if (const auto error = check_key(tls.chain_pem, tls.key_pem.reveal()))
    findings.add(findings.place_of("tls.key"),
                 "key: " + quote(tls.key.string()) + ' ' + error->what);
}

Config read_config(Reader& root, Findings& findings) {
  Config config;
  config.queue = default_queue();
  read_section(root, "server", config.server);
  read_section(root, "queue", config.queue);
  read_listeners(root, config.listeners);
  read_tls(root, findings, config.tls);
  read_credentials(root, findings, config.credentials);
  read_transports(root, findings, config.transports);
  read_domains(root, findings, config.domains);
  read_section(root, "breaker", config.breaker);
  read_section(root, "suppression", config.suppression);
  read_section(root, "admin", config.admin);
  read_section(root, "log", config.log);
  for (const std::string_view section : kLaterSections) root.later(section);
  root.finish();
  fill_names(config.server);
  return config;
}

}  // namespace

std::string Mistake::to_string() const {
  if (line == 0) return file + ": " + what;
  return file + ':' + std::to_string(line) + ':' + std::to_string(column) + ": " + what;
}

LoadedDoors load_doors(const std::filesystem::path& file, const Environment& environment) {
  const auto text = read_file(file, kLargestFile);
  if (!text) return std::vector<Mistake>{{file.string(), 0, 0, text.error().what}};
  Place error_at;
  const auto document = parse_document(*text, error_at);
  if (!document)
    return std::vector<Mistake>{
        {file.string(), error_at.line, error_at.column, document.error().what}};
  Findings findings(file.string());
  Reader root(*document, environment, findings);
  Server server;
  read_section(root, "server", server);
  Doors doors;
  read_listeners(root, doors.listeners);
  if (!findings.empty()) return findings.take();
  fill_names(server);
  doors.hostname = server.hostname;
  return doors;
}

Loaded load_text(std::string_view toml, const std::string& file_name,
                 const Environment& environment, const KeyCheck& key_check) {
  Place error_at;
  const auto document = parse_document(toml, error_at);
  if (!document)
    return std::vector<Mistake>{{file_name, error_at.line, error_at.column, document.error().what}};
  Findings findings(file_name);
  Reader root(*document, environment, findings);
  Config config = read_config(root, findings);
  validate(config, findings, key_check);
  if (!findings.empty()) return findings.take();
  config.warnings = findings.take_warnings();
  config.places = findings.places();
  return config;
}

Loaded load_file(const std::filesystem::path& file, const Environment& environment,
                 const KeyCheck& key_check) {
  const auto text = read_file(file, kLargestFile);
  if (!text) return std::vector<Mistake>{{file.string(), 0, 0, text.error().what}};
  return load_text(*text, file.string(), environment, key_check);
}

}  // namespace postern::config
