# SPDX-License-Identifier: MIT
# One INTERFACE target carries the language level, the warnings and the sanitizers of everything that is ours.

set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_BUILD_RPATH_USE_ORIGIN ON)
set(CMAKE_NO_SYSTEM_FROM_IMPORTED OFF)

add_library(roombridge_options INTERFACE)
target_compile_options(roombridge_options INTERFACE -Wall -Wextra -Wpedantic -Wshadow -Wconversion
                                                    $<$<BOOL:${ROOMBRIDGE_WERROR}>:-Werror>)
# g++ 12 sees overlapping copies in plain string concatenation at -O3 (its bug 105651).
target_compile_options(roombridge_options INTERFACE $<$<AND:$<CXX_COMPILER_ID:GNU>,$<VERSION_LESS:$<CXX_COMPILER_VERSION>,13>>:-Wno-restrict>)
target_include_directories(roombridge_options INTERFACE ${PROJECT_SOURCE_DIR})
if(ROOMBRIDGE_SANITIZE)
  target_compile_options(roombridge_options INTERFACE -fsanitize=${ROOMBRIDGE_SANITIZE} -fno-omit-frame-pointer
                                                      -fno-sanitize-recover=all)
  target_link_options(roombridge_options INTERFACE -fsanitize=${ROOMBRIDGE_SANITIZE})
  # Instrumentation keeps g++ from seeing that an optional is empty: its manual warns of such false alarms.
  target_compile_options(roombridge_options INTERFACE $<$<CXX_COMPILER_ID:GNU>:-Wno-maybe-uninitialized>)
endif()
if(ROOMBRIDGE_SANITIZE STREQUAL "thread")
  # Asio's handlers fence; g++ says that the thread sanitizer does not see fences. Asio orders by its mutexes as well.
  target_compile_options(roombridge_options INTERFACE $<$<CXX_COMPILER_ID:GNU>:-Wno-tsan>)
endif()
if(ROOMBRIDGE_FUZZ)
  target_compile_options(roombridge_options INTERFACE -fsanitize=fuzzer-no-link)
endif()

# roombridge_layer(NAME SOURCES... DEPENDS targets...): a static library for one layer. A layer sees only the layers that
# it names, so that a wrong include does not compile or does not link.
function(roombridge_layer name)
  cmake_parse_arguments(ARG "" "" "SOURCES;DEPENDS" ${ARGN})
  add_library(${name} STATIC ${ARG_SOURCES})
  target_link_libraries(${name} PUBLIC roombridge_options ${ARG_DEPENDS})
  set_property(GLOBAL APPEND PROPERTY ROOMBRIDGE_LAYERS ${name})
endfunction()

# What a sanitizer's build needs of the tests, so that it need not build everything: each target builds the programs of its kind.
add_custom_target(unit_tests)
add_custom_target(fuzz_targets)

# roombridge_test(NAME SOURCES... DEPENDS targets...): a GoogleTest program whose cases CTest lists one by one, labelled with
# the folder of tests/ that it is in.
function(roombridge_test name)
  cmake_parse_arguments(ARG "" "" "SOURCES;DEPENDS" ${ARGN})
  add_executable(${name} ${ARG_SOURCES})
  target_link_libraries(${name} PRIVATE roombridge_options ${ARG_DEPENDS} GTest::gmock GTest::gtest_main)
  string(REGEX REPLACE ".*/tests/([a-z]+).*" "\\1" label ${CMAKE_CURRENT_SOURCE_DIR})
  gtest_discover_tests(${name} TEST_PREFIX ${name}: DISCOVERY_TIMEOUT 60 PROPERTIES LABELS ${label})
  if(label STREQUAL unit)
    add_dependencies(unit_tests ${name})
  endif()
endfunction()

# roombridge_fuzzer(NAME SOURCES... DEPENDS targets...): a libFuzzer program, its seeds in tests/fuzz/corpus/NAME.
function(roombridge_fuzzer name)
  cmake_parse_arguments(ARG "" "" "SOURCES;DEPENDS" ${ARGN})
  add_executable(${name} ${ARG_SOURCES})
  target_link_libraries(${name} PRIVATE roombridge_options ${ARG_DEPENDS})
  target_link_options(${name} PRIVATE -fsanitize=fuzzer)
  add_dependencies(fuzz_targets ${name})
endfunction()
