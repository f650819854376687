// SPDX-License-Identifier: MIT
// Runs proto/vectors/vectors.json (proto/vectors/README.md) and the worked example of PROTOCOL.md section 9.
#include <gtest/gtest.h>

#include <fstream>
#include <set>
#include <sstream>

#include <boost/json.hpp>

#include "bytes.hpp"
#include "dispatch.hpp"

namespace roombridge::proto::test {
namespace {

namespace json = boost::json;

std::string file_text(const std::string& name) {
  std::ifstream file{std::string{ROOMBRIDGE_PROTO_DIR "/"} + name};
  EXPECT_TRUE(file) << name;
  std::ostringstream out;
  out << file.rdbuf();
  return out.str();
}

const json::array& vectors(std::string_view list) {
  static const json::value all = json::parse(file_text("vectors/vectors.json"));
  return all.at(list).as_array();
}

std::string_view text(const json::value& entry, std::string_view field) {
  return entry.at(field).as_string();
}

std::string error_name(const json::value& entry) {
  return entry.at("error").is_null() ? "none" : std::string{text(entry, "error")};
}

void expect_same_at_every_cut(std::string_view bytes, const decoded& expected, std::uint32_t limit = max_body) {
  EXPECT_EQ(decode({bytes}, limit), expected);
  for (std::size_t cut = 0; cut <= bytes.size(); ++cut) {
    ASSERT_EQ(decode({bytes.substr(0, cut), bytes.substr(cut)}, limit), expected) << "cut at " << cut;
  }
}

TEST(vectors, frames_are_found_at_every_cut_and_put_together_again) {
  std::set<std::string> types;
  for (const auto& entry : vectors("frames")) {
    SCOPED_TRACE(text(entry, "name"));
    const std::string bytes = from_hex(text(entry, "hex"));
    const owned_frame expected{static_cast<frame_type>(entry.at("code").to_number<std::uint8_t>()),
                               entry.at("flags").to_number<std::uint8_t>(), std::string{text(entry, "head")},
                               from_hex(text(entry, "payload_hex"))};
    expect_same_at_every_cut(bytes, {{expected}, error_code::none});
    EXPECT_EQ(to_string(expected.type), text(entry, "type"));
    types.emplace(text(entry, "type"));
    if (expected.flags != 0) continue;
    std::string again;
    ASSERT_TRUE(append_frame(again, expected.type, expected.head, bytes_of(expected.payload)));
    EXPECT_EQ(to_hex(again), text(entry, "hex"));
  }
  EXPECT_EQ(types.size(), 20u) << "a type without a vector";
}

TEST(vectors, heads_are_read_and_canonical_ones_written_alike) {
  for (const auto& entry : vectors("frames")) {
    SCOPED_TRACE(text(entry, "name"));
    const auto again =
        reread_head(static_cast<frame_type>(entry.at("code").to_number<std::uint8_t>()), text(entry, "head"));
    if (!again) {
      EXPECT_EQ(text(entry, "type"), "unknown");
      continue;
    }
    ASSERT_FALSE(again->error) << again->error->text;
    if (entry.at("canonical").as_bool()) {
      EXPECT_EQ(again->head, text(entry, "head"));
    }
    EXPECT_TRUE(again->same);
  }
}

TEST(vectors, sizes_are_taken_or_refused_when_the_header_is_there) {
  for (const auto& entry : vectors("sizes")) {
    SCOPED_TRACE(text(entry, "name"));
    const auto limit = entry.at("limit").to_number<std::uint32_t>();
    const auto head = entry.at("head_length").to_number<std::size_t>();
    const auto payload = entry.at("payload_length").to_number<std::size_t>();
    std::string bytes = from_hex(text(entry, "header_hex"));
    EXPECT_EQ(to_string(decode({bytes}, limit).error), error_name(entry));
    if (error_name(entry) != "none") continue;
    bytes.append(head, 'h').append(payload, 'p');
    const decoded found = decode({bytes}, limit);
    ASSERT_EQ(found.frames.size(), 1u);
    EXPECT_EQ(found.frames[0].head, std::string(head, 'h'));
    EXPECT_EQ(found.frames[0].payload, std::string(payload, 'p'));
  }
}

TEST(vectors, bad_frames_end_with_their_error_at_every_cut) {
  for (const auto& entry : vectors("bad_frames")) {
    SCOPED_TRACE(text(entry, "name"));
    const std::string bytes = from_hex(text(entry, "hex"));
    const auto limit = entry.at("limit").to_number<std::uint32_t>();
    const decoded found = decode({bytes}, limit);
    EXPECT_EQ(to_string(found.error), error_name(entry));
    expect_same_at_every_cut(bytes, found, limit);
  }
}

TEST(vectors, bad_heads_name_their_error_and_the_request) {
  for (const auto& entry : vectors("bad_heads")) {
    SCOPED_TRACE(text(entry, "name"));
    const decoded found = decode({from_hex(text(entry, "hex"))});
    ASSERT_EQ(found.frames.size(), 1u);
    const auto again = reread_head(found.frames[0].type, found.frames[0].head);
    ASSERT_TRUE(again && again->error);
    EXPECT_EQ(to_string(again->error->code), error_name(entry));
    const auto id = again->error->id ? json::value(*again->error->id) : json::value(nullptr);
    EXPECT_EQ(id, entry.at("id"));
  }
}

// The lines of the example that hold bytes: "  0010  6e 73 … 7d  text".
TEST(worked_example, is_what_the_decoder_and_the_encoder_say) {
  std::istringstream document{file_text("PROTOCOL.md").substr(file_text("PROTOCOL.md").find("## 9."))};
  std::string bytes;
  for (std::string line; std::getline(document, line);) {
    if (!line.starts_with("  0") || line.size() < 8) continue;
    std::istringstream cells{line.substr(8, 47)};
    for (std::string cell; cells >> cell;) bytes += from_hex(cell);
  }
  const decoded found = decode({bytes});
  EXPECT_EQ(found.error, error_code::none);
  ASSERT_EQ(found.frames.size(), 10u);
  std::string again;
  for (const auto& frame : found.frames) {
    const auto head = reread_head(frame.type, frame.head);
    ASSERT_TRUE(head && !head->error);
    ASSERT_TRUE(append_frame(again, frame.type, head->head, bytes_of(frame.payload)));
  }
  EXPECT_EQ(to_hex(again), to_hex(bytes));
}

}  // namespace
}  // namespace roombridge::proto::test
