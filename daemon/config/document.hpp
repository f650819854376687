// SPDX-License-Identifier: MIT
// A YAML file as a tree of nodes that know where they stand. The only file that meets yaml-cpp is this one's source.
//
// Invariants: the tree is bounded in depth and, with every alias counted as what it stands for, in size; keys of a map
// are text and unique; there are no tags and no cycles. A node may be reached by several ways (aliases) and is never
// changed after reading.
#pragma once

#include <cstddef>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "daemon/config/errors.hpp"

namespace roombridge::config {

// Lists and maps inside each other; checked while yaml-cpp parses, so that it never recurses deeper either.
inline constexpr std::size_t max_document_depth = 16;

// Nodes of a document, aliases expanded.
inline constexpr std::size_t max_document_nodes = 65'536;

enum class node_kind { nothing, scalar, list, map };

// "a single value", "a list", …: for "found X, expected Y".
[[nodiscard]] std::string_view to_string(node_kind kind);

struct node;

struct entry {
  std::string key;
  position where;  // of the key
  const node* value = nullptr;
};

struct node {
  node_kind kind = node_kind::nothing;
  position where;                  // of nothing: of what follows it
  std::size_t weight = 1;          // this and all nodes below, aliases expanded
  std::string text;                // scalar; of nothing: the word that says so ("null", "~"), where one does
  bool plain = false;              // scalar: without quotes
  std::vector<const node*> items;  // list
  std::vector<entry> entries;      // map, in the file's order
};

class document {
 public:
  document() : root_(&make(node_kind::nothing, {})) {}
  document(document&&) = default;
  document& operator=(document&&) = default;

  // The top of the tree; `nothing` for a file without content.
  [[nodiscard]] const node& root() const { return *root_; }

  node& make(node_kind kind, position where);
  void set_root(const node& value) { root_ = &value; }

 private:
  std::deque<node> nodes_;  // a deque: nodes keep their addresses
  const node* root_;
};

// Parses `text`, which is clean (text.hpp) and at most max_file_size. What is wrong goes to `errors`; nothing
// is returned when no tree can be made of it. Transient memory is about 240 bytes per byte of text at worst, yaml-cpp's
// tokens.
[[nodiscard]] std::optional<document> read_document(std::string_view text, error_list& errors);

}  // namespace roombridge::config
