// SPDX-License-Identifier: MIT
#include "daemon/upstream/wire/socketio.hpp"

#include <gtest/gtest.h>

#include <random>
#include <type_traits>
#include <vector>

namespace roombridge::upstream::socketio {
namespace {

std::string describe(std::string_view text) {
  const auto decoded = decode(text);
  if (!decoded) return std::string{to_string(decoded.error())};
  // data is the end of the text: what is readable behind the one is so behind the other.
  EXPECT_EQ(decoded->data.data() + decoded->data.size(), text.data() + text.size());
  return std::to_string(static_cast<int>(decoded->type)) + " " + std::string{decoded->nsp} + " " +
         std::to_string(decoded->attachments) + " " + (decoded->id ? std::to_string(*decoded->id) : "-") + " " +
         std::string{decoded->data};
}

TEST(socketio, decodes_what_servers_send) {
  EXPECT_EQ(describe(R"(0{"sid":"x"})"), R"(0 / 0 - {"sid":"x"})");
  EXPECT_EQ(describe("0"), "0 / 0 - ");
  EXPECT_EQ(describe(R"(0/admin,{"sid":"x"})"), R"(0 /admin 0 - {"sid":"x"})");
  EXPECT_EQ(describe("1"), "1 / 0 - ");
  EXPECT_EQ(describe("1/admin,"), "1 /admin 0 - ");
  EXPECT_EQ(describe("1/admin"), "1 /admin 0 - ");
  EXPECT_EQ(describe(R"(2["zero"])"), R"(2 / 0 - ["zero"])");
  EXPECT_EQ(describe(R"(2["many",1,"two",{"x":[]},null])"), R"(2 / 0 - ["many",1,"two",{"x":[]},null])");
  EXPECT_EQ(describe(R"(2[""])"), R"(2 / 0 - [""])");
  EXPECT_EQ(describe(R"(2[42,"x"])"), R"(2 / 0 - [42,"x"])");
  EXPECT_EQ(describe(R"(21["q"])"), R"(2 / 0 1 ["q"])");
  EXPECT_EQ(describe(R"(2/admin,12["q"])"), R"(2 /admin 0 12 ["q"])");
  EXPECT_EQ(describe("31[]"), "3 / 0 1 []");
  EXPECT_EQ(describe("3/admin,456[1]"), "3 /admin 0 456 [1]");
  EXPECT_EQ(describe(R"(4{"message":"no","data":{}})"), R"(4 / 0 - {"message":"no","data":{}})");
  EXPECT_EQ(describe("4\"Unable to connect\""), "4 / 0 - \"Unable to connect\"");
}

TEST(socketio, decodes_binary_packets) {
  EXPECT_EQ(describe(R"(51-["e",{"_placeholder":true,"num":0}])"), R"(5 / 1 - ["e",{"_placeholder":true,"num":0}])");
  EXPECT_EQ(describe(R"(52-/admin,7["e"])"), R"(5 /admin 2 7 ["e"])");
  EXPECT_EQ(describe("61-9[]"), "6 / 1 9 []");
  EXPECT_EQ(describe(R"(50-["e"])"), R"(5 / 0 - ["e"])");
}

TEST(socketio, does_not_look_into_data) {
  EXPECT_EQ(describe(R"(2["\ud800",100000000000000000000])"), R"(2 / 0 - ["\ud800",100000000000000000000])");
  EXPECT_EQ(describe("2[not json"), "2 / 0 - [not json");
  const std::string deep = "[" + std::string(5000, '[');
  EXPECT_EQ(describe("2" + deep), "2 / 0 - " + deep);
}

TEST(socketio, takes_ack_ids_of_64_bits) {
  EXPECT_EQ(describe("34294967296[]"), "3 / 0 4294967296 []");
  EXPECT_EQ(describe("318446744073709551615[]"), "3 / 0 18446744073709551615 []");
}

TEST(socketio, names_what_is_wrong) {
  const std::string long_nsp = "/" + std::string(nsp_limit, 'n');
  const std::vector<std::pair<std::string, error>> all{
      {"", error::empty_packet},
      {"7", error::unknown_type},
      {"[\"e\"]", error::unknown_type},
      {"\xff", error::unknown_type},
      {"5", error::bad_attachments},
      {"5[\"e\"]", error::bad_attachments},
      {"51[\"e\"]", error::bad_attachments},
      {"51", error::bad_attachments},
      {"5-[\"e\"]", error::bad_attachments},
      {"5-1-[\"e\"]", error::bad_attachments},
      {"51.5-[\"e\"]", error::bad_attachments},
      {"517-[\"e\"]", error::too_many_attachments},
      {"599999999999999999999999-[\"e\"]", error::too_many_attachments},
      {"2" + long_nsp + ",[\"e\"]", error::nsp_too_long},
      {"2" + long_nsp, error::nsp_too_long},
      {"318446744073709551616[]", error::id_too_large},
      {"2" + std::string(100'000, '9') + "[]", error::id_too_large},
      {"3[]", error::ack_without_id},
      {"61-[]", error::ack_without_id},
      {"2", error::data_missing},
      {"21", error::data_missing},
      {"2{}", error::data_missing},
      {"2\"e\"", error::data_missing},
      {"31", error::data_missing},
      {"51-", error::data_missing},
      {"2/admin", error::data_missing},
  };
  for (const auto& [text, why] : all) {
    const auto decoded = decode(text);
    ASSERT_FALSE(decoded) << text.substr(0, 40);
    EXPECT_EQ(decoded.error(), why) << text.substr(0, 40) << ": " << to_string(decoded.error());
  }
}

TEST(socketio, takes_the_longest_namespace_and_most_attachments) {
  const std::string nsp = "/" + std::string(nsp_limit - 1, 'n');
  EXPECT_EQ(decode("2" + nsp + ",[]")->nsp.size(), nsp_limit);
  EXPECT_EQ(decode("516-[]")->attachments, attachment_limit);
}

// A message cut anywhere is an error or another packet, never a crash; the sanitizers watch.
TEST(socketio, survives_every_prefix) {
  const std::string text = R"(512-/some/nsp,1234567["name",{"_placeholder":true,"num":0}])";
  for (std::size_t size = 0; size < text.size(); ++size) {
    const std::vector<char> exact(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(size));
    const auto decoded = decode({exact.data(), exact.size()});
    EXPECT_EQ(decoded.has_value(), size > text.find('['));
  }
}

template <typename... Args>
std::string written(void (*append)(std::string&, Args...), std::type_identity_t<Args>... args) {
  std::string out = "4";
  append(out, args...);
  return out;
}

TEST(socketio, encodes_connect_and_disconnect) {
  EXPECT_EQ(written(append_connect, "/", {}), "40");
  EXPECT_EQ(written(append_connect, "/", R"({"token":"x"})"), R"(40{"token":"x"})");
  EXPECT_EQ(written(append_connect, "/admin", {}), "40/admin,");
  EXPECT_EQ(written(append_connect, "/admin", "{}"), "40/admin,{}");
  EXPECT_EQ(written(append_disconnect, "/"), "41");
  EXPECT_EQ(written(append_disconnect, "/admin"), "41/admin,");
}

TEST(socketio, encodes_events) {
  EXPECT_EQ(written(append_event, "/", "zero", "[]", {}, 0), R"(42["zero"])");
  EXPECT_EQ(written(append_event, "/", "zero", " [ \t\r\n] ", {}, 0), R"(42["zero"])");
  EXPECT_EQ(written(append_event, "/", "many", " [1, {\"x\":[ ]} ] ", {}, 0), R"(42["many",1, {"x":[ ]} ])");
  EXPECT_EQ(written(append_event, "/", "q", "[null]", 18446744073709551615u, 0), R"(4218446744073709551615["q",null])");
  EXPECT_EQ(written(append_event, "/admin", "q", "[]", 0, 0), R"(42/admin,0["q"])");
  EXPECT_EQ(written(append_event, "/", "e", R"([{"_placeholder":true,"num":0}])", {}, 1),
            R"(451-["e",{"_placeholder":true,"num":0}])");
  EXPECT_EQ(written(append_event, "/admin", "e", "[]", 5, 2), R"(452-/admin,5["e"])");
}

TEST(socketio, encodes_acks) {
  EXPECT_EQ(written(append_ack, "/", 1, "[]", 0), "431[]");
  EXPECT_EQ(written(append_ack, "/admin", 12, "[1,2]", 0), "43/admin,12[1,2]");
  EXPECT_EQ(written(append_ack, "/", 1, "[1]", 3), "463-1[1]");
}

TEST(socketio, escapes_event_names) {
  EXPECT_EQ(written(append_event, "/", "a\"b\\c\n\x1f\x7f예약", "[]", {}, 0), R"(42["a\"b\\c\n\u001f)"
                                                                              "\x7f예약\"]");
  EXPECT_EQ(written(append_event, "/", "", "[]", {}, 0), R"(42[""])");
}

TEST(socketio, decodes_what_it_encodes) {
  const auto seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937_64 random{seed};
  for (int i = 0; i < 2000; ++i) {
    const std::string nsp = random() % 2 == 0 ? "/" : "/" + std::string(1 + random() % (nsp_limit - 1), 'n');
    const auto id = random() % 2 == 0 ? std::nullopt : std::optional{random() >> random() % 64};
    const std::size_t attachments = random() % (attachment_limit + 1);
    std::string event;
    append_event(event, nsp, "name", "[[],{}]", id, attachments);
    const auto decoded = decode(event);
    ASSERT_TRUE(decoded) << event;
    EXPECT_EQ(decoded->type, attachments == 0 ? packet_type::event : packet_type::binary_event);
    EXPECT_EQ(decoded->nsp, nsp);
    EXPECT_EQ(decoded->id, id);
    EXPECT_EQ(decoded->attachments, attachments);
    EXPECT_EQ(decoded->data, R"(["name",[],{}])");
  }
}

}  // namespace
}  // namespace roombridge::upstream::socketio
