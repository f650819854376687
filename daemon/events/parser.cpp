// SPDX-License-Identifier: MIT
#include "daemon/events/parser.hpp"

#include <simdjson.h>

#include <algorithm>
#include <cassert>
#include <optional>
#include <unordered_map>
#include <vector>

#include "daemon/base/json_check.hpp"
#include "daemon/base/keyed_hash.hpp"
#include "daemon/events/repeat_window.hpp"
#include "daemon/events/topic_template.hpp"

namespace roombridge::events {
namespace {

namespace ondemand = simdjson::ondemand;

// The parser's scratch is several times its largest document: after a rare large one it is given back.
constexpr std::size_t kept_capacity = 256u << 10;

// A field by which one may subscribe.
struct filter_field {
  std::string beginning;  // of its text: `name=`
  std::size_t index;      // into the rule's fields
};

// An event's rule made ready: every field it looks at once, whatever asks for it.
struct prepared_rule {
  std::vector<std::string> fields;
  std::vector<topic_template> topics;
  std::vector<std::size_t> required;  // indices into fields
  std::vector<std::size_t> repeat_key;
  std::vector<std::size_t> retain_key;
  std::vector<filter_field> filters;
  events::acknowledge acknowledge = acknowledge::never;
};

// What the profile says of an event of this name.
struct known_event {
  bool reserved = false;
  std::optional<prepared_rule> rule;
};

prepared_rule prepare(const event_rule& rule) {
  prepared_rule result;
  result.acknowledge = rule.acknowledge;
  for (const std::string& text : rule.topics) {
    auto parsed = topic_template::parse(text, result.fields);
    assert(parsed && "the config's reader checks templates");
    if (parsed) result.topics.push_back(*std::move(parsed));
  }
  const auto index_of = [&fields = result.fields](const std::string& name) {
    const auto found = std::find(fields.begin(), fields.end(), name);
    const auto index = static_cast<std::size_t>(found - fields.begin());
    if (found == fields.end()) fields.push_back(name);
    return index;
  };
  for (const std::string& name : rule.required) result.required.push_back(index_of(name));
  for (const std::string& name : rule.repeat_key) result.repeat_key.push_back(index_of(name));
  for (const std::string& name : rule.retain_key) result.retain_key.push_back(index_of(name));
  for (const std::string& name : rule.fields) result.filters.push_back({name + '=', index_of(name)});
  return result;
}

std::string_view trimmed(std::string_view token) {
  while (!token.empty() &&
         (token.back() == ' ' || token.back() == '\n' || token.back() == '\r' || token.back() == '\t'))
    token.remove_suffix(1);
  return token;
}

}  // namespace

std::string_view to_string(parse_fault fault) {
  switch (fault) {
    case parse_fault::none:
      return "none";
    case parse_fault::syntax:
      return "not JSON";
    case parse_fault::too_deep:
      return "nested deeper than 4096 levels";
    case parse_fault::not_an_event:
      return "not an array that begins with a usable event name";
  }
  return "";
}

class parser::impl {
 public:
  void configure(const profile& changed) {
    known_.clear();
    std::size_t most_fields = 0;
    std::size_t most_topics = 0;
    std::size_t most_filters = 0;
    for (const event_rule& rule : changed.rules) {
      const prepared_rule& added = known_[rule.name].rule.emplace(prepare(rule));
      most_fields = std::max(most_fields, added.fields.size());
      most_topics = std::max(most_topics, added.topics.size());
      most_filters = std::max(most_filters, added.filters.size());
    }
    for (const std::string& name : changed.reserved) known_[name].reserved = true;
    deliver_unknown_ = changed.deliver_unknown;
    repeat_window_ = changed.repeat_window;
    present_.assign(most_fields, false);
    values_.assign(most_fields, {});
    topic_texts_.assign(most_topics, std::string(max_topic_size, '\0'));
    topics_.reserve(most_topics);
    filter_texts_.assign(most_filters, std::string(max_topic_size, '\0'));
    filters_.reserve(most_filters);
  }

  parse_fault parse(std::string_view data, parsed_event& out) {
    if (parser_.capacity() > kept_capacity) parser_ = ondemand::parser{};
    const json_verdict verdict = check_json(data);
    if (!verdict) return verdict.fault == json_fault::too_deep ? parse_fault::too_deep : parse_fault::syntax;
    ondemand::document document;
    ondemand::array elements;
    if (parser_.iterate(data.data(), data.size(), data.size() + simdjson::SIMDJSON_PADDING).get(document) !=
        simdjson::SUCCESS)
      return parse_fault::syntax;
    if (document.get_array().get(elements) != simdjson::SUCCESS) return parse_fault::not_an_event;
    auto at = elements.begin();
    if (at.error() != simdjson::SUCCESS || !(at != elements.end())) return parse_fault::not_an_event;

    ondemand::value first;
    if ((*at).get(first) != simdjson::SUCCESS || !read_name(first, data, out)) return parse_fault::not_an_event;
    out.topics = {};
    out.fields = {};
    out.unexpected = {};
    out.retain_key = {};
    out.repeat_key = {};
    out.what = disposition::deliver;
    out.acknowledge = acknowledge::never;
    const auto found = known_.find(out.name);
    if (found != known_.end() && found->second.reserved) {
      out.what = disposition::reserved;
    } else if (found != known_.end() && found->second.rule) {
      const prepared_rule& rule = *found->second.rule;
      out.acknowledge = rule.acknowledge;
      ++at;
      read_fields(rule,
                  at != elements.end() ? *at : simdjson::simdjson_result<ondemand::value>(simdjson::INCORRECT_TYPE));
      make_topics(rule, out);
      make_filters(rule, out);
      if (repeat_window_.count() != 0) {
        make_key(rule.repeat_key, out.name, repeat_key_);
        out.repeat_key = repeat_key_;
      }
      make_key(rule.retain_key, out.name, retain_key_);
      out.retain_key = retain_key_;
    } else if (!deliver_unknown_) {
      out.what = disposition::unwanted;
    }
    return parse_fault::none;
  }

  bool repeats(std::string_view repeat_key, std::chrono::steady_clock::time_point now) {
    return came_.repeats(repeat_key, repeat_window_, now);
  }
  void forget() {
    came_.clear();
    parser_ = ondemand::parser{};
    for (auto* texts : {&topic_texts_, &filter_texts_}) {
      for (std::string& one : *texts) one.assign(max_topic_size, '\0');
    }
    retain_key_.assign(retain_key_.capacity(), '\0');
    repeat_key_.assign(repeat_key_.capacity(), '\0');
  }

  bool is_reserved(std::string_view name) const {
    const auto found = known_.find(name);
    return found != known_.end() && found->second.reserved;
  }

 private:
  // The name, and by where its token ends the arguments.
  static bool read_name(ondemand::value& first, std::string_view data, parsed_event& out) {
    const std::string_view token = first.raw_json_token();
    ondemand::json_type type;
    if (first.type().get(type) != simdjson::SUCCESS) return false;
    if (type == ondemand::json_type::string) {
      if (first.get_string().get(out.name) != simdjson::SUCCESS) return false;
    } else if (type == ondemand::json_type::number) {
      out.name = trimmed(token);
    } else {
      return false;
    }
    if (out.name.size() > max_name_size) return false;
    // raw_json_token reaches to the next structural character: the comma before the arguments, or the closing bracket.
    std::size_t begin = static_cast<std::size_t>(token.data() - data.data()) + token.size();
    const std::size_t end = data.rfind(']');
    if (begin < end) ++begin;
    out.arguments = data.substr(begin, end - begin);
    return true;
  }

  // Fills present_ and values_ with the rule's fields from the first argument. As in every JSON reader that servers
  // use, the last of several equal keys counts.
  void read_fields(const prepared_rule& rule, simdjson::simdjson_result<ondemand::value> argument) {
    std::fill_n(present_.begin(), rule.fields.size(), false);
    std::fill_n(values_.begin(), rule.fields.size(), std::string_view{});
    ondemand::object object;
    if (rule.fields.empty() || argument.get_object().get(object) != simdjson::SUCCESS) return;
    for (auto item : object) {
      ondemand::field field;
      std::string_view key;
      if (std::move(item).get(field) != simdjson::SUCCESS) return;
      if (field.unescaped_key().get(key) != simdjson::SUCCESS) continue;
      const auto found = std::find(rule.fields.begin(), rule.fields.end(), key);
      if (found == rule.fields.end()) continue;
      const auto index = static_cast<std::size_t>(found - rule.fields.begin());
      present_[index] = read_scalar(field.value(), values_[index]);
    }
  }

  // Whether the value is there at all (null is not); `text` is what a topic may be made of: a string's, a number's or a
  // boolean's text, else empty.
  static bool read_scalar(ondemand::value& value, std::string_view& text) {
    text = {};
    ondemand::json_type type;
    if (value.type().get(type) != simdjson::SUCCESS) return false;
    if (type == ondemand::json_type::number || type == ondemand::json_type::boolean) {
      text = trimmed(value.raw_json_token());
    } else if (type == ondemand::json_type::string && value.get_string().get(text) != simdjson::SUCCESS) {
      text = {};
    }
    return type != ondemand::json_type::null;
  }

  void make_topics(const prepared_rule& rule, parsed_event& out) {
    for (const std::size_t index : rule.required) {
      if (!present_[index] && out.unexpected.empty()) out.unexpected = rule.fields[index];
    }
    topics_.clear();
    for (const topic_template& pattern : rule.topics) {
      std::string& text = topic_texts_[topics_.size()];
      if (!pattern.render({values_.data(), rule.fields.size()}, text)) {
        if (out.unexpected.empty()) out.unexpected = missing_field(rule);
      } else if (std::find(topics_.begin(), topics_.end(), text) == topics_.end()) {
        topics_.emplace_back(text);
      }
    }
    out.topics = topics_;
  }

  // What is longer than a topic may be could not be asked for either.
  void make_filters(const prepared_rule& rule, parsed_event& out) {
    filters_.clear();
    for (const filter_field& field : rule.filters) {
      const std::string_view value = values_[field.index];
      if (value.empty() || field.beginning.size() + value.size() > max_topic_size) continue;
      std::string& text = filter_texts_[filters_.size()];
      text.assign(field.beginning).append(value);
      filters_.emplace_back(text);
    }
    out.fields = filters_;
  }

  // The name and the fields' values, each with its length before it, so that no two keys run into each other. Empty
  // when there are no fields, or one of their values is missing or has no text.
  void make_key(const std::vector<std::size_t>& fields, std::string_view name, std::string& out) const {
    out.clear();
    if (fields.empty()) return;
    const auto add = [&out](std::string_view text) {
      out.append(std::to_string(text.size())).append(":").append(text);
    };
    add(name);
    for (const std::size_t index : fields) {
      if (values_[index].empty()) return out.clear();
      add(values_[index]);
    }
  }

  // A topic could not be made: for want of a field's text, or because it grew too long.
  std::string_view missing_field(const prepared_rule& rule) const {
    for (std::size_t i = 0; i < rule.fields.size(); ++i) {
      if (values_[i].empty()) return rule.fields[i];
    }
    return rule.fields.empty() ? std::string_view("topic") : std::string_view(rule.fields.front());
  }

  ondemand::parser parser_;
  std::unordered_map<std::string, known_event, keyed_text_hash, std::equal_to<>> known_;
  bool deliver_unknown_ = true;
  // Scratch of one parse, sized by configure().
  std::vector<char> present_;
  std::vector<std::string_view> values_;
  std::vector<std::string> topic_texts_;
  std::vector<std::string_view> topics_;
  std::vector<std::string> filter_texts_;
  std::vector<std::string_view> filters_;
  std::string retain_key_;
  std::string repeat_key_;
  std::chrono::milliseconds repeat_window_{0};
  repeat_window came_;
};

parser::parser(const profile& initial) : impl_(std::make_unique<impl>()) {
  impl_->configure(initial);
}
parser::~parser() = default;
void parser::configure(const profile& changed) {
  impl_->configure(changed);
}
parse_fault parser::parse(std::string_view data, parsed_event& out) {
  return impl_->parse(data, out);
}
bool parser::repeats(std::string_view repeat_key, std::chrono::steady_clock::time_point now) {
  return impl_->repeats(repeat_key, now);
}
void parser::forget() {
  impl_->forget();
}
bool parser::is_reserved(std::string_view name) const {
  return impl_->is_reserved(name);
}

}  // namespace roombridge::events
