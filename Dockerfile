# eventfdd as a sidecar: a Java runtime cut to size, five files of glibc and the daemon. There is no shell in it and no root.
#
#   docker build -t eventfdd .
#   docker run --read-only --cap-drop ALL --security-opt no-new-privileges -v eventfdd:/run/eventfdd eventfdd
#
# Builds on x86_64 and aarch64, each for itself: what Java records of its start is its machine's own.

ARG BUILD_IMAGE=docker.io/library/maven:3.9-eclipse-temurin-25

FROM ${BUILD_IMAGE} AS build

RUN apt-get update \
 && apt-get install -y --no-install-recommends binutils gcc libc6-dev \
 && rm -rf /var/lib/apt/lists/*

WORKDIR /src
COPY LICENSE pom.xml ./
COPY client/ client/
COPY server/ server/
RUN mvn -B -ntp -q -Dmaven.test.skip=true -Djacoco.skip=true package

# compressed: what is needed at a start comes from the recorded cache, not from here
RUN jlink --add-modules java.base,java.logging,java.management,jdk.management,jdk.net,jdk.unsupported \
      --strip-java-debug-attributes --strip-native-debug-symbols=exclude-debuginfo-files \
      --no-header-files --no-man-pages --compress=zip-6 --output /opt/eventfdd/jre \
 && rm -rf /opt/eventfdd/jre/lib/server/*.jsa /opt/eventfdd/jre/legal

# the paths are those of the image, since the recorded cache knows them
COPY deploy/image/ /src/deploy/image/
RUN set -eu; native=$(uname -m | sed 's/x86_64/x86-64/'); \
    cp -a server/target/dist/lib /opt/eventfdd/lib; \
    mv "/opt/eventfdd/lib/native/linux-$native/libjnidispatch.so" /opt/eventfdd/lib/; \
    rm -rf /opt/eventfdd/lib/native /opt/eventfdd/lib/*.aot; \
    cp deploy/image/*.options /opt/eventfdd/lib/; \
    cp server/target/dist/LICENSE server/target/dist/*.cdx.json /opt/eventfdd/; \
    gcc -std=c17 -O2 -static -s -Wall -Wextra -Werror -o /opt/eventfdd/eventfdd deploy/image/eventfdd.c; \
    /opt/eventfdd/jre/bin/java @/opt/eventfdd/lib/java.options @/opt/eventfdd/lib/record.options \
      -XX:AOTCacheOutput=/opt/eventfdd/lib/eventfdd.aot -Xlog:disable -jar /opt/eventfdd/lib/eventfdd-server.jar rehearse; \
    test -s /opt/eventfdd/lib/eventfdd.aot

# the root of the image: what the runtime is linked with, at the same paths
RUN set -eu; mkdir -p /image/etc/eventfdd /image/opt /image/usr/bin /image/tmp; chmod 1777 /image/tmp; \
    find /opt/eventfdd/jre /opt/eventfdd/lib \( -name '*.so' -o -path '*/bin/java' \) -exec ldd {} + \
      | sed -n 's/.*=> \(\/[^ ]*\) (.*/\1/p; s/^\t\(\/[^ ]*ld-linux[^ ]*\) (.*/\1/p' \
      | grep -v '^/opt/' | sort -u | xargs -I FILE cp -L --parents FILE /image; \
    mv /opt/eventfdd /image/opt/eventfdd; \
    ln -s /opt/eventfdd/eventfdd /image/usr/bin/eventfdd; \
    cp deploy/image/passwd deploy/image/group /image/etc/; \
    cp deploy/image/eventfdd.yaml /image/etc/eventfdd/; \
    mkdir /empty

FROM scratch

ARG VERSION=0.1.0-SNAPSHOT
ARG REVISION=unknown
LABEL org.opencontainers.image.title="eventfdd" \
      org.opencontainers.image.description="Named eventfds for the processes of one host" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}" \
      org.opencontainers.image.licenses="Apache-2.0"

COPY --from=build /image/ /
# a named volume that is mounted here becomes this user's
COPY --from=build --chown=65532:65532 /empty/ /run/eventfdd/

# the memory of one thread's mallocs is another's: fewer pages, and no contention at a sidecar's rates
ENV PATH=/usr/bin \
    EVENTFDD_RUNTIME_DIR=/run/eventfdd \
    MALLOC_ARENA_MAX=1

USER 65532:65532
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=30s --timeout=5s --start-period=5s --retries=3 CMD ["/usr/bin/eventfdd", "ping"]
ENTRYPOINT ["/usr/bin/eventfdd"]
CMD ["serve"]
