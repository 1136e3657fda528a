package io.eventfdd.server;

import static com.tngtech.archunit.base.DescribedPredicate.not;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAPackage;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAnyPackage;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.simpleName;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.simpleNameStartingWith;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;

import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchRule;
import com.tngtech.archunit.lang.syntax.elements.GivenClassesConjunction;

import java.util.stream.Stream;

/**
 * Holds the packages of the daemon to their directions: http, fdsocket, handover → idempotency →
 * eventfds → loop.
 */
@AnalyzeClasses(
        packages = "io.eventfdd.server",
        importOptions = ImportOption.DoNotIncludeTests.class)
class ArchitectureTest {
    @ArchTest
    static final ArchRule THE_ENGINE_AND_WHAT_IT_SERVES_KNOW_NEITHER_HTTP_NOR_JSON =
            noClasses()
                    .that()
                    .resideInAnyPackage(
                            "io.eventfdd.server.loop..", "io.eventfdd.server.eventfds..")
                    .should()
                    .dependOnClassesThat()
                    .resideInAnyPackage("io.helidon..", "com.fasterxml..", "java.net.http..")
                    .allowEmptyShould(true);

    @ArchTest
    static final ArchRule THE_ENGINE_KNOWS_NOBODY_ABOVE_IT =
            ofOurs("loop").should().dependOnClassesThat(serverBut("loop")).allowEmptyShould(true);

    @ArchTest
    static final ArchRule EVENTFDS_KNOW_ONLY_THE_ENGINE =
            ofOurs("eventfds")
                    .should()
                    .dependOnClassesThat(serverBut("eventfds", "loop"))
                    .allowEmptyShould(true);

    @ArchTest
    static final ArchRule KEYS_KNOW_ANSWERS_AND_EVENTFDS_AND_NO_EXCHANGE =
            ofOurs("idempotency")
                    .should()
                    .dependOnClassesThat(serverBut("idempotency", "eventfds"))
                    .orShould()
                    .dependOnClassesThat(resideInAPackage("io.helidon.."))
                    .allowEmptyShould(true);

    @ArchTest
    static final ArchRule THE_TRANSPORT_KNOWS_NO_CALLS_AND_NO_EVENTFDS =
            ofOurs("http.transport")
                    .should()
                    .dependOnClassesThat(serverBut("http.transport", "runtime"))
                    .allowEmptyShould(true);

    @ArchTest
    static final ArchRule ONLY_THE_TRANSPORT_KNOWS_CLASSES_OF_THE_JDK_THAT_ARE_NOT_EXPORTED =
            noClasses()
                    .that(not(resideInAPackage("io.eventfdd.server.http.transport..")))
                    .should()
                    .dependOnClassesThat(resideInAPackage("sun.nio.ch.."))
                    .allowEmptyShould(true);

    @ArchTest
    static final ArchRule THE_TWO_SOCKETS_DO_NOT_KNOW_EACH_OTHER =
            slices().matching("io.eventfdd.server.(http|fdsocket|cli)..")
                    .should()
                    .notDependOnEachOther()
                    .allowEmptyShould(true);

    @ArchTest
    static final ArchRule ONLY_HTTP_CONFIG_AND_THE_ROOT_KNOW_HELIDON =
            noClasses()
                    .that(
                            not(
                                    resideInAnyPackage(
                                            "io.eventfdd.server",
                                            "io.eventfdd.server.http..",
                                            "io.eventfdd.server.config..")))
                    .should()
                    .dependOnClassesThat(resideInAPackage("io.helidon.."))
                    .allowEmptyShould(true);

    @ArchTest
    static final ArchRule JNA_STAYS_IN_LINUX =
            noClasses()
                    .should()
                    .dependOnClassesThat()
                    .resideInAPackage("com.sun.jna..")
                    .allowEmptyShould(true);

    @ArchTest
    static final ArchRule ONLY_ITS_OWN_COMMAND_HAS_THE_BRIDGE_ON_ITS_CLASS_PATH =
            noClasses()
                    .that(not(simpleNameStartingWith("Bridge")))
                    .should()
                    .dependOnClassesThat()
                    .resideInAnyPackage("io.eventfdd.bridge..", "io.nats..");

    @ArchTest
    static final ArchRule THE_COMMAND_ITSELF_IS_LOADED_FOR_EVERY_HELP_TEXT =
            noClasses()
                    .that(simpleName("BridgeCommand"))
                    .should()
                    .dependOnClassesThat()
                    .resideInAnyPackage("io.eventfdd.bridge..", "io.nats..");

    @ArchTest
    static final ArchRule NAMES_SAY_WHAT_A_CLASS_IS =
            noClasses()
                    .should()
                    .haveNameMatching(".*(Impl|Utils?|Helper|Manager)$")
                    .allowEmptyShould(true);

    @ArchTest
    static final ArchRule NO_CYCLES =
            slices().matching("io.eventfdd.server.(*)..")
                    .should()
                    .beFreeOfCycles()
                    .allowEmptyShould(true);

    private static GivenClassesConjunction ofOurs(String room) {
        return noClasses().that().resideInAPackage("io.eventfdd.server." + room + "..");
    }

    /** The server's classes that are in none of {@code rooms}. */
    private static DescribedPredicate<JavaClass> serverBut(String... rooms) {
        var known =
                Stream.of(rooms)
                        .map(room -> "io.eventfdd.server." + room + "..")
                        .toArray(String[]::new);
        return resideInAPackage("io.eventfdd.server..").and(not(resideInAnyPackage(known)));
    }
}
