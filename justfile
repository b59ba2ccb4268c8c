# Common commands; `just --list` shows them.

[private]
default:
    @just --list

# Unit tests, golden outputs, the command line
test *ARGS:
    cargo test {{ARGS}}

# Format and lint: Rust, workflows, scripts, dependencies
lint:
    cargo fmt --check
    cargo clippy --all-targets --all-features -- -D warnings
    scripts/lint_scripts.sh
    scripts/deny.sh

# Everything that CI runs; needs Debian and root
ci:
    .ci/run

# The sample's genesis in ./runtime
init *ARGS:
    cargo run --release -- init {{ARGS}}

# The whole chain in Docker
up:
    compose/up.sh

# The init image for this machine
image NAME=`sed -n 's/^REGENESIS_IMAGE=//p' compose/settings.env`:
    docker/build.sh -t {{NAME}}

# A release archive for TARGET in dist/
package TARGET:
    scripts/package.sh {{TARGET}} dist

# Benchmarks of the stages of init
bench:
    cargo bench
