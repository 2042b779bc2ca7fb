# Every chore of the project by one name. `make help` lists them.
#
# Variables: SEED (one seed) or SEEDS (a range A..B) and SCENARIO for the simulator, SECS for
# each fuzz target, NORN_BIN for tests against another binary, NORN_REQUIRE_PEERS=1 to fail
# where a real redis-server is missing instead of skipping.

SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

CARGO ?= cargo
TARGET := $(or $(CARGO_TARGET_DIR),target)
SEEDS ?= 0..20
SECS ?= 30
CARGO_FUZZ_VERSION := 0.13.2

# The simulator is another compilation of everything: its own flags, its own directory.
SIM_ENV := RUSTFLAGS="--cfg madsim" CARGO_TARGET_DIR=$(TARGET)/sim
SIM := $(SIM_ENV) $(CARGO) run -q --locked -p norn-sim --profile sim -- run
SIM_ARGS = $(if $(SCENARIO),--scenario $(SCENARIO)) $(if $(SEED),--seed $(SEED),--seeds $(SEEDS))

# stage(name, command): runs a step of `verify` and says how long it took.
define stage
@echo "== $(1)"; start=$$SECONDS; $(2); echo "== $(1): $$((SECONDS - start)) s"
endef

.PHONY: help run check test interleavings sim sim-twice mutants fuzz bench soak verify fix peers cargo-fuzz

help: ## this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## (.*)/  \1\t\2/' | expand -t 17

run: ## build the release binary and serve on port 6379 (ARGS="--port 7001" for more)
	$(CARGO) build --release --locked --bin norn
	exec $(TARGET)/release/norn --port 6379 $(ARGS)

check: ## type-check everything, the simulator too
	$(CARGO) check --workspace --all-targets --locked
	$(SIM_ENV) $(CARGO) check -p norn-sim --all-targets --locked

test: peers ## unit, property, tidy, black-box and differential tests
	$(CARGO) test --workspace --locked

interleavings: ## explore the orders in which threads pass the engine's locks
	RUSTFLAGS="--cfg shuttle" CARGO_TARGET_DIR=$(TARGET)/shuttle $(CARGO) test -q --locked --test interleavings

sim: ## simulate seeds: SEED=7 or SEEDS=0..100, SCENARIO=smoke
	$(SIM) $(SIM_ARGS)

sim-twice: ## the same, each seed twice; the trace hashes must agree
	$(SIM) $(SIM_ARGS) --twice

# Exploration is bounded in time; with RUNS it is a fixed number of inputs from a fixed seed instead, so
# that `verify` finds today what it found yesterday.
FUZZ_BOUND = $(if $(RUNS),-runs=$(RUNS) -seed=1,-max_total_time=$(SECS))

mutants: ## plant each bug of sim/mutants/; a scenario must find it within 60 s (MUTANTS="a b" for some)
	CARGO=$(CARGO) TARGET=$(TARGET) sim/mutants/run $(MUTANTS)

fuzz: cargo-fuzz ## every fuzz target for SECS seconds, or RUNS inputs, under the address sanitizer
	@export RUSTC_BOOTSTRAP=1; \
	targets=$$(cargo fuzz list); \
	[ -n "$$targets" ] || { echo "fuzz/Cargo.toml lists no target"; exit 1; }; \
	for t in $$targets; do \
	  echo "-- fuzz $$t $(FUZZ_BOUND)"; \
	  mkdir -p fuzz/corpus/$$t; found=fuzz/crashes/$$t; [ -d $$found ] || found=; \
	  cargo fuzz run --sanitizer address "$$t" fuzz/corpus/$$t $$found -- $(FUZZ_BOUND) -len_control=0 -timeout=20 -rss_limit_mb=2048 -print_final_stats=1; \
	done

bench: ## speed and memory beside redis-server, as a table (ROWS="mem write- pause-free" for some)
	$(CARGO) build --release --locked --bin norn --example bench
	NORN_BIN=$${NORN_BIN:-$(TARGET)/release/norn} $(TARGET)/release/examples/bench $(ROWS)

soak: ## kill -9 under load, a hundred times, on this machine's disk
	NORN_KILL_ROUNDS=$${ROUNDS:-100} $(CARGO) test --locked --test blackbox -- durability

verify: peers ## all that must hold before a change lands
	$(call stage,format,$(CARGO) fmt --all --check)
	$(call stage,clippy,$(CARGO) clippy --workspace --all-targets --locked -- -D warnings)
	$(call stage,clippy of the simulator,$(SIM_ENV) $(CARGO) clippy -p norn-sim --all-targets --locked --profile sim -- -D warnings)
	$(call stage,tidy,$(CARGO) test --locked --test tidy)
	$(call stage,tests,$(CARGO) test --workspace --locked)
	$(call stage,interleavings,$(MAKE) --no-print-directory interleavings)
	$(call stage,tests of the simulator,$(SIM_ENV) $(CARGO) test -p norn-sim --locked --profile sim)
	$(call stage,simulation,$(MAKE) --no-print-directory sim-twice)
	$(call stage,fuzz,$(MAKE) --no-print-directory fuzz RUNS=150)

fix: ## format, and apply what clippy can repair
	$(CARGO) clippy --workspace --all-targets --fix --allow-dirty --allow-staged
	$(CARGO) fmt --all

peers:
	@command -v redis-server >/dev/null || { \
	  echo "*** redis-server is not installed: differential tests WILL BE SKIPPED (apt-get install redis-server)"; \
	  [ "$${NORN_REQUIRE_PEERS:-}" != 1 ]; }

cargo-fuzz:
	@cargo fuzz --version 2>/dev/null | grep -qF "$(CARGO_FUZZ_VERSION)" \
	  || cargo install cargo-fuzz --locked --version $(CARGO_FUZZ_VERSION)
