package dev.millrace.schemas.protocol;

import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.schemas.protocol.Checker.Finding;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.EnumSource.Mode;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * The protocol keeps its promises within bounds, and none of its rules can be spared. With {@code
 * -Dprotocol.bounds=large} the bounds are wider: that takes a minute or two, and a heap of 6 GiB.
 */
class ProtocolTest {
    /** For each rule what the checker finds without it. The test leaves what it found in target. */
    private static final Path COUNTEREXAMPLES = Path.of("../docs/counterexamples.md");

    private static final List<Bounds> SMALL = List.of(
            Bounds.sessions(3).models(2).withCancellation(),
            Bounds.sessions(3).models(2).withPromptLater(),
            Bounds.sessions(2).models(2).failures(1).withCancellation().withPromptLater(),
            Bounds.sessions(1).failures(3),
            Bounds.sessions(3).failures(1),
            Bounds.sessions(2).failures(1).metadataLosses(1),
            Bounds.sessions(3).metadataLosses(1),
            Bounds.sessions(3).models(2).trims(1),
            Bounds.sessions(2).failures(1).withClocksBehind(),
            Bounds.sessions(2).copies(2).failures(1).withClocksBehind(),
            Bounds.sessions(3).metadataLosses(1).withClocksBehind().withSilentDead());

    private static final List<Bounds> LARGE = List.of(
            Bounds.sessions(3).models(2).failures(1),
            Bounds.sessions(2).models(2).failures(2).withCancellation(),
            Bounds.sessions(3).failures(1).metadataLosses(1),
            Bounds.sessions(3).copies(2).withClocksBehind(),
            Bounds.sessions(2).failures(3),
            Bounds.sessions(4));

    /** Where to look for a counterexample, the simplest first. */
    private static final List<Bounds> SIMPLE = List.of(
            Bounds.sessions(2),
            Bounds.sessions(2).withCancellation(),
            Bounds.sessions(2).trims(1),
            Bounds.sessions(1).failures(1),
            Bounds.sessions(2).withPromptLater(),
            Bounds.sessions(2).models(2),
            Bounds.sessions(2).models(2).failures(1),
            Bounds.sessions(2).metadataLosses(1),
            Bounds.sessions(2).withClocksBehind(),
            Bounds.sessions(2).copies(2).withClocksBehind(),
            Bounds.sessions(2).metadataLosses(1).withClocksBehind().withSilentDead());

    static Stream<Bounds> bounds() {
        return Stream.concat(
                SMALL.stream(), "large".equals(System.getProperty("protocol.bounds")) ? LARGE.stream() : Stream.of());
    }

    @ParameterizedTest
    @MethodSource("bounds")
    void everyPromiseIsKept(Bounds bounds) {
        Finding finding = Checker.check(new Protocol(bounds, Set.of()));

        System.out.printf("The protocol holds in %,d states (%s)%n", finding.states(), bounds);
        assertThat(finding.violation()).as(() -> told(finding)).isNull();
    }

    @ParameterizedTest
    @EnumSource(mode = Mode.EXCLUDE, names = "COPY_IS_LEFT")
    void noRuleCanBeSpared(Rule rule) throws IOException {
        String told = told(rule);

        System.out.println(told);
        Path directory = Files.createDirectories(Path.of("target/counterexamples"));
        Files.writeString(directory.resolve(rule.number + ".md"), told);
        assertThat(told).contains("1. ");
        assertThat(Files.readString(COUNTEREXAMPLES)).contains(told);
    }

    /** Two owners that claim above each other stop by themselves: what readers see never depended on one giving way. */
    @Test
    void leavingACopyToItsOtherOwnerSavesWorkAndNothingElse() {
        Bounds bounds = Bounds.sessions(2).copies(2).failures(1).withClocksBehind();

        Finding finding = Checker.check(new Protocol(bounds, Set.of(Rule.COPY_IS_LEFT)));

        assertThat(finding.violation()).isNull();
    }

    /** What docs/protocol.md does not promise. */
    @Test
    void lostMetadataAndAClockBehindCostThePromptAndNoReader() {
        Protocol protocol = new Protocol(Bounds.sessions(2).metadataLosses(1).withClocksBehind(), Set.of());

        assertThat(Checker.check(protocol).violation()).contains("the prompt never ends");
        assertThat(Checker.checkReaders(protocol).violation()).isNull();
    }

    private static String told(Rule rule) {
        for (Bounds bounds : SIMPLE) {
            Finding finding = Checker.check(new Protocol(bounds, Set.of(rule)));
            if (finding.violation() != null) {
                return "## Without " + rule + "\n\n" + "With " + bounds + ", after " + finding.states() + " states:\n\n"
                        + told(finding);
            }
        }
        return "## Without " + rule + "\n\nNothing was found.";
    }

    private static String told(Finding finding) {
        List<String> lines = new ArrayList<>();
        for (String step : finding.trace()) {
            lines.add((lines.size() + 1) + ". " + step);
        }
        return String.join("\n", lines) + "\n\nSo: " + finding.violation() + ".\n";
    }
}
