# Common commands; `just --list` shows them.

[private]
default:
    @just --list

# Unit tests, golden outputs, the command line
test *ARGS:
    cargo test {{ARGS}}

# Format and lint: Rust, workflows, scripts, texts, dependencies
lint:
    cargo fmt --all --check
    cargo clippy --workspace --all-targets --all-features -- -D warnings
    scripts/lint_scripts.sh
    scripts/lint_texts.sh
    scripts/deny.sh

# Everything that CI runs; needs Debian and root
ci:
    .ci/run

# Stamp the sample's genesis in ./runtime
init *ARGS:
    cargo run --release -- init {{ARGS}}

# The complete chain in Docker
up:
    compose/up.sh

# The init image for this machine
image NAME=`sed -n 's/^REGENESIS_IMAGE=//p' compose/settings.env`:
    docker/build.sh -t {{NAME}}

# A release archive for TARGET in dist/
package TARGET:
    scripts/package.sh {{TARGET}} dist

# Record README's demo again
demo:
    scripts/demo.sh

# Benchmarks of the stages of init
bench:
    cargo bench
