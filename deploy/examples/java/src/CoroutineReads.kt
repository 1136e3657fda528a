import io.eventfdd.client.Eventfd
import io.eventfdd.client.EventfddClient
import io.eventfdd.client.EventfdSpec
import java.nio.file.Path
import java.util.concurrent.CompletableFuture
import java.util.concurrent.TimeUnit
import java.util.concurrent.TimeoutException
import kotlin.coroutines.resumeWithException
import kotlin.system.exitProcess
import kotlin.time.Duration
import kotlin.time.Duration.Companion.milliseconds
import kotlin.time.Duration.Companion.seconds
import kotlinx.coroutines.CoroutineStart
import kotlinx.coroutines.async
import kotlinx.coroutines.awaitAll
import kotlinx.coroutines.cancelAndJoin
import kotlinx.coroutines.coroutineScope
import kotlinx.coroutines.launch
import kotlinx.coroutines.runBlocking
import kotlinx.coroutines.suspendCancellableCoroutine

// Reads of an eventfd that suspend a coroutine and not a thread, and lose nothing when the coroutine is cancelled. To run it, in the
// checkout:
//
//     mvn -q -Pexamples -DskipTests package
//     server/bin/eventfdd serve --runtime-dir /tmp/eventfdd            # in a shell of its own
//     java --enable-native-access=ALL-UNNAMED -cp 'deploy/examples/java/target/lib/*' CoroutineReads /tmp/eventfdd permits
//
// `readAsync().await()` of kotlinx-coroutines is nearly this. It cancels the future with the coroutine, which then takes nothing. But
// a coroutine that is cancelled after its value came, and before it ran again, gets the cancellation and no value (the "prompt
// cancellation guarantee" of suspendCancellableCoroutine): what await() had is lost, and here it goes back.

/** Takes the count, or 1 of a semaphore; suspends while it is 0. A coroutine that is cancelled took nothing. */
suspend fun Eventfd.receive(): Long = received(readAsync())

/**
 * As [receive], for at most [timeout]. The time belongs to the future: `withTimeout` around a receive can end just when the receive
 * has returned, and would drop the value.
 */
@Throws(TimeoutException::class)
suspend fun Eventfd.receive(timeout: Duration): Long =
    received(readAsync().orTimeout(timeout.inWholeNanoseconds, TimeUnit.NANOSECONDS))

private suspend fun Eventfd.received(read: CompletableFuture<Long>): Long =
    suspendCancellableCoroutine { continuation ->
        read.whenComplete { value, failure ->
            if (failure != null) {
                continuation.resumeWithException(failure)
            } else {
                // Called if the coroutine is cancelled before it runs again. A write does not block.
                continuation.resume(value) { _, unused, _ -> write(unused) }
            }
        }
        continuation.invokeOnCancellation { read.cancel(false) }
    }

private const val ROUNDS = 200

object CoroutineReads {
    @JvmStatic
    fun main(arguments: Array<String>) {
        if (arguments.size != 2) {
            System.err.println("usage: CoroutineReads DIR NAME")
            exitProcess(2)
        }
        EventfddClient.connect(Path.of(arguments[0])).use { client ->
            client.open(arguments[1], EventfdSpec.semaphoreOf(0)).use { permits -> runBlocking { run(permits) } }
        }
    }

    private suspend fun run(permits: Eventfd) = coroutineScope {
        val workers = List(3) { async { permits.receive() } }
        permits.write(3)
        println("three coroutines took ${workers.awaitAll()}")

        try {
            permits.receive(10.milliseconds)
        } catch (e: TimeoutException) {
            println("timed out")
        }

        val waiting = launch(start = CoroutineStart.UNDISPATCHED) { permits.receive() }
        waiting.cancel()
        permits.write(1)
        println("cancelled: left ${permits.count()}")
        permits.receive()

        // This thread is the only one that runs the coroutines: each is cancelled when its permit was taken, but it did not run again.
        var back = 0L
        repeat(ROUNDS) {
            val late = launch(start = CoroutineStart.UNDISPATCHED) { permits.receive() }
            permits.write(1)
            while (permits.count() != 0L) {
                Thread.onSpinWait()
            }
            late.cancelAndJoin()
            back += permits.receive(5.seconds)
        }
        println("cancelled with a permit on the way: $back of $ROUNDS went back")
    }
}
