#include "smtpd/reception.hpp"

#include <algorithm>
#include <utility>

#include "core/crypto.hpp"
#include "mail/address.hpp"
#include "smtpd/loop.hpp"
#include "smtpd/policy.hpp"
#include "smtpd/submission.hpp"

namespace postern::smtpd {
namespace {

// Above this a message is likely to fill its chunk: growing by doubling would only copy.
constexpr std::size_t kGrowAtOnceBytes = 32 * 1024;
constexpr std::size_t kTraceBytes = 512;  // room for what we add to an ordinary header

Flaw flaw_of(mail::HeaderFault fault) {
  switch (fault) {
    case mail::HeaderFault::name:
      return Flaw::header_name;
    case mail::HeaderFault::leading_fold:
      return Flaw::header_fold;
    case mail::HeaderFault::too_many:
      return Flaw::header_count;
    case mail::HeaderFault::no_from:
      return Flaw::no_from;
    case mail::HeaderFault::several_from:
      return Flaw::several_from;
    case mail::HeaderFault::loop:
      break;
  }
  return Flaw::loop;
}

// A client may call itself anything; what is not of a host name must not reach a header.
std::string as_host_name(std::string_view client_name) {
  std::string name(client_name);
  std::replace_if(
      name.begin(), name.end(),
      [](char c) {
        const bool letter_or_digit =
            (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
        return !letter_or_digit && std::string_view(".-_:[]").find(c) == std::string_view::npos;
      },
      '?');
  return name;
}

}  // namespace

void Reception::begin(MessageNo no, Envelope envelope, Origin origin, std::optional<int> priority,
                      Time now) {
  framing_.reset();
  body_hash_.reset();
  message_ = Message{};
  message_.no = no;
  message_.envelope = std::move(envelope);
  message_.sender_domain = mail::domain_of(message_.envelope.sender);
  origin_ = std::move(origin);
  if (const config::Credential* user = origin_.user) {
    message_.identity = user->username;
    if (!user->domain.empty()) message_.sender_domain = user->domain;
  }
  priority_ = priority;
  began_at_ = now;
  header_.clear();
  in_header_ = true;
  chunk_.clear();
  full_.clear();
  chunk_waiting_ = false;
  chunks_given_ = 0;
  received_bytes_ = 0;
  stored_bytes_ = 0;
  flaw_ = Flaw::none;
}

std::size_t Reception::take(std::string_view bytes) {
  std::size_t taken = 0;
  while (taken < bytes.size() && !done() && !chunk_waiting_) {
    const std::string_view rest = bytes.substr(taken);
    std::size_t step = 0;
    if (flaw_ != Flaw::none)
      step = framing_.take(rest, nullptr);
    else if (in_header_)
      take_header(rest, step);
    else
      take_body(rest, step);
    taken += step;
    if (framing_.fault() != mail::FramingFault::none) refuse(Flaw::framing);
  }
  return taken;
}

void Reception::take_header(std::string_view bytes, std::size_t& taken) {
  const std::size_t before = header_.size();
  const std::size_t room = mail::kMaxHeaderBytes + 1 - before;
  taken = framing_.take(bytes.substr(0, room), &header_);
  count(header_.size() - before);
  if (flaw_ != Flaw::none) return;
  const auto end = mail::find_header_end(header_, before);
  if (end && *end <= mail::kMaxHeaderBytes)
    open_body(*end);
  else if (header_.size() > mail::kMaxHeaderBytes)
    refuse(Flaw::header_size);
  else if (done())
    open_body(header_.size());
}

// The header is whole: check it, edit it into the first chunk, let the body begin.
void Reception::open_body(std::size_t header_bytes) {
  const std::string_view header = std::string_view(header_).substr(0, header_bytes);
  const auto facts = mail::inspect_header(header);
  if (!facts) return refuse(flaw_of(facts.error()));

  if (facts->received > 0 && was_here(header, settings_.hostname)) return refuse(Flaw::came_back);
  if (origin_.user != nullptr) {
    if (auto forbidden = forbidden_author(*origin_.user, header)) {
      refused_author_ = std::move(*forbidden);
      return refuse(Flaw::author);
    }
  }

  in_header_ = false;
  if (message_.sender_domain.empty()) message_.sender_domain = facts->from_domain;
  if (policy_.wants_body_hash(message_.sender_domain)) body_hash_.emplace();
  chunk_.reserve(header_.size() + kTraceBytes);
  append_trace(*facts, header);
  mail::append_kept_fields(chunk_, header, *facts);
  if (!header.ends_with("\r\n\r\n"))
    chunk_ += "\r\n";  // it ended without an empty line, and all with it
  message_.priority = priority_.value_or(facts->priority);
  idempotency_key_ = facts->idempotency_key;
  has_own_id_ = !facts->message_id.empty();
  message_.header_bytes = static_cast<std::uint32_t>(chunk_.size());

  const std::string_view body = std::string_view(header_).substr(header_bytes);
  chunk_ += body;
  if (body_hash_) body_hash_->update(body);
  if (header_.capacity() > kGrowAtOnceBytes) std::string().swap(header_);
}

void Reception::append_trace(const mail::HeaderFacts& facts, std::string_view header) {
  if (!policy_.hide_origin(message_.sender_domain)) {
    const bool is_v6 = origin_.address.find(':') != std::string::npos;
    chunk_ += "Received: from ";
    chunk_ += as_host_name(origin_.client_name);
    chunk_ += is_v6 ? " ([IPv6:" : " ([";
    chunk_ += origin_.address;
    chunk_ += "])\r\n\tby ";
    chunk_ += settings_.hostname;
    chunk_ += " with ";
    chunk_ += origin_.protocol;
    if (!origin_.tls.empty()) {
      chunk_ += "\r\n\t(";
      chunk_ += origin_.tls;
      chunk_ += ')';
    }
    chunk_ += " id ";
    chunk_ += message_.id();
    chunk_ += ";\r\n\t";
    chunk_ += to_rfc5322(began_at_);
    chunk_ += "\r\n";
  }
  message_.message_id = facts.message_id;
  if (!facts.has_message_id) {
    message_.message_id = make_message_id(facts, header);
    chunk_ += "Message-ID: ";
    chunk_ += message_.message_id;
    chunk_ += "\r\n";
  }
  if (!facts.has_date) {
    chunk_ += "Date: ";
    chunk_ += to_rfc5322(began_at_);
    chunk_ += "\r\n";
  }
}

// In the author's domain, never our host's: products must not be told apart by their relay. The
// header's digest keeps two relays apart that draw the same number.
std::string Reception::make_message_id(const mail::HeaderFacts& facts,
                                       std::string_view header) const {
  std::string domain = facts.from_domain.empty() ? message_.sender_domain : facts.from_domain;
  if (domain.empty()) domain = "message-id.invalid";
  const std::string id = message_.id();
  std::string digest = crypto::sha256(id + std::string(header));
  digest.resize(8);
  return "<" + id + "." + crypto::to_hex(digest) + "@" + domain + ">";
}

void Reception::take_body(std::string_view bytes, std::size_t& taken) {
  if (chunk_.size() == Content::kChunkBytes) {
    full_ = std::exchange(chunk_, {});
    chunk_.reserve(Content::kChunkBytes);
  } else if (chunk_.size() > kGrowAtOnceBytes) {
    chunk_.reserve(Content::kChunkBytes);
  }
  const std::size_t before = chunk_.size();
  taken = framing_.take(bytes.substr(0, Content::kChunkBytes - before), &chunk_);
  const std::string_view content = std::string_view(chunk_).substr(before);
  if (body_hash_) body_hash_->update(content);
  count(content.size());
  if (!full_.empty() && !chunk_.empty() && flaw_ == Flaw::none) chunk_waiting_ = true;
}

void Reception::count(std::size_t bytes) {
  received_bytes_ += bytes;
  if (received_bytes_ > settings_.max_message_bytes) refuse(Flaw::too_large);
}

void Reception::refuse(Flaw flaw) {
  flaw_ = std::max(flaw_, flaw);
  abandon();
}

void Reception::abandon() {
  if (chunks_given_ > 0) abandoned_ = message_.no;
  chunks_given_ = 0;
  chunk_waiting_ = false;
  std::string().swap(chunk_);
  std::string().swap(full_);
}

Chunk Reception::take_chunk() {
  stored_bytes_ += full_.size();
  return {message_.no, chunks_given_++,
          std::make_shared<const std::string>(std::exchange(full_, {}))};
}

void Reception::chunk_stored(const std::optional<queue::StorageFault>& fault) {
  chunk_waiting_ = false;
  if (fault) refuse(fault->full ? Flaw::storage_full : Flaw::storage);
}

Received Reception::take_message(Time now) {
  // When the end came right after a full chunk, that one is the last.
  std::string last = chunk_.empty() && !full_.empty() ? std::move(full_) : std::move(chunk_);
  // What waits in memory is counted by size, so capacity must not exceed it by much.
  if (last.capacity() > 2 * last.size() + kTraceBytes) last.shrink_to_fit();
  message_.size_bytes = stored_bytes_ + last.size();
  message_.chunks = chunks_given_ + 1;
  message_.accepted_at = now;
  if (body_hash_) message_.body_hash = body_hash_->finish();
  message_.submission = digest_of_submission(
      message_.envelope, message_.identity,
      has_own_id_ ? std::string_view(message_.message_id) : std::string_view(), idempotency_key_);
  return {std::make_shared<const Message>(std::move(message_)),
          std::make_shared<const std::string>(std::move(last))};
}

}  // namespace postern::smtpd
