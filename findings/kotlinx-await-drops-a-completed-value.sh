#!/usr/bin/env bash
# kotlinx-coroutines 1.11.0: CompletionStage.await() drops the value of a future that completed before the coroutine was cancelled.
#
# A coroutine waits in await(), its future completes with a value, and the coroutine is cancelled before its dispatcher
# runs it again. await() then throws CancellationException, and the value is gone: the future is neither cancelled nor failed,
# so whatever the value stands for (a permit, a connection, a message) was handed out and has no owner. This is the "prompt
# cancellation guarantee"; the documentation of await() says only that it cancels the future. A suspend function of one's own
# can take the value back, by CancellableContinuation.resume(value) { … }. Java calls the library here, as Kotlin would.
#
# Exits with 0 if this is what happens, with 75 if there is no network, and with another status if that has changed.
set -euo pipefail
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
cd "$place"

for artifact in org.jetbrains.kotlinx:kotlinx-coroutines-core-jvm:1.11.0 org.jetbrains.kotlin:kotlin-stdlib:2.4.21; do
    timeout --foreground 200 mvn -B -ntp -q -Dstyle.color=never org.apache.maven.plugins:maven-dependency-plugin:3.11.0:copy -Dartifact=$artifact -DoutputDirectory=lib >/dev/null 2>&1 ||
        { echo "${0##*/}: cannot download $artifact; is there a network?" >&2; exit 75; }
done

cat >Try.java <<'JAVA'
import java.util.ArrayDeque;
import java.util.concurrent.CompletableFuture;
import kotlinx.coroutines.BuildersKt;
import kotlinx.coroutines.CoroutineStart;
import kotlinx.coroutines.Deferred;
import kotlinx.coroutines.ExecutorsKt;
import kotlinx.coroutines.GlobalScope;
import kotlinx.coroutines.future.FutureKt;

public class Try {
    public static void main(String[] arguments) {
        await(false);
        await(true);
    }

    static void await(boolean cancel) {
        var tasks = new ArrayDeque<Runnable>();
        var dispatcher = ExecutorsKt.from(tasks::add);
        var future = new CompletableFuture<String>();
        Deferred<String> coroutine = BuildersKt.async(GlobalScope.INSTANCE, dispatcher, CoroutineStart.UNDISPATCHED,
                (scope, continuation) -> FutureKt.await(future, continuation));
        future.complete("a permit");
        if (cancel) {
            coroutine.cancel(null);
        }
        while (!tasks.isEmpty()) {
            tasks.remove().run();
        }
        var failure = coroutine.getCompletionExceptionOrNull();
        System.out.println("await(): " + (failure == null ? coroutine.getCompleted() : failure.getClass().getSimpleName())
                + "; the future: " + future.join());
    }
}
JAVA
printf 'await(): %s; the future: a permit\n' "a permit" JobCancellationException >expected
timeout --foreground 60 java -cp 'lib/*' Try.java 2>warnings | tee seen
diff expected seen
