# The binary alone: docker run --rm -v "$PWD:/src:ro" fitcheck
FROM rust:1.95-alpine AS build
RUN apk add --no-cache musl-dev
WORKDIR /fitcheck
COPY . .
# Said by `--version`: docker build --build-arg FITCHECK_COMMIT="$(git rev-parse HEAD)" .
ARG FITCHECK_COMMIT=
RUN cargo build --release --locked

FROM scratch
COPY --from=build /fitcheck/target/release/fitcheck /fitcheck
USER 65534:65534
WORKDIR /src
ENTRYPOINT ["/fitcheck"]
