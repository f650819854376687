// SPDX-License-Identifier: MIT
#include "tests/upstream/outgoing.hpp"

#include <boost/json/serialize.hpp>

namespace test_upstream {
namespace {

void append_namespace(std::string& to, std::string_view nsp) {
  if (nsp == "/") return;
  to.append(nsp).push_back(',');
}

}  // namespace

std::string encode(const outgoing& what) {
  const bool is_event = !what.event.empty();
  const bool binary = !what.attachments.empty();
  std::string text = is_event ? (binary ? "45" : "42") : (binary ? "46" : "43");
  if (binary) text.append(std::to_string(what.attachments.size())).push_back('-');
  append_namespace(text, what.nsp);
  if (what.id) text.append(std::to_string(*what.id));
  if (!is_event) return text.append(what.arguments);

  text.append("[").append(json_string(what.event));
  const auto first = what.arguments.find_first_not_of(" \t\r\n", 1);
  if (first != std::string_view::npos && what.arguments[first] != ']') text.push_back(',');
  return text.append(what.arguments.substr(1));
}

std::string encode_control(packet_type type, std::string_view nsp, std::string_view data) {
  std::string text = "4";
  text.push_back(static_cast<char>('0' + static_cast<int>(type)));
  append_namespace(text, nsp);
  return text.append(data);
}

std::string json_string(std::string_view text) {
  return boost::json::serialize(boost::json::string_view{text.data(), text.size()});
}

}  // namespace test_upstream
