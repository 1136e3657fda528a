package io.eventfdd.server.fdsocket;

import io.eventfdd.client.ProblemType;
import io.eventfdd.internal.linux.ErrnoException;
import io.eventfdd.internal.linux.SeqPacketSocket;
import io.eventfdd.internal.wire.ProblemDocument;
import io.eventfdd.server.loop.EventLoop;

import java.io.IOException;
import java.lang.System.Logger.Level;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * Decides who becomes one of the {@linkplain FdClients clients}: whoever comes within the limit of
 * connections, and another daemon that takes over. It tells everybody else the reason. Belongs to
 * the loop's thread.
 */
final class Admission implements Acceptor.Host {
    private static final System.Logger LOGGER = System.getLogger(Admission.class.getName());
    private static final byte[] NO_DESCRIPTORS =
            ProblemDocument.bytes(
                    ProblemType.LIMIT.problem(
                            "open files: the daemon has no descriptor for another connection"));

    private final EventLoop loop;
    private final FdClients clients;

    /** Those above the limit that have yet to say what they want. */
    private final Set<Latecomer> latecomers = new HashSet<>();

    Admission(EventLoop loop, FdClients clients) {
        this.loop = loop;
        this.clients = clients;
    }

    @Override
    public boolean hasRoom() {
        var limits = clients.limits();
        return clients.count() < limits.connections() + limits.told();
    }

    @Override
    public void arrived(SeqPacketSocket socket) {
        clients.opened();
        try {
            if (clients.count() <= clients.limits().connections()) {
                clients.serve(socket);
            } else if (FdCalls.mayTakeOver(socket.peer().uid())) {
                latecomers.add(new Latecomer(loop, socket, this::judge));
            } else {
                refuse(socket, tooMany());
            }
        } catch (ErrnoException e) {
            LOGGER.log(Level.WARNING, "cannot serve a client: {0}", e.getMessage());
            refuse(socket, NO_DESCRIPTORS);
        }
    }

    private void judge(Latecomer latecomer, SeqPacketSocket socket) throws IOException {
        latecomers.remove(latecomer);
        if (FdRequests.isTakeover(socket.peekBytes(clients.buffer()))) {
            clients.serve(socket);
        } else {
            refuse(socket, tooMany());
        }
    }

    @Override
    public void noDescriptors(SeqPacketSocket socket) {
        clients.opened();
        refuse(socket, NO_DESCRIPTORS);
    }

    private byte[] tooMany() {
        return ProblemDocument.bytes(
                ProblemType.LIMIT.problem(
                        "max-fd-connections: there are "
                                + clients.limits().connections()
                                + " connections already"));
    }

    private void refuse(SeqPacketSocket socket, byte[] why) {
        try {
            socket.send(clients.buffer(), why, List.of());
        } catch (ErrnoException e) {
            LOGGER.log(Level.DEBUG, "a client that is refused: {0}", e.getMessage());
        }
        clients.dismiss(socket);
    }

    /** Decides about everybody who is there, by what they have said so far. */
    void decide() throws IOException {
        assert loop.inLoop();
        for (var latecomer : List.copyOf(latecomers)) {
            latecomer.decide();
        }
    }
}
