# The service as an image: one stripped binary on a small base, a user without rights, nothing
# written outside /var/lib/tidegate.
FROM rust:1.95-slim-bookworm AS build
# Versions of Debian's packages are left to its security updates.
# hadolint ignore=DL3008
RUN apt-get update \
 && apt-get install -y --no-install-recommends g++ make pkg-config libssl-dev \
 && rm -rf /var/lib/apt/lists/*
WORKDIR /build
COPY . .
RUN CARGO_PROFILE_RELEASE_STRIP=symbols cargo build --release --locked --bin tidegate

FROM debian:bookworm-slim
# hadolint ignore=DL3008
RUN apt-get update \
 && apt-get install -y --no-install-recommends ca-certificates libssl3 zlib1g \
 && rm -rf /var/lib/apt/lists/* \
 && install -d -o 65532 -g 65532 -m 0750 /var/lib/tidegate
COPY --from=build /build/target/release/tidegate /usr/local/bin/tidegate
COPY packs /usr/share/tidegate/packs
USER 65532:65532
WORKDIR /var/lib/tidegate
# Operations (public), API (loopback unless the config says otherwise).
EXPOSE 9464 8080
STOPSIGNAL SIGTERM
ENTRYPOINT ["tidegate"]
CMD ["run", "--config", "/etc/tidegate/tidegate.toml"]
