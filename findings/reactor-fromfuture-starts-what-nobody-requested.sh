#!/usr/bin/env bash
# Reactor 3.8.8 (io.projectreactor:reactor-core): Mono.fromFuture(supplier).repeat() begins one future more than was requested.
#
# Mono.fromFuture calls its supplier at subscription and not at the first request, and repeat() subscribes again as soon as
# a value was passed on. A supplier that takes something (from a queue, a semaphore, an eventfd) thus takes one value that nobody
# requested. If the subscription is cancelled then, the future has completed already, and its value is discarded without an error.
# Mono.create with sink.onRequest begins with the request, so repeat() above it takes what was requested.
#
# Exits with 0 if this is what happens, with 75 if there is no network, and with another status if that has changed.
set -euo pipefail
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
cd "$place"

for artifact in io.projectreactor:reactor-core:3.8.8 org.reactivestreams:reactive-streams:1.0.4; do
    timeout --foreground 200 mvn -B -ntp -q -Dstyle.color=never org.apache.maven.plugins:maven-dependency-plugin:3.11.0:copy -Dartifact=$artifact -DoutputDirectory=lib >/dev/null 2>&1 ||
        { echo "${0##*/}: cannot download $artifact; is there a network?" >&2; exit 75; }
done

cat >Try.java <<'JAVA'
import java.util.ArrayDeque;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import reactor.core.publisher.BaseSubscriber;
import reactor.core.publisher.Mono;

public class Try {
    public static void main(String[] arguments) {
        var queue = new ArrayDeque<>(List.of(1, 2, 3, 4, 5));
        var future = Mono.fromFuture(() -> CompletableFuture.completedFuture(queue.remove()));
        request2("Mono.fromFuture", future);
        System.out.println("left: " + queue);

        queue.clear();
        queue.addAll(List.of(1, 2, 3, 4, 5));
        var create = Mono.<Integer>create(sink -> sink.onRequest(n -> sink.success(queue.remove())));
        request2("Mono.create", create);
        System.out.println("left: " + queue);
    }

    static void request2(String name, Mono<Integer> mono) {
        var subscriber = new BaseSubscriber<Integer>() {
            @Override protected void hookOnSubscribe(org.reactivestreams.Subscription subscription) {
                subscription.request(2);
            }
            @Override protected void hookOnNext(Integer value) {
                System.out.println(name + ": " + value);
            }
        };
        mono.repeat().subscribe(subscriber);
        subscriber.cancel();
    }
}
JAVA
printf '%s\n' "Mono.fromFuture: "{1,2} "left: [4, 5]" "Mono.create: "{1,2} "left: [3, 4, 5]" >expected
timeout --foreground 60 java -cp 'lib/*' Try.java | tee seen
diff expected seen
