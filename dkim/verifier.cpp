#include "dkim/verifier.hpp"

#include <algorithm>
#include <optional>

#include "core/crypto.hpp"
#include "core/text.hpp"
#include "dkim/canonicalize.hpp"
#include "dkim/key.hpp"
#include "dkim/tags.hpp"
#include "mail/relaxed_body.hpp"

namespace postern::dkim {
namespace {

struct Canonicalization {
  bool relaxed_header = false;
  bool relaxed_body = false;
};

// c= of section 3.5; "relaxed" alone means relaxed/simple.
Result<Canonicalization> parse_canonicalization(std::string_view text) {
  const auto parts = split(text, '/');
  const auto header = parts[0];
  const auto body = parts.size() > 1 ? parts[1] : std::string_view("simple");
  const auto known = [](std::string_view name) { return name == "relaxed" || name == "simple"; };
  if (parts.size() > 2 || !known(header) || !known(body))
    return Error{"unknown canonicalisation: " + escape(text, 60)};
  return Canonicalization{header == "relaxed", body == "relaxed"};
}

// The field with the value of its b= tag taken out (section 3.5, b=), and without its final CRLF.
std::string without_signature(std::string_view field) {
  std::size_t tag_begin = field.find(':') + 1;
  for (;;) {
    const auto tag_end = std::min(field.find(';', tag_begin), field.size());
    const auto one = field.substr(tag_begin, tag_end - tag_begin);
    const auto equals = one.find('=');
    if (equals != std::string_view::npos && trim(one.substr(0, equals)) == "b") {
      std::string out(field.substr(0, tag_begin + equals + 1));
      out += field.substr(tag_end);
      if (out.ends_with("\r\n")) out.resize(out.size() - 2);
      return out;
    }
    if (tag_end == field.size()) return std::string(field);
    tag_begin = tag_end + 1;
  }
}

// The signed bytes of the header (section 3.7): for each name of h= the lowest field not yet taken,
// nothing for those that are not there.
std::string signed_header(std::vector<Field> fields, std::string_view names, bool is_relaxed) {
  std::string out;
  for (const std::string_view name : split(names, ':')) {
    const auto found = std::find_if(fields.rbegin(), fields.rend(), [&](const Field& field) {
      return iequals(field.name, trim(name));
    });
    if (found == fields.rend()) continue;
    out += is_relaxed ? relaxed(found->text) : std::string(found->text);
    fields.erase(std::next(found).base());
  }
  return out;
}

std::string hash_body(std::string_view body, bool is_relaxed) {
  if (!is_relaxed) return crypto::sha256(simple_body(body));
  mail::RelaxedBodyHash hash;
  hash.update(body);
  return hash.finish();
}

bool names_from(std::string_view names) {
  for (const std::string_view name : split(names, ':'))
    if (iequals(trim(name), "From")) return true;
  return false;
}

// i= must be in d= or below it; with t=s in the key record in d= itself (section 3.6.1).
bool identity_fits(std::string_view identity, std::string_view domain, bool strict) {
  if (identity.empty()) return true;
  const auto at = identity.rfind('@');
  if (at == std::string_view::npos) return false;
  const std::string host = to_lower(identity.substr(at + 1));
  const std::string of = to_lower(domain);
  return host == of || (!strict && host.ends_with("." + of));
}

std::string_view body_of(std::string_view message) {
  if (message.starts_with("\r\n")) return message.substr(2);
  const auto end = message.find("\r\n\r\n");
  return end == std::string_view::npos ? std::string_view{} : message.substr(end + 4);
}

// Everything that can be said of the tags without a key (section 6.1.1).
std::optional<std::string> fault_of(const Tags& tags, Time now) {
  for (const char* name : {"v", "a", "b", "bh", "d", "h", "s"})
    if (tag(tags, name).empty()) return std::string(name) + "= is missing";
  if (tag(tags, "v") != "1") return "unknown version";
  if (tags.contains("l")) return "l= leaves the end of the body unsigned";
  if (!names_from(tag(tags, "h"))) return "From is not signed";
  if (!identity_fits(tag(tags, "i"), tag(tags, "d"), false)) return "i= is not within d=";
  if (tags.contains("x")) {
    const auto expiry = parse_number(tag(tags, "x"));
    if (!expiry) return "x= is not a time";
    if (std::chrono::floor<std::chrono::seconds>(now).time_since_epoch().count() >
        static_cast<std::int64_t>(std::min<std::uint64_t>(*expiry, INT64_MAX)))
      return "the signature has expired";
  }
  return std::nullopt;
}

// nullopt: it passes.
std::optional<std::string> check_signature(const Field& signature, const Tags& tags,
                                           std::vector<Field> fields, std::string_view body,
                                           const KeyLookup& look_up, Time now) {
  if (auto fault = fault_of(tags, now)) return fault;
  const auto form = parse_canonicalization(tag(tags, "c", "simple/simple"));
  if (!form) return form.error().what;
  const auto body_hash = crypto::from_base64(without_space(tag(tags, "bh")));
  if (!body_hash || *body_hash != hash_body(body, form->relaxed_body))
    return "the body was changed";

  const auto record = look_up(std::string(tag(tags, "s")), std::string(tag(tags, "d")));
  if (!record) return record.error().what;
  const auto key = PublicKey::parse_record(*record);
  if (!key) return key.error().what;
  if (to_string(key->algorithm()) != tag(tags, "a")) return "a= does not fit the key";
  if (!identity_fits(tag(tags, "i"), tag(tags, "d"), key->strict()))
    return "i= is not d=, as the key demands";

  const auto bytes = crypto::from_base64(without_space(tag(tags, "b")));
  if (!bytes) return "b= is not base64";
  std::erase_if(fields,
                [&](const Field& field) { return field.text.data() == signature.text.data(); });
  const std::string own = without_signature(signature.text);
  const auto signed_bytes = signed_header(std::move(fields), tag(tags, "h"), form->relaxed_header) +
                            (form->relaxed_header ? relaxed(own) : own);
  if (!key->verifies(signed_bytes, *bytes)) return "a signed header field was changed";
  return std::nullopt;
}

}  // namespace

std::vector<Verdict> verify(std::string_view message, const KeyLookup& look_up, Time now) {
  const auto fields = split_fields(message);
  const auto body = body_of(message);
  std::vector<Verdict> verdicts;
  for (const Field& field : fields) {
    if (!iequals(field.name, "DKIM-Signature")) continue;
    Verdict verdict;
    const auto tags = parse_tags(field.text.substr(field.text.find(':') + 1));
    if (!tags) {
      verdict.why = tags.error().what;
    } else {
      verdict.domain = tag(*tags, "d");
      verdict.selector = tag(*tags, "s");
      verdict.algorithm = tag(*tags, "a");
      const auto fault = check_signature(field, *tags, fields, body, look_up, now);
      verdict.passed = !fault;
      verdict.why = fault.value_or("");
    }
    verdicts.push_back(std::move(verdict));
  }
  return verdicts;
}

}  // namespace postern::dkim
