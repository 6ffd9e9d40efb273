#include "mail/mailboxes.hpp"

#include <optional>
#include <utility>

namespace postern::mail {
namespace {

constexpr std::string_view kMarks = "<>,;:";
constexpr std::string_view kWordEnds = "<>,;:()\"[ \t\r\n";

struct Token {
  enum class Kind { end, word, mark, broken };
  Kind kind = Kind::end;
  char mark = '\0';
  std::string_view text;  // of a word; of what is broken, what does not end
  std::size_t end = 0;
  bool apart = false;  // white space or a comment stands before it
};

// Words and marks; white space and comments are gone.
class Scanner {
 public:
  explicit Scanner(std::string_view text) : text_(text) {}

  Token next() {
    Token token;
    const std::size_t before = at_;
    if (!skip_comments()) return broken("comment");
    token.apart = at_ > before;
    if (at_ == text_.size()) return token;
    const std::size_t start = at_;
    const char first = text_[at_];
    if (kMarks.find(first) != std::string_view::npos) {
      ++at_;
      token.kind = Token::Kind::mark;
      token.mark = first;
    } else {
      token.kind = Token::Kind::word;
      if (first == '"' && !skip_quoted('"')) return broken("quoted string");
      if (first == '[' && !skip_quoted(']')) return broken("domain in brackets");
      if (first == ')') ++at_;  // no address; whoever checks the grammar says so
      if (at_ == start) at_ = std::min(text_.find_first_of(kWordEnds, at_), text_.size());
    }
    token.text = text_.substr(start, at_ - start);
    token.end = at_;
    return token;
  }

 private:
  static Token broken(std::string_view what) {
    Token token;
    token.kind = Token::Kind::broken;
    token.text = what;
    return token;
  }

  bool skip_comments() {
    std::size_t depth = 0;
    for (; at_ < text_.size(); ++at_) {
      const char c = text_[at_];
      if (c == '(')
        ++depth;
      else if (depth > 0 && c == ')')
        --depth;
      else if (depth > 0 && c == '\\' && at_ + 1 < text_.size())
        ++at_;
      else if (depth == 0 && c != ' ' && c != '\t' && c != '\r' && c != '\n')
        break;
    }
    return depth == 0;
  }

  // From the opening byte to behind the closing one.
  bool skip_quoted(char close) {
    for (++at_; at_ < text_.size(); ++at_) {
      if (text_[at_] == close) {
        ++at_;
        return true;
      }
      if (text_[at_] == '\\' && at_ + 1 < text_.size()) ++at_;
    }
    return false;
  }

  std::string_view text_;
  std::size_t at_ = 0;
};

// The words of one place in the list. White space may stand around '.' and '@' only.
struct Words {
  std::string joined;
  std::size_t end = 0;
  bool are_several = false;

  void add(const Token& word) {
    const auto joins = [](char c) { return c == '.' || c == '@'; };
    if (word.apart && !joined.empty() && !joins(joined.back()) && !joins(word.text.front()))
      are_several = true;
    for (const char c : word.text)
      if (c != '\r' && c != '\n') joined += c;  // a fold within a quoted string
    end = word.end;
  }
};

class ListReader {
 public:
  /// What is wrong; empty: nothing.
  std::string_view take(const Token& token) {
    if (token.kind != Token::Kind::word) return take_mark(token.mark);
    if (place_ == Place::behind) return "has something between one address and the next";
    (place_ == Place::inside ? inside_ : outside_).add(token);
    return {};
  }

  /// Of what stands between two commas.
  std::string_view finish() {
    if (place_ == Place::inside) return "has a \"<\" without its \">\"";
    const bool bracketed = place_ == Place::behind;
    Words words = std::move(bracketed ? inside_ : outside_);
    inside_ = outside_ = {};
    place_ = Place::outside;
    if (words.joined.empty()) return bracketed ? "has an empty address" : "";
    if (words.are_several) return "has words where an address should be";
    mailboxes_.push_back({std::move(words.joined), words.end});
    return {};
  }

  std::vector<Mailbox> take_mailboxes() { return std::move(mailboxes_); }

 private:
  enum class Place { outside, inside, behind };  // of the brackets

  std::string_view take_mark(char mark) {
    const bool is_route = place_ == Place::inside && inside_.joined.starts_with('@');
    switch (mark) {
      case '<':
        if (place_ != Place::outside) return "has something between one address and the next";
        place_ = Place::inside;
        return {};
      case '>':
        if (place_ != Place::inside) return "has a \">\" without its \"<\"";
        place_ = Place::behind;
        return {};
      case ':':
        if (!is_route && place_ != Place::outside) return "has a \":\" where none belongs";
        (is_route ? inside_ : outside_) = {};  // a route, or the name of a group
        return {};
      case ',':
        return is_route ? std::string_view() : finish();
      default:
        return finish();  // the end of a group
    }
  }

  Place place_ = Place::outside;
  Words outside_;
  Words inside_;
  std::vector<Mailbox> mailboxes_;
};

}  // namespace

Result<std::vector<Mailbox>> parse_mailboxes(std::string_view value) {
  Scanner scanner(value);
  ListReader list;
  for (;;) {
    const Token token = scanner.next();
    if (token.kind == Token::Kind::broken)
      return Error{"has a " + std::string(token.text) + " that does not end"};
    const bool at_end = token.kind == Token::Kind::end;
    const std::string_view wrong = at_end ? list.finish() : list.take(token);
    if (!wrong.empty()) return Error{std::string(wrong)};
    if (at_end) return list.take_mailboxes();
  }
}

}  // namespace postern::mail
