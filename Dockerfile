# One image with the server, the client inside it, and what both databases need.
# The same commands as on a developer's machine: `cargo xtask web`, then the server.

FROM rust:1.95-slim-trixie AS build
RUN apt-get update \
    && apt-get install --yes --no-install-recommends build-essential ca-certificates libpq-dev nodejs npm pkg-config \
    && rm -rf /var/lib/apt/lists/*
RUN rustup target add wasm32-unknown-unknown
WORKDIR /src

# Only what the build reads; .dockerignore keeps the results of local builds out.
COPY Cargo.toml Cargo.lock rustfmt.toml clippy.toml ./
COPY .cargo .cargo
COPY crates crates
COPY frontend frontend
COPY migrations migrations
COPY Trunk.toml ./

RUN cargo xtask web
# A release build carries `frontend/dist` inside the program.
RUN cargo build --release --locked --package server

FROM debian:trixie-slim
RUN apt-get update \
    && apt-get install --yes --no-install-recommends ca-certificates libpq5 \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --system --uid 10001 --home-dir /data --shell /usr/sbin/nologin capecontrol \
    && install --directory --owner=capecontrol --group=capecontrol --mode=0700 /data
COPY --from=build /src/target/release/capecontrol /usr/local/bin/capecontrol

USER 10001
ENV CAPECONTROL_BIND=0.0.0.0:8080 CAPECONTROL_DATA=/data
EXPOSE 8080
VOLUME /data
# The other settings (SECRET_KEY, PUBLIC_URL, DATABASE_URL, PAYFAST_…) come with the container, never with the image.
# Run `capecontrol migrate` once before a new version serves.
ENTRYPOINT ["capecontrol"]
CMD ["serve"]
