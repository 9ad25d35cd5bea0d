package dev.millrace.worker;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;

import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.domain.JavaModifier;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.library.Architectures;
import org.junit.jupiter.api.Test;

class ArchitectureTest {
    private static final JavaClasses CLASSES = new ClassFileImporter()
            .withImportOption(new ImportOption.DoNotIncludeTests())
            .importPackages("dev.millrace.worker");

    @Test
    void packagesFollowThePathOfAPrompt() {
        Architectures.layeredArchitecture()
                .consideringOnlyDependenciesInLayers()
                .layer("process")
                .definedBy("dev.millrace.worker")
                .layer("kafka")
                .definedBy("dev.millrace.worker.kafka")
                .layer("engine")
                .definedBy("dev.millrace.worker.engine")
                .layer("grammar")
                .definedBy("dev.millrace.worker.grammar")
                .layer("llama")
                .definedBy("dev.millrace.worker.llama")
                .whereLayer("process")
                .mayNotBeAccessedByAnyLayer()
                .whereLayer("kafka")
                .mayOnlyBeAccessedByLayers("process")
                .whereLayer("engine")
                .mayOnlyBeAccessedByLayers("process", "kafka")
                .whereLayer("grammar")
                .mayOnlyBeAccessedByLayers("engine")
                .whereLayer("llama")
                .mayOnlyBeAccessedByLayers("process", "kafka", "engine", "grammar")
                .check(CLASSES);
    }

    @Test
    void neitherGatewayNorComposeIsKnownHere() {
        noClasses()
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage("dev.millrace.gateway..", "dev.millrace.compose..")
                .check(CLASSES);
    }

    @Test
    void onlyThePackageKafkaKnowsKafka() {
        noClasses()
                .that()
                .resideOutsideOfPackage("dev.millrace.worker.kafka")
                .should()
                .dependOnClassesThat()
                .resideInAPackage("org.apache.kafka..")
                .check(CLASSES);
    }

    @Test
    void theEngineKnowsNoVertx() {
        noClasses()
                .that()
                .resideInAnyPackage(
                        "dev.millrace.worker.engine", "dev.millrace.worker.grammar", "dev.millrace.worker.llama")
                .should()
                .dependOnClassesThat()
                .resideInAPackage("io.vertx..")
                .check(CLASSES);
    }

    @Test
    void nativeMethodsStandInThePackageLlama() {
        classes()
                .that()
                .containAnyMethodsThat(DescribedPredicate.describe(
                        "are native", method -> method.getModifiers().contains(JavaModifier.NATIVE)))
                .should()
                .resideInAPackage("dev.millrace.worker.llama")
                .check(CLASSES);
    }
}
