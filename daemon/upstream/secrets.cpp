// SPDX-License-Identifier: MIT
#include "daemon/upstream/secrets.hpp"

#include <algorithm>
#include <utility>

#include "daemon/base/ascii.hpp"
#include "daemon/base/keyed_hash.hpp"
#include "daemon/base/wipe.hpp"
#include "daemon/upstream/request_extras.hpp"
#include "daemon/upstream/wire/base64.hpp"
#include "daemon/upstream/wire/json_text.hpp"

namespace roombridge::upstream {
namespace {

// So much of a token's beginning tells nothing yet: "eyJhbGciOi" is that of most.
constexpr std::size_t harmless = 10;

// A shorter one may be part of any word, and is hidden only where it is a whole one: a line without its "t"s helps
// nobody.
constexpr std::size_t shortest_everywhere = 8;

// A shorter part of a token, between dots, is no secret by itself: a version, a name.
constexpr std::size_t shortest_part = 16;

bool is_of_a_word(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-' ||
         c == '\'' || (static_cast<unsigned char>(c) & 0x80) != 0;
}

bool ends_a_secret(char c) {
  return static_cast<unsigned char>(c) <= ' ' || std::string_view("\"'<>,;&)").find(c) != std::string_view::npos;
}

// Base64 as the other alphabet writes it (RFC 4648 sections 4 and 5), without padding.
std::string other_alphabet(std::string_view text) {
  std::string out(text.substr(0, text.find_last_not_of('=') + 1));
  for (char& c : out) {
    constexpr std::string_view from = "-_+/";
    constexpr std::string_view to = "+/-_";
    if (const auto at = from.find(c); at != std::string_view::npos) c = to[at];
  }
  return out;
}

// Of a JWT payload and signature; the first part of one says how it is signed.
std::vector<std::string> parts_of(std::string_view token) {
  std::vector<std::string> out;
  if (token.find('.') == std::string_view::npos) return out;
  for (bool first = true; !token.empty(); first = false) {
    const auto part = token.substr(0, token.find('.'));
    token.remove_prefix(std::min(part.size() + 1, token.size()));
    if (part.size() >= shortest_part && !(first && part.starts_with("eyJ"))) out.emplace_back(part);
  }
  return out;
}

// However a text is written.
std::vector<std::string> written_forms(std::string_view text) {
  const std::string quoted = json_string(text);
  return {std::string(text), percent_encoded(text), quoted.substr(1, quoted.size() - 2)};
}

}  // namespace

secrets::~secrets() {
  for (form& one : forms_) wipe(one.text);
}

void secrets::set(kind of, const std::vector<std::string>& texts, std::string_view open) {
  std::vector<form> now;
  for (const std::string& text : texts) {
    for (const std::string& written : written_forms(text)) add(now, of, written, open);
    if (of != kind::token) continue;
    add(now, of, other_alphabet(text), open);
    for (const std::string& part : parts_of(text)) {
      add(now, of, part, open);
      add(now, of, other_alphabet(part), open);
    }
    if (text.size() < shortest_everywhere) continue;
    std::string encoded;
    append_base64(encoded, text);
    add(now, of, encoded, open);
    add(now, of, other_alphabet(encoded), open);
  }
  for (form& one : forms_) {
    if (one.of != of) continue;
    if (std::find(now.begin(), now.end(), one) == now.end()) remember(one);
    wipe(one.text);
  }
  std::erase_if(forms_, [of](const form& one) { return one.of == of; });
  std::move(now.begin(), now.end(), std::back_inserter(forms_));
}

void secrets::add(std::vector<form>& to, kind of, std::string_view text, std::string_view open) const {
  const bool word = text.size() < shortest_everywhere;
  if (text.empty() || (word && of != kind::token) || open.find(text) != std::string_view::npos) return;
  const std::string_view beginning = text.substr(0, harmless + 1);
  const bool ordinary = open.find(beginning) != std::string_view::npos;
  form made{of, word, word || ordinary ? text.size() : beginning.size(), std::string(text)};
  if (std::find(to.begin(), to.end(), made) == to.end()) to.push_back(std::move(made));
}

void secrets::remember(const form& gone) {
  if (gone.word || gone.least > harmless + 1) return;
  const former made{gone.least, keyed_hash(std::string_view(gone.text).substr(0, gone.least))};
  const bool known = std::any_of(former_.begin(), former_.end(),
                                 [&](const former& one) { return one.length == made.length && one.hash == made.hash; });
  if (!known) former_[next_former_++ % most_former] = made;
}

// How many bytes of the text are this secret; 0: it does not begin there.
std::size_t secrets::match(std::string_view text, std::size_t at, const form& with) const {
  const std::string_view rest = text.substr(at);
  if (!rest.starts_with(std::string_view(with.text).substr(0, with.least))) return 0;
  const auto end = std::mismatch(rest.begin(), rest.end(), with.text.begin(), with.text.end()).first;
  const auto size = static_cast<std::size_t>(end - rest.begin());
  if (!with.word) return size;
  const bool alone = (at == 0 || !is_of_a_word(text[at - 1])) && (size == rest.size() || !is_of_a_word(rest[size]));
  return alone ? size : 0;
}

// Where it ends nobody knows any more: up to what no token holds.
std::size_t secrets::match_former(std::string_view text, std::size_t at) const {
  const std::string_view rest = text.substr(at);
  for (std::size_t length = shortest_everywhere; length <= std::min(harmless + 1, rest.size()); ++length) {
    const std::uint64_t hash = keyed_hash(rest.substr(0, length));
    const bool found = std::any_of(former_.begin(), former_.end(),
                                   [&](const former& one) { return one.length == length && one.hash == hash; });
    if (!found) continue;
    const auto end = std::find_if(rest.begin() + static_cast<std::ptrdiff_t>(length), rest.end(), ends_a_secret);
    return static_cast<std::size_t>(end - rest.begin());
  }
  return 0;
}

// In one pass: a megabyte of tokens must not take long.
std::string secrets::hide(std::string_view text) const {
  if (forms_.empty() && next_former_ == 0) return std::string(text);
  std::string out;
  for (std::size_t at = 0; at < text.size();) {
    std::size_t size = 0;
    bool token = false;
    for (const form& one : forms_) {
      if (one.text.front() != text[at]) continue;
      const std::size_t found = match(text, at, one);
      if (found <= size) continue;
      size = found;
      token = one.of == kind::token;
    }
    if (size == 0 && next_former_ != 0) size = match_former(text, at);
    if (size == 0) {
      out += text[at++];
    } else {
      out += token ? "[token]" : "[hidden]";
      at += size;
    }
  }
  return out;
}

std::vector<std::string> pieces_of(std::string_view value) {
  std::vector<std::string> out{std::string(value)};
  while (!value.empty()) {
    const auto end = value.find_first_of(" ,;=");
    if (end == std::string_view::npos && out.size() == 1) break;
    if (end != 0) out.emplace_back(value.substr(0, end));
    value.remove_prefix(std::min(end == std::string_view::npos ? value.size() : end + 1, value.size()));
  }
  return out;
}

std::string without_announced(std::string_view words) {
  constexpr std::array<std::string_view, 4> names{"cookie", "authorization", "sid", "pid"};
  const std::string lower = to_lower(words);
  std::string out;
  for (std::size_t at = 0; at < words.size();) {
    const auto name = std::find_if(names.begin(), names.end(), [&](std::string_view one) {
      return std::string_view(lower).substr(at).starts_with(one);
    });
    if (name == names.end() || (at != 0 && is_of_a_word(lower[at - 1]) && lower[at - 1] != '-')) {
      out += words[at++];
      continue;
    }
    std::size_t end = at + name->size();
    if (end < words.size() && (words[end] == '"' || words[end] == '\'')) ++end;
    end = std::min(words.find_first_not_of(" \t", end), words.size());
    if (end == words.size() || (words[end] != ':' && words[end] != '=')) {
      out += words.substr(at, end - at);
      at = end;
      continue;
    }
    end = std::min(words.find_first_not_of(" \t\"'", end + 1), words.size());
    out += words.substr(at, end - at);
    // A header's value ends with its line, an id with what is no part of one.
    const bool header = *name == "cookie" || *name == "authorization";
    at = std::min(words.find_first_of(header ? "\r\n\"'<" : " \t\r\n\"'<>,;&}", end), words.size());
    if (at != end) out += "[hidden]";
  }
  return out;
}

std::string without_token(std::string_view text, std::string_view token) {
  secrets only;
  only.set(secrets::kind::token, {std::string(token)});
  return only.hide(text);
}

}  // namespace roombridge::upstream
