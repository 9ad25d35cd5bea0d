package dev.millrace.gateway;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption.DoNotIncludeTests;
import com.tngtech.archunit.library.Architectures;
import org.junit.jupiter.api.Test;

class ArchitectureTest {
    private static final JavaClasses CLASSES =
            new ClassFileImporter().withImportOption(new DoNotIncludeTests()).importPackages("dev.millrace.gateway");

    @Test
    void packagesFollowThePathOfAPrompt() {
        Architectures.layeredArchitecture()
                .consideringOnlyDependenciesInLayers()
                .layer("process")
                .definedBy("dev.millrace.gateway")
                .layer("http")
                .definedBy("dev.millrace.gateway.http")
                .layer("session")
                .definedBy("dev.millrace.gateway.session")
                .layer("dialect")
                .definedBy("dev.millrace.gateway.dialect")
                .layer("kafka")
                .definedBy("dev.millrace.gateway.kafka")
                .whereLayer("process")
                .mayNotBeAccessedByAnyLayer()
                .whereLayer("http")
                .mayOnlyBeAccessedByLayers("process")
                .whereLayer("session")
                .mayOnlyBeAccessedByLayers("process", "http")
                .whereLayer("dialect")
                .mayOnlyBeAccessedByLayers("process", "http", "session")
                .whereLayer("kafka")
                .mayOnlyBeAccessedByLayers("process", "session")
                .check(CLASSES);
    }

    @Test
    void neitherWorkerNorComposeIsKnownHere() {
        noClasses()
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage("dev.millrace.worker..", "dev.millrace.compose..")
                .check(CLASSES);
    }

    @Test
    void sessionsAndSocketsKnowNoKafka() {
        noClasses()
                .that()
                .resideInAnyPackage(
                        "dev.millrace.gateway.http", "dev.millrace.gateway.session", "dev.millrace.gateway.dialect")
                .should()
                .dependOnClassesThat()
                .resideInAPackage("org.apache.kafka..")
                .check(CLASSES);
    }

    @Test
    void onlyThePackageHttpKnowsSockets() {
        noClasses()
                .that()
                .resideOutsideOfPackage("dev.millrace.gateway.http")
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage("io.vertx.core.http..", "io.netty..")
                .check(CLASSES);
    }
}
