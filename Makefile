# Two commands do all the set-up on a fresh Debian machine: `make run` and `make test`.
# Both install what they need (system packages too, with apt, when root or sudo allows) and say so.

VENV   := .venv
PY     := $(VENV)/bin/python
BIN    := $(VENV)/bin

APT_RUN  := python3-venv tesseract-ocr tesseract-ocr-spa tesseract-ocr-osd espeak-ng sox libsox-fmt-base
APT_TEST := $(APT_RUN) clamav-daemon dovecot-imapd dovecot-lmtpd postfix postgresql openssl chromium systemd systemd-container debootstrap \
            fonts-dejavu-core fonts-liberation fonts-roboto-unhinted fonts-crosextra-carlito fonts-cmu fonts-gnutypewriter \
            fonts-dotgothic16 fonts-oxygen fonts-breip fonts-sjfonts fonts-dkg-handwriting \
            sip-tester

# What a stranger need not read: that a checkout installed in place should not be shadowed by a folder of its name.
IN_PLACE := PYTHONWARNINGS=ignore:::setuptools.command.editable_wheel $(PY) -m pip install --quiet --no-deps --no-build-isolation -e .

# Commands start anew in many tests: what Python compiled is kept, whatever the environment says.
unexport PYTHONDONTWRITEBYTECODE

# Three processes on two cores: many tests wait for a server, or for a time to pass.  The longest files come first.
AT_ONCE := -n 3 --dist loadfile --no-loadscope-reorder

.PHONY: help run test check cover test-slow fix example deb lock clean demo-reset
.DEFAULT_GOAL := help

help:            ## this list
	@grep -E '^[a-z-]+: .*##' Makefile | sed 's/:.*##/\t/' | expand -t 14

run: $(VENV)/run.stamp       ## the demo house: sample mails walk from a mailbox to marked reversals and answers
	$(BIN)/evidence-daemon demo

test: $(VENV)/test.stamp check       ## everything: style, floors, types, quick tests with real servers
	$(BIN)/pytest $(AT_ONCE) || { \
	  echo "── What failed in company is tried once more, alone: only what fails again fails. ──"; \
	  $(BIN)/pytest --last-failed --last-failed-no-failures none --timeout 300; }

cover: $(VENV)/test.stamp    ## the quick tests again, with what they do not reach
	$(BIN)/pytest $(AT_ONCE) --cov --cov-report=term:skip-covered

check: $(VENV)/test.stamp    ## format, lint, floors, types
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/lint-imports
	$(BIN)/mypy

test-slow: $(VENV)/test.stamp ## long corpora and long kill runs
	$(BIN)/pytest -m slow --timeout 3600

fix: $(VENV)/test.stamp      ## format and mend what can be mended
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

example: $(VENV)/run.stamp    ## write config.example.toml anew from the configuration classes
	$(BIN)/evidence-daemon config describe > config.example.toml

deb: $(VENV)/run.stamp       ## the Debian package, in dist/
	packaging/build-deb $(PY) dist

lock:            ## resolve pyproject.toml anew into requirements*.lock (hashes, no index addresses)
	$(PY) -m pip install --quiet uv
	$(BIN)/uv pip compile --quiet --generate-hashes --no-emit-index-url --no-annotate --no-strip-extras --python-version 3.11 pyproject.toml --group build -o requirements.lock
	$(BIN)/uv pip compile --quiet --generate-hashes --no-emit-index-url --no-annotate --no-strip-extras --python-version 3.11 pyproject.toml --group build --group dev -o requirements-dev.lock

clean:           ## remove the environment and the demo house
	rm -rf $(VENV) var *.egg-info

$(VENV)/run.stamp: requirements.lock pyproject.toml
	@./install.sh $(APT_RUN)
	python3 -m venv $(VENV)
	$(PY) -m pip install --quiet --require-hashes -r requirements.lock
	$(IN_PLACE)
	@touch $@

$(VENV)/test.stamp: requirements-dev.lock pyproject.toml
	@./install.sh $(APT_TEST)
	python3 -m venv $(VENV)
	$(PY) -m pip install --quiet --require-hashes -r requirements-dev.lock
	$(IN_PLACE)
	@touch $@ $(VENV)/run.stamp
