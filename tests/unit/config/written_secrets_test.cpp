// SPDX-License-Identifier: MIT
#include "daemon/config/written_secrets.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace roombridge::config {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

std::vector<std::string> found(std::string_view text) {
  error_list errors("f");
  const auto document = read_document(text, errors);
  EXPECT_TRUE(document);
  return document ? find_written_secrets(*document) : std::vector<std::string>{};
}

TEST(written_secrets, are_values_that_the_file_itself_holds) {
  EXPECT_THAT(found("upstream: {headers: {X-Api-Key: k3y-0123456789}}"), ElementsAre("upstream.headers"));
  EXPECT_THAT(found("auth: {payload: [a, {key: {inner: 01234567}}]}\nupstream: {query: {k: '${A}0123456789'}}"),
              ElementsAre("upstream.query", "auth.payload"));
  EXPECT_THAT(found("auth: {headers: {Authorization: 'Basic dGlsbDpzZWNyZXQ='}, query: {k: '{token}-01234567'}}"),
              ElementsAre("auth.headers", "auth.query"));
}

TEST(written_secrets, are_not_what_comes_from_variables_or_is_short) {
  EXPECT_THAT(found("upstream: {headers: {X-Api-Key: '${API_KEY_OF_THIS_TILL}', A: short}}"), IsEmpty());
  EXPECT_THAT(found("auth: {headers: {Authorization: 'Bearer {token}'}, payload: {token: '{token}', a: 3}}"),
              IsEmpty());
  EXPECT_THAT(found("upstream: {url: 'https://api.example.com'}\nauth: {request: authenticate}"), IsEmpty());
  EXPECT_THAT(found("upstream:\nauth: {headers: }"), IsEmpty());
  EXPECT_THAT(found(""), IsEmpty());
}

}  // namespace
}  // namespace roombridge::config
