# adg alone, in an image without anything else: no shell, no library, no user but one without rights.
#
#   docker build --tag adg .
#   docker run --rm --volume "$PWD:/work" --workdir /work --user "$(id -u):$(id -g)" adg --module vacancy
#
# Where adg.yaml and modules/ are to be in the image too: cluster_config/container.
FROM rust:1.95-bookworm AS build
# For the Spark Connect client.
RUN apt-get update -q && apt-get install -y -q --no-install-recommends protobuf-compiler libprotobuf-dev
WORKDIR /adg
COPY . .
RUN make static OUT=/out

FROM scratch
COPY --from=build /out/adg /adg
# The authorities that adg believes are the machine's.
COPY --from=build /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/ca-certificates.crt
# Scratch space, where the profile names none.
COPY --from=build --chmod=1777 /out/tmp /tmp
USER 65532:65532
ENTRYPOINT ["/adg"]
CMD ["--help"]
