// A configuration -> the TOML that makes it again, secrets hidden.
#include "config/load.hpp"
#include "config/sections.hpp"

namespace postern::config {
namespace {

/// A basic string of TOML 1.0.
std::string toml_string(std::string_view text) {
  static constexpr char kHex[] = "0123456789ABCDEF";
  std::string out = "\"";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (byte < 0x20 || byte == 0x7F) {
      out += "\\u00";
      out += kHex[byte >> 4];
      out += kHex[byte & 15];
    } else {
      out += c;
    }
  }
  return out + '"';
}

class Writer final : public Fields {
 public:
  void string(std::string_view key, Presence, const Parse&,
              const std::optional<std::string>& shown) override {
    if (shown) line(key, toml_string(*shown));
  }
  void list(std::string_view key, const std::function<void()>&, const Parse&,
            const std::optional<std::vector<std::string>>& shown) override {
    if (!shown) return;
    std::string items;
    for (const std::string& item : *shown) items += (items.empty() ? "" : ", ") + toml_string(item);
    line(key, '[' + items + ']');
  }
  void flag(std::string_view key, bool& value) override { line(key, value ? "true" : "false"); }
  void number(std::string_view key, std::uint32_t& value, Bounds<std::uint32_t>) override {
    line(key, std::to_string(value));
  }
  void secret(std::string_view key, Presence, Secret& value) override {
    if (!value.empty()) line(key, toml_string("***"));
  }

  template <class Section>
  void section(std::string_view header, Section& section) {
    if (!toml_.empty()) toml_ += '\n';
    toml_ += header;
    toml_ += '\n';
    describe(*this, section);
  }
  std::string take() { return std::move(toml_); }

 private:
  void line(std::string_view key, const std::string& value) {
    toml_ += key;
    toml_ += " = " + value + '\n';
  }

  std::string toml_;
};

}  // namespace

std::string show(const Config& config) {
  Config copy = config;  // a description visits what it may also fill
  Writer writer;
  writer.section("[server]", copy.server);
  writer.section("[queue]", copy.queue);
  for (Listener& listener : copy.listeners) writer.section("[[listener]]", listener);
  if (!copy.tls.certificate.empty()) writer.section("[tls]", copy.tls);
  for (Credential& credential : copy.credentials) writer.section("[[credential]]", credential);
  for (Transport& transport : copy.transports) writer.section("[[transport]]", transport);
  for (Domain& domain : copy.domains) {
    writer.section("[[domain]]", domain);
    for (DkimKey& key : domain.dkim) writer.section("[[domain.dkim]]", key);
  }
  writer.section("[breaker]", copy.breaker);
  writer.section("[suppression]", copy.suppression);
  writer.section("[admin]", copy.admin);
  writer.section("[log]", copy.log);
  return writer.take();
}

}  // namespace postern::config
