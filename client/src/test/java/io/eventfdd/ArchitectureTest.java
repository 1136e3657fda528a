package io.eventfdd;

import static com.tngtech.archunit.base.DescribedPredicate.not;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.belongToAnyOf;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAnyPackage;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideOutsideOfPackage;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.type;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;

import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchRule;

import io.eventfdd.client.Problem;
import io.eventfdd.client.ProblemType;
import io.eventfdd.internal.wire.ProblemException;

import java.io.Closeable;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;

/**
 * Holds the packages of the library to their directions: raw and http → reactor, wire → linux. The
 * API and what implements it know each other.
 */
@AnalyzeClasses(packages = "io.eventfdd", importOptions = ImportOption.DoNotIncludeTests.class)
class ArchitectureTest {
    @ArchTest
    static final ArchRule ONE_CLASS_KNOWS_JNA =
            noClasses()
                    .that()
                    .doNotHaveFullyQualifiedName("io.eventfdd.internal.linux.JnaLibc")
                    .should()
                    .dependOnClassesThat()
                    .resideInAPackage("com.sun.jna..")
                    .allowEmptyShould(true);

    @ArchTest
    static final ArchRule LINUX_KNOWS_NO_OTHER_PACKAGE_OF_OURS_AND_NEITHER_JSON_NOR_HTTP =
            noClasses()
                    .that()
                    .resideInAPackage("io.eventfdd.internal.linux..")
                    .should()
                    .dependOnClassesThat(
                            resideInAnyPackage(
                                            "io.eventfdd..", "com.fasterxml..", "org.apache.hc..")
                                    .and(resideOutsideOfPackage("io.eventfdd.internal.linux..")))
                    .allowEmptyShould(true);

    @ArchTest
    static final ArchRule WIRE_KNOWS_ONLY_THE_VALUES_OF_THE_API =
            noClasses()
                    .that()
                    .resideInAPackage("io.eventfdd.internal.wire..")
                    .should()
                    .dependOnClassesThat(
                            resideInAnyPackage("io.eventfdd..")
                                    .and(
                                            not(
                                                    resideInAnyPackage(
                                                            "io.eventfdd.client..",
                                                            "io.eventfdd.internal.wire.."))))
                    .allowEmptyShould(true);

    @ArchTest
    static final ArchRule THE_API_THROWS_ITS_OWN_EXCEPTIONS =
            noClasses()
                    .that()
                    .resideInAPackage("io.eventfdd.client..")
                    .should()
                    .callConstructor(ProblemException.class, Problem.class)
                    .orShould()
                    .callConstructor(ProblemException.class, ProblemType.class, String.class);

    @ArchTest
    static final ArchRule RAW_AND_HTTP_DO_NOT_KNOW_EACH_OTHER =
            slices().matching("io.eventfdd.internal.(raw|http)..")
                    .should()
                    .notDependOnEachOther()
                    .allowEmptyShould(true);

    @ArchTest
    static final ArchRule WIRE_DOES_NO_IO =
            noClasses()
                    .that()
                    .resideInAPackage("io.eventfdd.internal.wire..")
                    .should()
                    .dependOnClassesThat(
                            resideInAnyPackage(
                                            "java.io..",
                                            "java.net..",
                                            "java.nio.channels..",
                                            "java.nio.file..",
                                            "org.apache.hc..",
                                            "io.helidon..")
                                    // Jackson's parsers declare them, also those of an array
                                    .and(not(belongToAnyOf(Closeable.class, IOException.class)))
                                    .and(not(type(UncheckedIOException.class)))
                                    // a name of a place, which touches nothing
                                    .and(not(type(Path.class))))
                    .allowEmptyShould(true);

    @ArchTest
    static final ArchRule NAMES_SAY_WHAT_A_CLASS_IS =
            noClasses()
                    .should()
                    .haveNameMatching(".*(Impl|Utils?|Helper|Manager)$")
                    .allowEmptyShould(true);

    @ArchTest
    static final ArchRule NO_CYCLES =
            slices().matching("io.eventfdd.internal.(*)..")
                    .should()
                    .beFreeOfCycles()
                    .allowEmptyShould(true);
}
