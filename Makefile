# Thin: each target calls cargo, xtask or the setup script.
.DEFAULT_GOAL := help
.PHONY: help setup run test test-stress soak detect kernels fuzz bench packs dist docs picture

# For `make run`, `make detect` and `make dist`: what else they are told, such as ARGS="--for 10s --output json".
ARGS ?=

# As lanner itself is built, so that what both need is compiled once.
XTASK = cargo run --release --bin xtask --

help:
	@echo "make run          watch this machine with the shipped rules (ARGS=... goes to lanner run)"
	@echo "make test         check and test everything"
	@echo "make test-stress  run all tests again and again on a machine that is made busy (STRESS_ROUNDS=10)"
	@echo "make soak         what takes long, or much of the machine: 20,000 sleepers, fork bombs, churn (SOAK_MINUTES=10)"
	@echo "make detect       run attacks and benign workloads here, and print what is found of them (ARGS=\"--filter persistence\")"
	@echo "make kernels      test in each kernel that Debian offers, in emulated machines"
	@echo "make fuzz         feed random bytes to what reads frames, records, captures, packs, manifests, policies, rules (needs cargo-fuzz)"
	@echo "make bench        print the figures (BENCH_ONLY=\"engine latency\": only those)"
	@echo "make packs        build the shipped packs"
	@echo "make dist         build what is handed to others: programs optimised across crates, .deb, .rpm, a container image's folder: target/dist"
	@echo "make docs         make the book of docs/: target/book/html/index.html"
	@echo "make picture      draw docs/run.svg from a real run"

setup:
	@xtask/setup.sh run

# stdout is lanner's alone: what builds say goes to stderr by itself.
run: setup
	@cargo build --release --bin lanner --bin xtask
	@target/release/xtask packs
	@exec target/release/lanner run --rules target/packs --self-test $(ARGS)

packs: setup
	@$(XTASK) packs

test:
	@xtask/setup.sh test
	@cargo run --bin xtask -- test

STRESS_ROUNDS ?= 10
test-stress:
	@xtask/setup.sh stress
	@cargo run --bin xtask -- stress --rounds $(STRESS_ROUNDS)

SOAK_MINUTES ?= 10
soak:
	@xtask/setup.sh test
	@cargo build --release --bin lanner --bin xtask
	@target/release/xtask packs
	@target/release/xtask packs --tests
	@SOAK_MINUTES=$(SOAK_MINUTES) cargo test --release -p lanner-tests --test soak -- --ignored --test-threads 1 --nocapture

# As root, for some minutes. What cases need of Debian's programs is installed.
detect: setup
	@cargo build --release --bin lanner --bin xtask
	@target/release/xtask packs --tests
	@target/release/xtask detect --install $(ARGS)

kernels:
	@xtask/setup.sh kernels
	@cargo run --bin xtask -- kernels

# Coverage needs a flag of the compiler's that is not stable yet.
FUZZ_SECONDS ?= 60
fuzz: setup
	@cd tests && for target in frame record capture description finding configuration registry client falco sigma list; do \
		RUSTC_BOOTSTRAP=1 cargo fuzz run --sanitizer none $$target -- -max_total_time=$(FUZZ_SECONDS) || exit 1; \
	done

# Everything, unless only some of it is asked for: engine registry capture snapshot overhead latency console.
BENCH_ONLY ?=
bench:
	@xtask/setup.sh bench
	@cargo build --release --bin lanner --bin lanner-registry --bin bench --bin xtask
	@target/release/xtask packs
	@target/release/xtask packs --tests
	@target/release/bench $(BENCH_ONLY)

# A release is signed: ARGS="--sign-key release.key".
dist:
	@xtask/setup.sh dist
	@$(XTASK) packs
	@cargo build --profile dist --bin lanner --bin lanner-registry
	@$(XTASK) dist $(ARGS)

docs: setup
	@$(XTASK) book

picture: setup
	@cargo build --quiet --release --bin lanner --bin xtask
	@target/release/xtask packs
	@target/release/xtask picture
