package dev.millrace.worker.engine;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class EngineSoakTest {
    @ParameterizedTest
    @CsvSource({"1, 0", "2, 1000", "3, 1000000"})
    void leavesNothingBehind(long seed, long hostBytes) {
        FakeDecoder decoder = new FakeDecoder(9, 700, 62);
        EngineSoak soak = new EngineSoak(decoder, FakeDecoder.VOCABULARY, 6, hostBytes, seed);

        for (int i = 0; i < 2000; i++) {
            soak.operate();
        }
        soak.settle();

        assertThat(decoder.savedTokens()).isZero();
        assertThat(soak.finished()).isGreaterThan(100);
        assertThat(soak.preemptions()).isPositive();
        assertThat(soak.completions())
                .isNotEmpty()
                .allSatisfy(completed -> assertThat(completed.getValue())
                        .isEqualTo(FakeDecoder.completion(
                                completed.getKey().promptTokens(),
                                completed.getValue().size())));
    }
}
