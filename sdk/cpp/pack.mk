# Builds packs in C++. A pack's Makefile says SOURCES and TESTS and includes this; then
#
#   make        builds target/pack.core.wasm, which `lanner rule build` makes a component of, with the adapter libc.wasm,
#   make test   builds and runs the tests, with the system's compiler,
#   make clean  removes what was built.
#
# What was built is kept in target/, so that only what changed is compiled again.

LANNER_SDK := $(patsubst %/,%,$(dir $(lastword $(MAKEFILE_LIST))))
# The C SDK, which this one is on top of.
LANNER_C := $(or $(wildcard $(LANNER_SDK)/c),$(LANNER_SDK)/../c)

# Zig's compiler has the standard library for WebAssembly. ZIG=… says where it is.
ZIG ?= $(shell command -v zig >/dev/null 2>&1 && echo zig || echo python3 -m ziglang)

# A file for each source: of the SDKs below sdk/ and c/, of the pack beside them.
objects = $(addsuffix .o,$(patsubst $(LANNER_SDK)/%,target/$(1)/sdk/%,$(filter $(LANNER_SDK)/%,$(filter-out $(LANNER_C)/%,$(2)))) \
	$(patsubst $(LANNER_C)/%,target/$(1)/c/%,$(filter $(LANNER_C)/%,$(2))) \
	$(addprefix target/$(1)/,$(filter-out $(LANNER_SDK)/% $(LANNER_C)/%,$(2))))

SHARED := $(wildcard $(LANNER_C)/src/*.c) $(LANNER_SDK)/src/pack.cpp
PACK_OBJECTS := $(call objects,wasm,$(SHARED) $(LANNER_C)/src/wasm/exports.c $(LANNER_C)/src/libc/memory.c $(LANNER_SDK)/src/the_pack.cpp $(LANNER_SDK)/src/abort.cpp $(SOURCES))
TEST_OBJECTS := $(call objects,native,$(SHARED) $(wildcard $(LANNER_C)/src/native/*.c) $(wildcard $(LANNER_C)/testing/*.c) $(SOURCES) $(TESTS))

# The SDKs' headers are the system's, so that warnings are of the pack.
INCLUDES = -isystem $(LANNER_SDK)/include -isystem $(LANNER_C)/include
WASM = -target wasm32-wasi -mexec-model=reactor -O2 -fno-sanitize=undefined
PACK_CXX = $(ZIG) c++ $(WASM) -std=c++20 -fno-exceptions -fno-rtti
PACK_CC = $(ZIG) cc $(WASM) -std=c11
COMMON = $(INCLUDES) -Wall -Wextra -MD -MP
CXX ?= c++
CC ?= cc

.PHONY: pack test clean
pack: target/pack.core.wasm

target/pack.core.wasm: $(PACK_OBJECTS)
	@$(PACK_CXX) -Wl,--strip-debug -Wl,-z,stack-size=262144 $(PACK_OBJECTS) -o $@

target/wasm/sdk/%.cpp.o: $(LANNER_SDK)/%.cpp
	@mkdir -p $(@D)
	@$(PACK_CXX) $(COMMON) $(CXXFLAGS) -c $< -o $@

target/wasm/c/%.c.o: $(LANNER_C)/%.c
	@mkdir -p $(@D)
	@$(PACK_CC) $(COMMON) -c $< -o $@

target/wasm/%.cpp.o: %.cpp
	@mkdir -p $(@D)
	@$(PACK_CXX) $(COMMON) $(CXXFLAGS) -c $< -o $@

# SANITIZE=-fsanitize=address,undefined finds what is read or written beyond its end.
test: target/test
	@target/test

target/test: $(TEST_OBJECTS)
	@$(CXX) $(SANITIZE) $(TEST_OBJECTS) -o $@

target/native/sdk/%.cpp.o: $(LANNER_SDK)/%.cpp
	@mkdir -p $(@D)
	@$(CXX) -std=c++17 -g $(SANITIZE) $(COMMON) $(CXXFLAGS) -c $< -o $@

target/native/c/%.c.o: $(LANNER_C)/%.c
	@mkdir -p $(@D)
	@$(CC) -std=c11 -g -D_DEFAULT_SOURCE $(SANITIZE) $(COMMON) -c $< -o $@

target/native/%.cpp.o: %.cpp
	@mkdir -p $(@D)
	@$(CXX) -std=c++17 -g $(SANITIZE) $(COMMON) $(CXXFLAGS) -c $< -o $@

clean:
	@rm -rf target

-include $(PACK_OBJECTS:.o=.d) $(TEST_OBJECTS:.o=.d)
