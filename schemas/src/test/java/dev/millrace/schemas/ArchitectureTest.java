package dev.millrace.schemas;

import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAPackage;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideOutsideOfPackages;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import org.junit.jupiter.api.Test;

class ArchitectureTest {
    private static final JavaClasses CLASSES = new ClassFileImporter()
            .withImportOption(new ImportOption.DoNotIncludeTests())
            .importPackages("dev.millrace.schemas", "dev.millrace.process");

    @Test
    void nothingHereKnowsWorkerOrGateway() {
        noClasses()
                .should()
                .dependOnClassesThat(resideInAPackage("dev.millrace..")
                        .and(resideOutsideOfPackages("dev.millrace.schemas..", "dev.millrace.process..")))
                .check(CLASSES);
    }

    @Test
    void processKnowsNeitherEventsNorKafka() {
        noClasses()
                .that()
                .resideInAPackage("dev.millrace.process..")
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage("org.apache.avro..", "org.apache.kafka..", "dev.millrace.schemas..")
                .check(CLASSES);
    }

    @Test
    void schemasKnowsNeitherVertxNorProcess() {
        noClasses()
                .that()
                .resideInAPackage("dev.millrace.schemas..")
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage("io.vertx..", "dev.millrace.process..")
                .check(CLASSES);
    }
}
