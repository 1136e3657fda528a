package io.eventfdd.server;

import static com.tngtech.archunit.base.DescribedPredicate.not;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAPackage;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAnyPackage;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;

import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchRule;

/**
 * Holds the packages of the daemon to their directions: http, fdsocket, cli → loop → linux,
 * protocol.
 */
@AnalyzeClasses(
        packages = "io.eventfdd.server",
        importOptions = ImportOption.DoNotIncludeTests.class)
class ArchitectureTest {
    @ArchTest
    static final ArchRule LOOP_KNOWS_NEITHER_HTTP_NOR_JSON =
            noClasses()
                    .that()
                    .resideInAPackage("io.eventfdd.server.loop..")
                    .should()
                    .dependOnClassesThat()
                    .resideInAnyPackage("io.helidon..", "com.fasterxml..")
                    .allowEmptyShould(true);

    @ArchTest
    static final ArchRule LOOP_KNOWS_NOBODY_ABOVE_IT =
            noClasses()
                    .that()
                    .resideInAPackage("io.eventfdd.server.loop..")
                    .should()
                    .dependOnClassesThat()
                    .resideInAnyPackage(
                            "io.eventfdd.server",
                            "io.eventfdd.server.http..",
                            "io.eventfdd.server.fdsocket..",
                            "io.eventfdd.server.cli..",
                            "io.eventfdd.client..")
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
}
