# make run: set up and serve    make setup: set up only    make demo: serve with a shop to click through    make test: set up and check everything, as CI does
PYTHON ?= python3
VENV := .venv
PIP := $(VENV)/bin/pip --disable-pip-version-check --quiet
SOURCES := setup.cfg pyproject.toml constraints.txt
# Three test files at a time, as many tests wait; two in the quick loop, where none does. The numbers are fixed, so that every
# machine runs the tests in the same way.
# Compiled modules are kept, whatever the machine says: tests start hundreds of processes, which would all compile anew.
PYTEST := env -u PYTHONDONTWRITEBYTECODE $(VENV)/bin/pytest --numprocesses
QUICK := not (fuzz or faults or served or mariadb or redis or browser or processes)

.DEFAULT_GOAL := run
.NOTPARALLEL:
.PHONY: run setup demo test check lint bench bench-full fuzz faults browser pictures packages release container figures clean

run: $(VENV)/.run
	@exec $(VENV)/bin/tracker serve --demo

setup: $(VENV)/.run

# A database of its own: what is made up never mixes with what is real.
demo: $(VENV)/.run
	@exec env TRACKER_DATABASE_URL="$${TRACKER_DATABASE_URL:-sqlite:///var/demo.db}" $(VENV)/bin/tracker demo serve

# What is installed from two places comes at once. Lint runs beside the tests, here and below.
test: packages $(VENV)/.made
	@$(MAKE) --no-print-directory $(VENV)/.minifier $(VENV)/.sdks & others=$$!; \
	$(MAKE) --no-print-directory $(VENV)/.test || { wait $$others; exit 1; }; \
	$(MAKE) --no-print-directory lint & lint=$$!; \
	wait $$others || { wait $$lint; exit 1; }; \
	$(PYTEST) 3; tests=$$?; \
	wait $$lint || { echo "Lint has found something: see above." >&2; exit 1; }; exit $$tests

# The quick loop: no root, no server, no browser, and no test that starts processes.
check: $(VENV)/.test
	@$(MAKE) --no-print-directory lint & lint=$$!; \
	HYPOTHESIS_PROFILE=quick TESTS_WITHOUT_SERVERS=1 $(PYTEST) 2 -m "$(QUICK)"; tests=$$?; \
	wait $$lint || { echo "Lint has found something: see above." >&2; exit 1; }; exit $$tests

lint: $(VENV)/.test
	@$(VENV)/bin/ruff check .
	@$(VENV)/bin/ruff format --check .
	@$(VENV)/bin/mypy
	@$(VENV)/bin/codespell

bench: $(VENV)/.test
	@tests/setup/packages wrk
	@$(VENV)/bin/python -m bench $(BENCH)

bench-full: $(VENV)/.test
	@tests/setup/packages wrk
	@$(VENV)/bin/python -m bench --millions 10 $(BENCH)

fuzz: packages $(VENV)/.test
	@HYPOTHESIS_PROFILE=fuzz $(PYTEST) 3 -m fuzz

faults: packages $(VENV)/.test
	@tests/setup/packages iproute2
	@FAULTS=long $(PYTEST) 3 -m "faults or not faults" tests/faults tests/cluster tests/shards tests/browser/test_soak.py tests/browser/test_console_hostile.py

# The script for websites is committed as it is served: whoever changes its source makes it anew.
browser: $(VENV)/.minifier
	@node tracker/browser/build.mjs

# docs/images: every page of the console as it is now.
pictures: packages $(VENV)/.test
	@$(VENV)/bin/python -m tests.browser.pictures $(PICTURES)

packages:
	@tests/setup/packages mariadb-server mariadb-plugin-spider redis-server galera-4 haproxy rsync chromium curl wrk nodejs npm caddy docker-compose systemd

# The steps of deploy/Containerfile in a clean Debian, as root: what they leave has to serve and keep events. Takes minutes.
container: $(VENV)/.test
	@tests/setup/packages mmdebstrap curl
	@$(VENV)/bin/python -m tests.deploy.container

# make release TAG=v0.1.0: version, changelog and tag agree, the wheel passes its tests, and the tag is made.
release: container
	@$(VENV)/bin/python -m tests.setup.release "$(TAG)"

# Sizes, imports, words and tests of the tree, as a table.
figures: $(VENV)/.test
	@$(VENV)/bin/python -m tests.conventions.figures

clean:
	rm -rf $(VENV) build dist *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis .schemathesis

# The stamps .made, .run and .test are written last: a step that was interrupted is done again.
$(VENV)/.made: tests/setup/venv
	@tests/setup/venv $(PYTHON) $(VENV)
	@touch $@

$(VENV)/.minifier: $(VENV)/.made tracker/browser/package-lock.json
	@tests/setup/packages nodejs npm
	@npm ci --silent --no-audit --no-fund --prefix tracker/browser
	@touch $@

# The SDKs of other trackers that tests run: nothing of Tracker's own may depend on what they need.
$(VENV)/.sdks: $(VENV)/.made tests/sdks/requirements.txt tests/sdks/package-lock.json
	@tests/setup/packages nodejs npm
	@echo "Installing clients of other trackers for tests ..."
	@tests/setup/venv $(PYTHON) $(VENV)/sdks --without-pip
	@$(PIP) --python $(VENV)/sdks/bin/python install --no-deps -r tests/sdks/requirements.txt
	@npm ci --silent --no-audit --no-fund --ignore-scripts --prefix tests/sdks
	@touch $@

$(VENV)/.run: $(VENV)/.made $(SOURCES)
	@echo "Installing Tracker into $(VENV) ..."
	@$(PIP) install -c constraints.txt --config-settings editable_mode=compat -e ".[reports]"
	@touch $@

$(VENV)/.test: $(VENV)/.made $(SOURCES)
	@echo "Installing Tracker and its test tools into $(VENV) ..."
	@$(PIP) install -c constraints.txt --config-settings editable_mode=compat -e ".[test]"
	@touch $(VENV)/.run $@
