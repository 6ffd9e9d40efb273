#include "cli/dkim_command.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <iostream>
#include <iterator>
#include <nlohmann/json.hpp>

#include "cli/txt_record.hpp"
#include "core/text.hpp"
#include "dkim/key.hpp"
#include "dkim/verifier.hpp"

namespace postern::cli {
namespace {

constexpr int kDone = 0;
constexpr int kFailed = 1;
constexpr int kUsage = 2;

bool names_are_good(const std::string& domain, const std::string& selector, std::ostream& err) {
  for (const std::string& name : {domain, selector}) {
    if (dkim::is_dns_name(name)) continue;
    err << "postern: not a name in DNS: " << escape(name, 300) << "\n";
    return false;
  }
  return true;
}

Result<std::string> read_file(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  std::string bytes{std::istreambuf_iterator<char>(in), {}};
  if (!in.is_open() || in.bad())
    return Error{"cannot read " + path.string() + ": " + std::strerror(errno)};
  return bytes;
}

// Only ever makes a new file: a key that is published must not be lost by a second keygen.
Result<bool> write_new_file(const std::filesystem::path& path, std::string_view bytes) {
  const int file = ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (file < 0) return Error{"cannot write " + path.string() + ": " + std::strerror(errno)};
  bool worked = true;
  while (worked && !bytes.empty()) {
    const ssize_t written = ::write(file, bytes.data(), bytes.size());
    worked = written > 0;
    if (worked) bytes.remove_prefix(static_cast<std::size_t>(written));
  }
  worked = worked && ::fsync(file) == 0;
  const int fault = errno;
  ::close(file);
  if (worked) return true;
  ::unlink(path.c_str());
  return Error{"cannot write " + path.string() + ": " + std::strerror(fault)};
}

// A zone line, then the same as comments for a DNS host's form; or JSON.
void print_record(const std::string& domain, const std::string& selector,
                  const dkim::PrivateKey& key, const std::filesystem::path& file, bool json,
                  std::ostream& out) {
  const std::string name = selector + "._domainkey." + domain;
  const std::string record = key.record();
  if (json) {
    out << nlohmann::json{{"name", name}, {"type", "TXT"}, {"value", record}, {"key", file}}.dump()
        << "\n";
    return;
  }
  out << dkim::zone_line(domain, selector, record) << "\n";
  out << "; name:  " << name << "\n";
  out << "; value: " << record << "\n";
}

// What a file with a key holds: a private key, the record's text, or a zone line with its strings.
Result<std::string> record_in(const std::string& text) {
  if (text.find("PRIVATE KEY-----") != std::string::npos) {
    const auto key = dkim::PrivateKey::load(text);
    if (!key) return key.error();
    return key->record();
  }
  const std::string line = text.substr(0, text.find("\n;"));
  const auto parts = split(line, '"');
  if (parts.size() < 3) return std::string(trim(line));
  std::string record;
  for (std::size_t i = 1; i < parts.size(); i += 2) record += parts[i];
  return record;
}

Result<dkim::KeyLookup> key_lookup(const VerifyOptions& options) {
  if (options.record.empty() && options.key.empty())
    return dkim::KeyLookup([](const std::string& selector, const std::string& domain) {
      return txt_record(selector + "._domainkey." + domain);
    });
  Result<std::string> record = options.record;
  if (!options.key.empty()) {
    const auto text = read_file(options.key);
    if (!text) return text.error();
    record = record_in(*text);
    if (!record) return Error{options.key.string() + ": " + record.error().what};
  }
  return dkim::KeyLookup([record](const std::string&, const std::string&) { return record; });
}

// Mail on disk often has bare LF; signatures are over CRLF.
std::string with_crlf(std::string text) {
  if (text.find("\r\n") != std::string::npos) return text;
  std::string out;
  out.reserve(text.size() + text.size() / 32);
  for (const char c : text) {
    if (c == '\n') out += '\r';
    out += c;
  }
  return out;
}

void print_verdicts(const std::vector<dkim::Verdict>& verdicts, bool json, std::ostream& out) {
  auto list = nlohmann::json::array();
  for (const dkim::Verdict& verdict : verdicts) {
    const std::string domain = escape(verdict.domain, 300);
    const std::string selector = escape(verdict.selector, 300);
    const std::string algorithm = escape(verdict.algorithm, 60);
    list.push_back({{"domain", domain},
                    {"selector", selector},
                    {"algorithm", algorithm},
                    {"passed", verdict.passed},
                    {"why", verdict.why}});
    if (json) continue;
    out << (verdict.passed ? "pass" : "fail") << " d=" << domain << " s=" << selector
        << " a=" << algorithm;
    if (!verdict.passed) out << ": " << verdict.why;
    out << "\n";
  }
  if (json)
    out << list.dump() << "\n";
  else if (verdicts.empty())
    out << "no DKIM signature\n";
}

}  // namespace

int dkim_keygen(const KeygenOptions& options, std::ostream& out, std::ostream& err) {
  if (!names_are_good(options.domain, options.selector, err)) return kUsage;
  const auto file = options.out.empty()
                        ? std::filesystem::path(options.domain + "." + options.selector + ".pem")
                        : options.out;
  const auto key = dkim::PrivateKey::generate(options.ed25519 ? dkim::Algorithm::ed25519_sha256
                                                              : dkim::Algorithm::rsa_sha256);
  if (const auto written = write_new_file(file, key.to_pem()); !written) {
    err << "postern: " << written.error().what << "\n";
    return kFailed;
  }
  err << "private key in " << file.string() << "; publish this record:\n";
  print_record(options.domain, options.selector, key, file, options.json, out);
  return kDone;
}

int dkim_record(const RecordOptions& options, std::ostream& out, std::ostream& err) {
  if (!names_are_good(options.domain, options.selector, err)) return kUsage;
  const auto pem = read_file(options.key);
  if (!pem) {
    err << "postern: " << pem.error().what << "\n";
    return kFailed;
  }
  const auto key = dkim::PrivateKey::load(*pem);
  if (!key) {
    err << "postern: " << options.key.string() << ": " << key.error().what << "\n";
    return kFailed;
  }
  print_record(options.domain, options.selector, *key, options.key, options.json, out);
  return kDone;
}

int dkim_verify(const VerifyOptions& options, Time now, std::ostream& out, std::ostream& err) {
  if (!options.record.empty() && !options.key.empty()) {
    err << "postern: give --record or --key, not both\n";
    return kUsage;
  }
  const auto message =
      options.file == "-"
          ? Result<std::string>(std::string{std::istreambuf_iterator<char>(std::cin), {}})
          : read_file(options.file);
  if (!message) {
    err << "postern: " << message.error().what << "\n";
    return kFailed;
  }
  const auto look_up = key_lookup(options);
  if (!look_up) {
    err << "postern: " << look_up.error().what << "\n";
    return kFailed;
  }
  const auto verdicts = dkim::verify(with_crlf(*message), *look_up, now);
  print_verdicts(verdicts, options.json, out);
  for (const auto& verdict : verdicts)
    if (!verdict.passed) return kFailed;
  return verdicts.empty() ? kFailed : kDone;
}

}  // namespace postern::cli
