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

# Count the instructions of what needs no database; --update rewrites the figures
instructions *args:
    script/instructions {{ args }}

# Look over the snapshots that the tests found changed
review:
    cargo insta review

# Everything that is asked of a change: format, lints, tests
check: fmt-check lint test

# Format the code
fmt:
    cargo fmt --all

# Say what is not formatted
fmt-check:
    cargo fmt --all --check

# Run clippy over everything
lint:
    cargo clippy --workspace --all-targets --locked -- -D warnings

# Check licences, advisories and sources of the dependencies (cargo-deny)
audit:
    cargo deny check

# Write the API's schema to schema.graphql
schema:
    cargo run --quiet -- schema > schema.graphql.new
    mv schema.graphql.new schema.graphql

# Bundle GraphiQL into web/graphiql/dist, where builds find it
graphiql:
    npm --prefix web/graphiql ci --ignore-scripts
    npm --prefix web/graphiql run build

# Build the API documentation of the crates
doc:
    cargo doc --workspace --no-deps --document-private-items --open

# Migrations: run, revert, status, create
migrate *args:
    cargo run -- migrate {{ args }}

# Open psql on DATABASE_URL
db *args:
    psql "${DATABASE_URL:?set it to the database to look into}" {{ args }}
