package io.eventfdd.bridge;

import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAPackage;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAnyPackage;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;

import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchRule;

/** Holds the packages of the bridge to their directions: link → nats, daemon → config, status. */
@AnalyzeClasses(
        packages = "io.eventfdd.bridge",
        importOptions = ImportOption.DoNotIncludeTests.class)
class ArchitectureTest {
    @ArchTest
    static final ArchRule ONLY_ONE_PACKAGE_KNOWS_THE_CLIENT_OF_NATS =
            noClasses()
                    .that(DescribedPredicate.not(resideInAPackage("io.eventfdd.bridge.nats..")))
                    .should()
                    .dependOnClassesThat(resideInAPackage("io.nats.."));

    @ArchTest
    static final ArchRule ONLY_ONE_PACKAGE_CALLS_THE_DAEMON =
            noClasses()
                    .that(DescribedPredicate.not(resideInAPackage("io.eventfdd.bridge.daemon..")))
                    .should()
                    .dependOnClassesThat(resideInAPackage("io.eventfdd.internal.http.."));

    @ArchTest
    static final ArchRule WHAT_LINKS_ARE_MADE_OF_KNOWS_NO_LINKS =
            noClasses()
                    .that(
                            resideInAnyPackage(
                                    "io.eventfdd.bridge.config..",
                                    "io.eventfdd.bridge.daemon..",
                                    "io.eventfdd.bridge.nats..",
                                    "io.eventfdd.bridge.status.."))
                    .should()
                    .dependOnClassesThat(resideInAPackage("io.eventfdd.bridge.link.."));

    @ArchTest
    static final ArchRule NO_CYCLES =
            slices().matching("io.eventfdd.bridge.(*)..").should().beFreeOfCycles();
}
