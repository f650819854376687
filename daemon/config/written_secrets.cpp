// SPDX-License-Identifier: MIT
#include "daemon/config/written_secrets.hpp"

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

namespace roombridge::config {
namespace {

constexpr std::array<std::pair<const char*, const char*>, 5> hidden_keys{
    {{"upstream", "headers"}, {"upstream", "query"}, {"auth", "headers"}, {"auth", "query"}, {"auth", "payload"}}};
constexpr std::size_t least = 8;  // bytes of a text that is hidden

const node* find(const node* in, std::string_view key) {
  if (in == nullptr) return nullptr;
  const auto found =
      std::find_if(in->entries.begin(), in->entries.end(), [key](const entry& each) { return each.key == key; });
  return found == in->entries.end() ? nullptr : found->value;
}

// ${NAME} and {field} stand for what comes from elsewhere; between them, and between blanks, is what is written.
bool holds_a_secret(std::string_view text) {
  std::size_t length = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (const auto end = text.find('}', i); text[i] == '{' && end != std::string_view::npos) {
      i = end;
      length = 0;
    } else if (text[i] == '$' || text[i] == ' ') {
      length = 0;
    } else if (++length >= least) {
      return true;
    }
  }
  return false;
}

bool has_secret(const node& in) {
  if (in.kind == node_kind::scalar) return holds_a_secret(in.text);
  return std::any_of(in.items.begin(), in.items.end(), [](const node* each) { return has_secret(*each); }) ||
         std::any_of(in.entries.begin(), in.entries.end(), [](const entry& each) { return has_secret(*each.value); });
}

}  // namespace

std::vector<std::string> find_written_secrets(const document& from) {
  std::vector<std::string> out;
  for (const auto& [section, key] : hidden_keys) {
    const node* value = find(find(&from.root(), section), key);
    if (value != nullptr && has_secret(*value)) out.push_back(std::string(section) + '.' + key);
  }
  return out;
}

}  // namespace roombridge::config
