package dev.millrace.process;

import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.function.Function;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * How the text of a setting becomes a value.
 *
 * @param placeholder stands for the value in the help
 * @param rule completes the sentence "must be ..."
 * @param mayBeSecret whether a value of this type is hidden when the setting's name sounds like a secret
 * @param parse throws any runtime exception for a text that breaks the rule
 */
record SettingType<T>(String placeholder, String rule, boolean mayBeSecret, Function<String, T> parse) {
    static final SettingType<String> TEXT = new SettingType<>("TEXT", "a text", true, text -> text);

    static final SettingType<String> SOME_TEXT = new SettingType<>("TEXT", "a text that is not blank", true, text -> {
        require(!text.isBlank());
        return text;
    });

    static final SettingType<Path> PATH = new SettingType<>("PATH", "a path", true, text -> {
        require(!text.isBlank());
        return Path.of(text);
    });

    static final SettingType<List<String>> LIST = new SettingType<>(
            "A,B,...",
            "texts with commas between them",
            true,
            text -> Stream.of(text.split(","))
                    .map(String::strip)
                    .filter(item -> !item.isEmpty())
                    .toList());

    static final SettingType<Boolean> FLAG = new SettingType<>("true|false", "true or false", false, text -> {
        require(text.equals("true") || text.equals("false"));
        return text.equals("true");
    });

    static final SettingType<Duration> DURATION =
            new SettingType<>("DURATION", "a number with a unit, as in 500ms, 30s, 5m, 2h or 7d", false, text -> {
                Matcher parts = Pattern.compile("(\\d+)(ms|s|m|h|d)").matcher(text);
                require(parts.matches());
                long number = Long.parseLong(parts.group(1));
                return switch (parts.group(2)) {
                    case "ms" -> Duration.ofMillis(number);
                    case "s" -> Duration.ofSeconds(number);
                    case "m" -> Duration.ofMinutes(number);
                    case "h" -> Duration.ofHours(number);
                    default -> Duration.ofDays(number);
                };
            });

    static final SettingType<URI> URL = new SettingType<>("URL", "an http or https URL", true, text -> {
        URI url = URI.create(text);
        require(url.getHost() != null && ("http".equals(url.getScheme()) || "https".equals(url.getScheme())));
        return url;
    });

    static SettingType<Integer> integer(int min, int max) {
        return new SettingType<>("NUMBER", "a whole number from " + min + " to " + max, false, text -> {
            int number = Integer.parseInt(text);
            require(number >= min && number <= max);
            return number;
        });
    }

    /** A duration in the syntax that {@link #DURATION} reads. */
    static String text(Duration duration) {
        long ms = duration.toMillis();
        return ms % 1_000 == 0 ? ms / 1_000 + "s" : ms + "ms";
    }

    private static void require(boolean holds) {
        if (!holds) {
            throw new IllegalArgumentException();
        }
    }
}
