# syntax=docker/dockerfile:1

# Two images from one build: `gateway` (the last, default one) and `bank`, the simulated bank for
# trials. Both hold one static program, certificates and an empty folder, and run as a user without
# rights. For several processors: docker buildx build --platform linux/amd64,linux/arm64 .

ARG GO_VERSION=1.26
# What the gateway says of itself (odelink version, odelink_build_info, the label): make image gives it.
ARG VERSION=dev

# The compiler runs on the builder's own processor and compiles for the target's: no emulation.
FROM --platform=$BUILDPLATFORM golang:${GO_VERSION} AS build
ARG TARGETOS
ARG TARGETARCH
WORKDIR /src
COPY go.mod go.sum ./
RUN --mount=type=cache,target=/go/pkg/mod go mod download
COPY . .
ENV CGO_ENABLED=0 GOFLAGS=-trimpath GOCACHE=/cache
ARG VERSION
RUN --mount=type=cache,target=/go/pkg/mod --mount=type=cache,target=/cache \
    GOOS=$TARGETOS GOARCH=$TARGETARCH go build -ldflags="-s -w -X main.version=$VERSION" -o /out/odelink ./gateway && \
    GOOS=$TARGETOS GOARCH=$TARGETARCH go build -ldflags='-s -w' -o /out/banksim ./threeds/cmd/banksim && \
    mkdir /out/data

FROM scratch AS bank
LABEL org.opencontainers.image.title="Odelink simulated bank" \
      org.opencontainers.image.description="A bank for trials of Odelink. No real money, public credentials." \
      org.opencontainers.image.licenses="Apache-2.0"
COPY --from=build /out/banksim /banksim
COPY --from=build --chown=65532:65532 /out/data /data
USER 65532:65532
WORKDIR /data
EXPOSE 8081
ENTRYPOINT ["/banksim"]
# Other containers and the published port have to reach it: that is meant here.
CMD ["-addr", "0.0.0.0:8081", "-unsafe-listen", "-data", "/data/books"]

FROM scratch AS gateway
ARG VERSION
LABEL org.opencontainers.image.title="Odelink" \
      org.opencontainers.image.description="Payment links and hosted payment pages with 3-D Secure" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.licenses="Apache-2.0"
# Banks, mail servers and webhooks are called over TLS. Zone data is inside the program.
COPY --from=build /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/ca-certificates.crt
COPY --from=build /out/odelink /odelink
# The embedded ledger, when no PostgreSQL is configured, lives in /data: mount a volume there. Nothing
# else is written, so the root may be read-only.
COPY --from=build --chown=65532:65532 /out/data /data
USER 65532:65532
WORKDIR /data
VOLUME /data
ENV ODELINK_ADDR=0.0.0.0:8080 ODELINK_ADMIN_ADDR=127.0.0.1:9090 ODELINK_LOG_FORMAT=json
EXPOSE 8080
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=6s --start-period=20s --retries=3 CMD ["/odelink", "health"]
ENTRYPOINT ["/odelink"]
CMD ["serve"]
