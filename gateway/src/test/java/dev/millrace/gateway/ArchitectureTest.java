package dev.millrace.gateway;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption.DoNotIncludeTests;
import org.junit.jupiter.api.Test;

class ArchitectureTest {

    @Test
    void gatewayNeverSeesTheWorker() {
        JavaClasses gateway = new ClassFileImporter()
                .withImportOption(new DoNotIncludeTests())
                .importPackages("dev.millrace.gateway");

        noClasses()
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage("dev.millrace.worker..", "dev.millrace.compose..")
                .check(gateway);
    }
}
