package dev.millrace.compose;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption.DoNotIncludeTests;
import org.junit.jupiter.api.Test;

class ArchitectureTest {

    private final JavaClasses compose =
            new ClassFileImporter().withImportOption(new DoNotIncludeTests()).importPackages("dev.millrace.compose");

    @Test
    void onlyTheBrokerTouchesKafkasInsides() {
        noClasses()
                .that()
                .resideOutsideOfPackage("dev.millrace.compose.broker")
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage("kafka..", "org.apache.kafka.metadata..", "org.apache.kafka.server..")
                .check(compose);
    }

    @Test
    void askIsAClientLikeAnyOther() {
        noClasses()
                .that()
                .resideInAPackage("dev.millrace.compose.ask")
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage("dev.millrace.compose.broker", "dev.millrace.worker..", "dev.millrace.gateway..")
                .check(compose);
    }

    @Test
    void theBrokerKnowsNothingOfMillrace() {
        noClasses()
                .that()
                .resideInAPackage("dev.millrace.compose.broker")
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage("dev.millrace.schemas..", "dev.millrace.worker..", "dev.millrace.process..")
                .check(compose);
    }
}
