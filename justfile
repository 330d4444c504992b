# Shortcuts; each is one command that can be typed as well.

# Lints and tests need no GraphiQL; `server` and `dev` take what there is.
export GRAPHIQL := env("GRAPHIQL", "off")

# What there is
_default:
    @just --list --unsorted

# Run the release build with GraphiQL, after installing what is missing
server *args:
    GRAPHIQL=auto script/server {{ args }}

# Run the debug build
dev *args:
    GRAPHIQL=auto cargo run -- {{ args }}

# Run the tests, after installing what is missing
test *args:
    script/test {{ args }}

# Measure what a request costs, on the program as it is shipped
bench *args:
    script/bench {{ args }}

# Attack, overload and kill the program as it is shipped, and see what it promised
hostile *args:
    script/hostile {{ args }}

# Count the instructions of what needs no database; --update rewrites the figures
instructions *args:
    script/instructions {{ args }}

# Look over the snapshots that the tests found changed
review:
    cargo insta review

# Most of what is asked of a change: format, lints, documentation, tests; .ci/run does all
check: fmt-check lint doc-check test

# Format the code
fmt:
    cargo fmt --all

# Say what is not formatted
fmt-check:
    cargo fmt --all --check

# Run clippy over everything
lint:
    cargo clippy --workspace --all-targets --locked -- -D warnings

# Check licences, advisories, sources and use of the dependencies, after installing cargo-deny and cargo-machete
audit:
    cargo deny --version || cargo install --locked cargo-deny
    cargo machete --version || cargo install --locked cargo-machete
    cargo deny --locked check
    cargo machete

# Write the API's schema to schema.graphql
schema:
    cargo run --quiet -- schema > schema.graphql.new
    mv schema.graphql.new schema.graphql

# Write the tables of states to docs/STATES.md
states:
    cargo run --quiet -- docs states > docs/STATES.md.new
    mv docs/STATES.md.new docs/STATES.md

# Bundle GraphiQL into web/graphiql/dist, where builds find it
graphiql:
    npm --prefix web/graphiql ci --ignore-scripts
    npm --prefix web/graphiql run build

# Say which links of the crates' documentation lead nowhere
doc-check:
    RUSTDOCFLAGS="-D warnings" cargo doc --workspace --no-deps --locked --document-private-items

# Build the documentation of the crates
doc:
    cargo doc --workspace --no-deps --document-private-items --open

# Migrations: run, revert, status, create
migrate *args:
    cargo run -- migrate {{ args }}

# Open psql on DATABASE_URL
db *args:
    psql "${DATABASE_URL:?set it to the database to look into}" {{ args }}
