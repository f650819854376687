// SPDX-License-Identifier: MIT
#include "daemon/upstream/net/web_page.hpp"

#include <algorithm>
#include <array>
#include <roombridge/proto/printable.hpp>
#include <utility>

#include "daemon/base/ascii.hpp"
#include "daemon/upstream/cause.hpp"

namespace roombridge::upstream {
namespace {

constexpr std::string_view blanks = " \t\r\n\f";

// A page shows by its first kilobyte that it is one.
bool is_web_page(std::string_view text) {
  constexpr std::size_t enough = 1024;
  constexpr std::string_view byte_order_mark = "\xef\xbb\xbf";
  if (text.starts_with(byte_order_mark)) text.remove_prefix(byte_order_mark.size());
  text.remove_prefix(std::min(text.find_first_not_of(blanks), text.size()));
  if (!text.starts_with('<')) return false;
  const std::string begin = to_lower(text.substr(0, enough));
  constexpr std::array<std::string_view, 5> marks{"<!doctype html", "<html", "<head", "<title", "<body"};
  return std::any_of(marks.begin(), marks.end(),
                     [&](std::string_view mark) { return begin.find(mark) != std::string::npos; });
}

// What stands between <title…> and its end, or the end of what there is.
std::string_view title_of(std::string_view text) {
  const std::string lower = to_lower(text);
  const auto tag = lower.find("<title");
  const auto begin = tag == std::string::npos ? tag : lower.find('>', tag);
  if (begin == std::string::npos) return {};
  const auto end = lower.find("</title", begin);
  return text.substr(begin + 1, end == std::string::npos ? end : end - begin - 1);
}

void replace_all(std::string& text, std::string_view what, std::string_view by) {
  for (auto at = text.find(what); at != std::string::npos; at = text.find(what, at + by.size()))
    text.replace(at, what.size(), by);
}

// In one line, and with the characters that the commonest entities stand for.
std::string readable(std::string_view title) {
  std::string out;
  for (const char c : title) {
    const bool blank = blanks.find(c) != std::string_view::npos;
    if (!blank) out += c;
    if (blank && !out.empty() && out.back() != ' ') out += ' ';
  }
  if (out.ends_with(' ')) out.pop_back();
  // The last one makes no new entity: it comes when all others are done.
  constexpr std::array<std::pair<std::string_view, std::string_view>, 7> entities{{{"&lt;", "<"},
                                                                                   {"&gt;", ">"},
                                                                                   {"&quot;", "\""},
                                                                                   {"&#39;", "'"},
                                                                                   {"&apos;", "'"},
                                                                                   {"&nbsp;", " "},
                                                                                   {"&amp;", "&"}}};
  for (const auto& [entity, character] : entities) replace_all(out, entity, character);
  return out;
}

}  // namespace

std::optional<std::string> name_web_page(std::string_view text) {
  constexpr std::size_t longest = 100;
  if (!is_web_page(text)) return std::nullopt;
  const std::string title = readable(title_of(text));
  return title.empty() ? "a web page without a title" : "the web page \"" + proto::printable(title, longest) + '"';
}

std::string named_or_quoted(std::string_view text, std::size_t limit) {
  auto named = name_web_page(text);
  return named ? *std::move(named) : '"' + proto::printable(text, limit) + '"';
}

}  // namespace roombridge::upstream
