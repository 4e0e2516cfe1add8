# Thin: each target calls cargo, xtask or the setup script.
.DEFAULT_GOAL := help
.PHONY: help setup run test kernels fuzz bench packs picture

# For `make run`: what else `lanner run` is told, such as ARGS="--for 10s --output json".
ARGS ?=

help:
	@echo "make run      watch this machine with the shipped rules (ARGS=... goes to lanner run)"
	@echo "make test     check and test everything"
	@echo "make kernels  test in each kernel that Debian offers, in emulated machines"
	@echo "make fuzz     feed random bytes to what reads frames, records, captures, manifests (needs cargo-fuzz)"
	@echo "make bench    print the figures"
	@echo "make packs    build the shipped packs"
	@echo "make picture  draw docs/run.svg from a real run"

setup:
	@xtask/setup.sh run

# stdout is lanner's alone: what builds say goes to stderr by itself.
run: packs
	@cargo build --quiet --release -p lanner
	@exec target/release/lanner run --rules target/packs --self-test $(ARGS)

packs: setup
	@cargo xtask packs

test:
	@xtask/setup.sh test
	@cargo xtask test

kernels:
	@xtask/setup.sh kernels
	@cargo xtask kernels

# Coverage needs a flag of the compiler's that is not stable yet.
FUZZ_SECONDS ?= 60
fuzz: setup
	@cd tests && for target in frame record capture registry; do \
		RUSTC_BOOTSTRAP=1 cargo fuzz run --sanitizer none $$target -- -max_total_time=$(FUZZ_SECONDS) || exit 1; \
	done

bench: setup
	@cargo xtask packs --tests
	@cargo build --quiet --release -p lanner -p lanner-registry
	@cargo run --quiet --release -p lanner-tests --bin bench

picture: packs
	@cargo build --quiet --release -p lanner
	@cargo xtask picture
