# Two commands do everything on a fresh Debian 12 or 13: `make demo` and `make test`. Both install what is missing.
SHELL := /bin/bash
VENV := .venv
BIN := $(VENV)/bin
SUDO := $(shell [ "$$(id -u)" = 0 ] || echo sudo)
KEEP ?=
ALL ?=
FRR ?=
N ?= $(if $(filter mutants,$(MAKECMDGOALS)),200,1000)
SEED ?= 1
PACKAGES ?=
SECONDS ?= 1200
DEBIAN := frr frr-pythontools frr-rpki-rtrlib openssh-server openssh-client iproute2 iputils-ping procps python3-venv sudo util-linux \
	php-cli php-xml tcsh openssl $(if $(shell command -v kubectl),,kubernetes-client)
TEST_DEBIAN := bird2 gobgpd graphviz tcpdump

.PHONY: check mutants dev demo test bench docs fuzz-policy fuzz-transitions fuzz-speaker system test-system clean

demo: system $(BIN)/frrgen
	@$(SUDO) env PATH="$(CURDIR)/$(BIN):$$PATH" KEEP="$(KEEP)" $(BIN)/python -m tests.lab.demo

test:
	@echo "All tests, on three versions of FRR: about $(if $(ALL),50,35) minutes and 2 GB of disk on 2 cores (docs/testing.md)."
	@$(MAKE) --no-print-directory test-system $(BIN)/tox
	$(SUDO) env PATH="$(CURDIR)/$(BIN):$$PATH" FRRGEN_REQUIRE_LAB="$$FRRGEN_REQUIRE_LAB" FRRGEN_TEST_ALL="$(ALL)" \
		FRRGEN_TEST_FRR="$(FRR)" $(BIN)/tox

bench: test-system $(BIN)/frrgen
	@$(call need,gcc libc6-dev)
	@$(BIN)/python -m pip install -q --disable-pip-version-check exabgp
	$(SUDO) env PATH="$(CURDIR)/$(BIN):$$PATH" $(BIN)/python -m bench

# No root and no daemons. Properties draw a fifth of their examples, and slow tests are left to `make test`.
# A process more than there are cores: a test of the speaker or of Kubernetes waits for most of its time.
check: $(BIN)/.dev
	$(BIN)/ruff check -q . && $(BIN)/ruff format -q --check .
	$(BIN)/mypy --no-error-summary
	$(BIN)/lint-imports > /dev/null || $(BIN)/lint-imports
	$(BIN)/deptry . > /dev/null 2>&1 || $(BIN)/deptry .
	FRRGEN_QUICK=1 $(BIN)/python -m pytest -q -n $$(($$(nproc) + 1)) --dist worksteal -m "not lab and not interop and not slow"

# Changes lines of the core, one at a time, in a copy, and says which the fast tests did not notice.
mutants: $(BIN)/.dev
	$(BIN)/python -m tests.mutants -n $(N) --seed $(SEED) $(PACKAGES)

dev: $(BIN)/.dev

$(BIN)/.dev: $(BIN)/python pyproject.toml
	$(BIN)/python -m pip install -q --disable-pip-version-check -e '.[dev]' && touch $@

docs: $(BIN)/.dev
	$(BIN)/python -m tests.docs.drawn

fuzz-policy: test-system $(BIN)/tox
	$(SUDO) env PATH="$(CURDIR)/$(BIN):$$PATH" FRRGEN_REQUIRE_LAB=1 FRRGEN_POLICIES=$(N) FRRGEN_SEED=$(SEED) \
		$(BIN)/tox -q -e lab -- -n 0 -s -o timeout=0 tests/lab/test_policy.py

fuzz-transitions: test-system $(BIN)/tox
	$(SUDO) env PATH="$(CURDIR)/$(BIN):$$PATH" FRRGEN_REQUIRE_LAB=1 FRRGEN_TRANSITIONS=$(N) FRRGEN_SEED=$(SEED) \
		$(BIN)/tox -q -e lab -- -n 0 -s -o timeout=0 tests/lab/test_fuzz_transitions.py

fuzz-speaker: $(BIN)/tox
	$(BIN)/tox -q -e fuzz -- $(SECONDS)

system:
	@$(call need,$(DEBIAN))

test-system:
	@$(call need,$(DEBIAN) $(TEST_DEBIAN))

# Installs the Debian packages that are missing; nothing is started (policy-rc.d says so to a fresh install of frr).
define need
missing=$$(for p in $(1); do dpkg-query -W -f='$${Status}' $$p 2>/dev/null | grep -q 'ok installed' || echo $$p; done); \
if [ -n "$$missing" ]; then echo "Installing: $$missing"; $(SUDO) apt-get update -qq && \
$(SUDO) env DEBIAN_FRONTEND=noninteractive RUNLEVEL=1 apt-get install -y -qq --no-install-recommends $$missing >/dev/null; fi
endef

$(BIN)/python:
	@python3 -m venv $(VENV) || { $(call need,python3-venv) && python3 -m venv $(VENV); }

$(BIN)/frrgen: $(BIN)/python pyproject.toml $(shell find frrgen templates inventory -type f 2>/dev/null)
	@$(BIN)/python -m pip install -q --disable-pip-version-check '.[kubernetes]' && touch $@

$(BIN)/tox: $(BIN)/python
	$(BIN)/python -m pip install -q --disable-pip-version-check tox && touch $@

clean:
	rm -rf $(VENV) .tox build dist .coverage htmlcov
