// SPDX-License-Identifier: MIT
#include "daemon/config/document.hpp"

#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/mark.h>
#include <yaml-cpp/parser.h>

#include <algorithm>
#include <cstdio>
#include <roombridge/proto/printable.hpp>
#include <sstream>
#include <unordered_map>
#include <utility>

namespace roombridge::config {
namespace {

// Ends the parse: no tree can be made of what stands at `where`.
struct refusal {
  position where;
  std::string text;
};

position position_of(const YAML::Mark& mark) {
  return {mark.line + 1, mark.column + 1};
}

// yaml-cpp takes the end of a text behind a line break for the end of a quote: without the break it is an error. A
// block of lines (|) that ends the file loses its last break by this, which no value needs.
std::string_view without_end(std::string_view text) {
  return text.substr(0, text.find_last_not_of(" \t\r\n") + 1);
}

// The word for nothing that stands there; none: yaml-cpp has met the lack of a value.
std::string_view null_word_at(std::string_view text, int offset) {
  text = text.substr(std::min(static_cast<std::size_t>(offset), text.size()));
  const std::string_view word = text.substr(0, text.find_first_of(" \t\r\n,]}#"));
  return word == "null" || word == "Null" || word == "NULL" || word == "~" ? word : std::string_view{};
}

std::string_view line_of(std::string_view text, int line) {
  for (; line > 1 && !text.empty(); --line) text.remove_prefix(std::min(text.find('\n'), text.size() - 1) + 1);
  return text.substr(0, text.find('\n'));
}

// Builds the tree from yaml-cpp's events and enforces the bounds as they come, before yaml-cpp descends further.
class builder : public YAML::EventHandler {
 public:
  builder(document& target, error_list& errors, std::string_view text)
      : target_(target), errors_(errors), text_(text) {}

  void OnDocumentStart(const YAML::Mark& mark) override {
    if (std::exchange(started_, true)) throw refusal{position_of(mark), "a second YAML document; a config is one"};
  }
  void OnDocumentEnd() override {}

  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    leaf(node_kind::nothing, mark, anchor, null_word_at(text_, mark.pos));
  }

  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& text) override {
    refuse_tag(mark, tag);
    if (awaits_key()) {
      take_key(position_of(mark), text);
    } else {
      leaf(node_kind::scalar, mark, anchor, text).plain = tag != "!";
    }
  }

  void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    refuse_as_key(position_of(mark), "an alias");
    const auto found = anchored_.find(anchor);
    if (found == anchored_.end())
      throw refusal{position_of(mark),
                    "this alias does not stand for a complete value: its anchor is on a key, or on what contains it"};
    count(found->second->weight, position_of(mark));
    attach(*found->second);
  }

  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value) override {
    open(node_kind::list, mark, tag, anchor);
  }
  void OnSequenceEnd() override { close(); }

  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value) override {
    open(node_kind::map, mark, tag, anchor);
  }
  void OnMapEnd() override { close(); }

  // Behind an error's text: in what it happened, unless that is the document itself.
  [[nodiscard]] std::string whereabouts() const {
    if (open_.size() < 2) return {};
    const node& inner = *open_.back().self;
    return "; inside " + std::string(to_string(inner.kind)) + " that begins at line " +
           std::to_string(inner.where.line) + ", column " + std::to_string(inner.where.column);
  }

  // The key whose value is being read, if one is.
  [[nodiscard]] std::optional<position> key_of_value() const {
    if (open_.empty() || !open_.back().has_key) return std::nullopt;
    return open_.back().key_where;
  }

 private:
  struct frame {
    node* self;
    YAML::anchor_t anchor;
    std::size_t nodes_before;
    bool has_key = false;
    bool repeated = false;  // the key stood there before: its value is parsed and left out
    std::string key;
    position key_where;
    std::unordered_map<std::string, position> keys;
  };

  [[nodiscard]] bool awaits_key() const {
    return !open_.empty() && open_.back().self->kind == node_kind::map && !open_.back().has_key;
  }

  void refuse_as_key(position where, std::string_view what) const {
    if (awaits_key()) throw refusal{where, "a key is text, but this is " + std::string(what)};
  }

  void refuse_tag(const YAML::Mark& mark, const std::string& tag) {
    // yaml-cpp's own marks for plain and for quoted.
    if (tag.empty() || tag == "?" || tag == "!") return;
    errors_.add(position_of(mark), "tags such as !!str have no meaning here; leave it out");
  }

  void count(std::size_t nodes, position where) {
    nodes_ += nodes;
    if (nodes_ > max_document_nodes) {
      throw refusal{
          where, "more than " + std::to_string(max_document_nodes) + " values, aliases counted as what they stand for"};
    }
  }

  void take_key(position where, const std::string& text) {
    frame& map = open_.back();
    const auto [before, fresh] = map.keys.emplace(text, where);
    if (!fresh) {
      errors_.add(where, "the key " + in_quotes(text) + " stands twice; first at line " +
                             std::to_string(before->second.line) + ", column " + std::to_string(before->second.column));
    }
    map.has_key = true;
    map.repeated = !fresh;
    map.key = text;
    map.key_where = where;
  }

  node& leaf(node_kind kind, const YAML::Mark& mark, YAML::anchor_t anchor, std::string_view text) {
    refuse_as_key(position_of(mark), to_string(kind));
    count(1, position_of(mark));
    node& made = target_.make(kind, position_of(mark));
    made.text = text;
    if (anchor != YAML::NullAnchor) anchored_[anchor] = &made;
    attach(made);
    return made;
  }

  void open(node_kind kind, const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor) {
    const position where = position_of(mark);
    refuse_as_key(where, to_string(kind));
    if (open_.size() == max_document_depth) {
      throw refusal{where, "lists and maps nest deeper than " + std::to_string(max_document_depth) + " levels"};
    }
    refuse_tag(mark, tag);
    count(1, where);
    open_.push_back({&target_.make(kind, where), anchor, nodes_ - 1, false, false, {}, {}, {}});
  }

  void close() {
    const frame done = std::move(open_.back());
    open_.pop_back();
    done.self->weight = nodes_ - done.nodes_before;
    if (done.anchor != YAML::NullAnchor) anchored_[done.anchor] = done.self;
    attach(*done.self);
  }

  void attach(const node& value) {
    if (open_.empty()) {
      target_.set_root(value);
    } else if (frame& parent = open_.back(); parent.self->kind == node_kind::list) {
      parent.self->items.push_back(&value);
    } else {
      if (!parent.repeated) parent.self->entries.push_back({std::move(parent.key), parent.key_where, &value});
      parent.has_key = false;
    }
  }

  document& target_;
  error_list& errors_;
  std::string_view text_;
  std::vector<frame> open_;
  std::unordered_map<YAML::anchor_t, const node*> anchored_;  // complete nodes only
  std::size_t nodes_ = 0;
  bool started_ = false;
};

// What yaml-cpp says is rarely what was done: the usual mistakes in words of their own.
void explain(const YAML::Exception& what, std::string_view text, const builder& handler, error_list& errors) {
  const position where = position_of(what.mark);
  const std::string_view line = line_of(text, where.line);
  const auto tab = line.find_first_not_of(' ');
  if (where.line > 0 && tab != std::string_view::npos && line[tab] == '\t') {
    return errors.add({where.line, static_cast<int>(tab) + 1}, "a tab in the indentation: YAML takes blanks only");
  }
  if (what.msg == YAML::ErrorMsg::EOF_IN_SCALAR)
    return errors.add(handler.key_of_value().value_or(where), "the quote in this value never ends");
  const auto before = static_cast<std::size_t>(std::max(where.column - 2, 0));
  const bool variable = before < line.size() && line.substr(before, 3).find("${") != std::string_view::npos;
  errors.add(where, "not YAML: " + proto::printable(what.msg) + handler.whereabouts() +
                        (variable ? "; a value with ${…} needs quotes inside brackets" : ""));
}

}  // namespace

std::string_view to_string(node_kind kind) {
  switch (kind) {
    case node_kind::nothing:
      return "nothing";
    case node_kind::scalar:
      return "a single value";
    case node_kind::list:
      return "a list";
    case node_kind::map:
      return "a map of keys";
  }
  return "";
}

node& document::make(node_kind kind, position where) {
  node& made = nodes_.emplace_back();
  made.kind = kind;
  made.where = where;
  return made;
}

std::optional<document> read_document(std::string_view text, error_list& errors) {
  document result;
  text = without_end(text);
  builder handler(result, errors, text);
  try {
    std::istringstream stream{std::string(text)};
    YAML::Parser parser(stream);
    while (parser.HandleNextDocument(handler)) {
    }
  } catch (const refusal& what) {
    errors.add(what.where, what.text);
    return std::nullopt;
  } catch (const YAML::Exception& what) {
    explain(what, text, handler, errors);
    return std::nullopt;
  }
  return result;
}

}  // namespace roombridge::config
