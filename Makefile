# Alcove's front door. `make up` sets up what is missing and starts it; the others are in `make help`.
SHELL := /bin/bash
.DEFAULT_GOAL := help

help: ## this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-15s %s\n", $$1, $$2}'

up: ## set up what is missing, then run server and node (DETACH=1: in the background)
	@bash setup/up.sh

down: ## stop server and node; sandboxes live on
	@bash setup/down.sh

doctor: ## what this machine has of what Alcove needs
	@bash setup/doctor.sh

seed-database: ## put the well-known team, key and token into the database
	@bash setup/seed.sh

test: ## install what the tests need and run them all
	@bash setup/test.sh

test-durability: ## every fault at every step of pause, resume, snapshot and fork, 1,000 cycles with kills at random, power cuts (about an hour)
	@bash setup/test.sh durability

bench: ## measure what is promised about speed, beside podman and bare crun
	@bash setup/bench.sh

clean: ## remove everything that Alcove made (says what; YES=1 does it)
	@bash setup/clean.sh

.PHONY: help up down doctor seed-database test test-durability bench clean
