# Builds packs in C. A pack's Makefile says SOURCES and TESTS and includes this; then
#
#   make        builds target/pack.core.wasm, which `lanner rule build` makes a component of,
#   make test   builds and runs the tests, with the system's compiler,
#   make clean  removes what was built.
#
# What was built is kept in target/, so that only what changed is compiled again.

LANNER_SDK := $(patsubst %/,%,$(dir $(lastword $(MAKEFILE_LIST))))

# The newest clang that there is; CLANG=… says another. Debian calls it clang-19 and so on.
CLANG ?= $(or $(shell for version in '' -24 -23 -22 -21 -20 -19 -18 -17 -16 -15 -14; do \
	command -v clang$$version >/dev/null 2>&1 && command -v wasm-ld$$version >/dev/null 2>&1 && echo clang$$version && break; done),clang)

# A file for each source: sources of a pack lie beside its Makefile or below.
objects = $(patsubst $(LANNER_SDK)/%.c,target/$(1)/sdk/%.o,$(filter $(LANNER_SDK)/%,$(2))) \
	$(patsubst %.c,target/$(1)/%.o,$(filter-out $(LANNER_SDK)/%,$(2)))

PACK_SDK := $(wildcard $(LANNER_SDK)/src/*.c) $(wildcard $(LANNER_SDK)/src/wasm/*.c)
TEST_SDK := $(wildcard $(LANNER_SDK)/src/*.c) $(wildcard $(LANNER_SDK)/src/native/*.c) $(wildcard $(LANNER_SDK)/testing/*.c)

PACK_OBJECTS := $(call objects,wasm,$(PACK_SDK) $(SOURCES))
TEST_OBJECTS := $(call objects,native,$(TEST_SDK) $(SOURCES) $(TESTS))

# There is no C library in a pack; <string.h> is the SDK's. The SDK's headers are the system's, so that warnings are of the pack.
PACK_FLAGS = --target=wasm32 -nostdlibinc -isystem $(LANNER_SDK)/libc -isystem $(LANNER_SDK)/include -std=c11 -O2 \
	-mbulk-memory -Wall -Wextra -ffile-prefix-map=$(CURDIR)=. -MD -MP $(CFLAGS)
# Names of functions stay, so that a trap says where it was.
PACK_LINK_FLAGS = --target=wasm32 -nostdlib -Wl,--no-entry -Wl,--strip-debug -Wl,-z,stack-size=262144 -Wl,--stack-first
TEST_FLAGS = -isystem $(LANNER_SDK)/include -std=c11 -g -Wall -Wextra -MD -MP $(SANITIZE) $(CFLAGS)

.PHONY: pack test clean
pack: target/pack.core.wasm

target/pack.core.wasm: $(PACK_OBJECTS)
	@$(CLANG) $(PACK_LINK_FLAGS) $(PACK_OBJECTS) -o $@

target/wasm/sdk/%.o: $(LANNER_SDK)/%.c
	@mkdir -p $(@D)
	@$(CLANG) $(PACK_FLAGS) -c $< -o $@

target/wasm/%.o: %.c
	@mkdir -p $(@D)
	@$(CLANG) $(PACK_FLAGS) -c $< -o $@

# SANITIZE=-fsanitize=address,undefined finds what is read or written beyond its end.
test: target/test
	@target/test

target/test: $(TEST_OBJECTS)
	@$(CC) $(SANITIZE) $(TEST_OBJECTS) -o $@

target/native/sdk/%.o: $(LANNER_SDK)/%.c
	@mkdir -p $(@D)
	@$(CC) $(TEST_FLAGS) -D_DEFAULT_SOURCE -c $< -o $@

target/native/%.o: %.c
	@mkdir -p $(@D)
	@$(CC) $(TEST_FLAGS) -c $< -o $@

clean:
	@rm -rf target

-include $(PACK_OBJECTS:.o=.d) $(TEST_OBJECTS:.o=.d)
