package dev.millrace.process;

import dev.millrace.process.SettingSources.Found;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * The settings of one process. Each may stand in a properties file that {@code --config FILE} names, in the
 * environment ({@code kafka-port} as {@code KAFKA_PORT}), or on the command line as {@code --name value} or
 * {@code --name=value}; later wins.
 *
 * <p>A process asks once for each setting, by an accessor that says in one line what it is for; {@link #help} and
 * {@link #describe} are made from these calls. An accessor never throws: a bad value is noted, the fallback returned,
 * and {@link #check} throws for all of them together. So: ask for all, then check, then use.
 *
 * <p>Owned by the thread that starts the process.
 */
public final class Settings {
    private static final List<String> SECRETS = List.of("password", "secret", "token", "key", "credential", "jaas");
    private static final String HIDDEN = "…";
    /** Of a URL: user:password before the host. */
    private static final Pattern USER_INFO = Pattern.compile("(://)[^/\\s]*@");

    /** One call of an accessor. */
    private record Asked(String placeholder, String fallback, String description) {}

    private final SettingSources sources;
    private final List<String> problems = new ArrayList<>();
    private final Map<String, Asked> asked = new LinkedHashMap<>();
    private final Map<String, String> effective = new LinkedHashMap<>();
    private final List<String> prefixes = new ArrayList<>();

    /** From the arguments of main and this process's environment. */
    public static Settings of(String... commandLine) {
        return new Settings(List.of(commandLine), System.getenv());
    }

    /** With an environment of the caller's choice. */
    public Settings(List<String> commandLine, Map<String, String> environment) {
        sources = new SettingSources(commandLine, environment, problems);
        optional(SettingSources.CONFIG, "A properties file with settings");
    }

    /** Any text. */
    public String text(String name, String fallback, String description) {
        return value(name, SettingType.TEXT, fallback, fallback, description);
    }

    /** A text that has to be given and is not blank; empty when it was not, and then {@link #check} throws. */
    public String required(String name, String description) {
        requireGiven(name);
        return value(name, SettingType.SOME_TEXT, "", "required", description);
    }

    /** A text that is not blank, or null when none was given. */
    public @Nullable String optional(String name, String description) {
        String text = value(name, SettingType.SOME_TEXT, "", "none", description);
        return text.isEmpty() ? null : text;
    }

    /** A whole number between two bounds, both allowed. */
    public int integer(String name, int fallback, int min, int max, String description) {
        return value(name, SettingType.integer(min, max), fallback, Integer.toString(fallback), description);
    }

    /** A port to listen on; 0 takes any free one. */
    public int port(String name, int fallback, String description) {
        return integer(name, fallback, 0, 65_535, description);
    }

    /** An http or https URL, or null when none was given. What stands before its host is not shown. */
    public @Nullable URI optionalUrl(String name, String description) {
        URI none = URI.create("");
        URI url = value(name, SettingType.URL, none, "none", description);
        return url.equals(none) ? null : url;
    }

    /** A path; whether anything is there is not looked at. */
    public Path path(String name, Path fallback, String description) {
        return value(name, SettingType.PATH, fallback, fallback.toString(), description);
    }

    /** A path that has to be given; empty when it was not, and then {@link #check} throws. */
    public Path requiredPath(String name, String description) {
        requireGiven(name);
        return value(name, SettingType.PATH, Path.of(""), "required", description);
    }

    /** A path, or null when none was given. */
    public @Nullable Path optionalPath(String name, String description) {
        Path none = Path.of("");
        Path path = value(name, SettingType.PATH, none, "none", description);
        return path.equals(none) ? null : path;
    }

    /** A time with its unit, as in {@code 500ms}, {@code 30s}, {@code 5m}, {@code 2h}, {@code 7d}. */
    public Duration duration(String name, Duration fallback, String description) {
        return value(name, SettingType.DURATION, fallback, SettingType.text(fallback), description);
    }

    /** Texts with commas between them; blanks around them do not count, nor do empty ones. */
    public List<String> list(String name, List<String> fallback, String description) {
        return value(name, SettingType.LIST, fallback, String.join(",", fallback), description);
    }

    /** True or false; on the command line {@code --name} alone means true. False where it is not given. */
    public boolean flag(String name, String description) {
        return value(name, SettingType.FLAG, false, "false", description);
    }

    /**
     * All settings whose name begins with the prefix, untouched, by their names without it: for a library's own
     * properties. In the environment {@code KAFKA_MAX_POLL_RECORDS} is {@code kafka.max.poll.records}; a variable that
     * belongs to another setting is left out, so ask for these last.
     *
     * @param prefix with the dot at its end
     */
    public Map<String, String> prefixed(String prefix, String description) {
        asked.put(prefix + "*", new Asked("TEXT", "none", description));
        prefixes.add(prefix);
        Map<String, String> properties = new TreeMap<>();
        sources.findAll(prefix, asked.keySet()).forEach((name, found) -> {
            if (found.text() == null) {
                problems.add(prefix + name + " needs a value");
            } else {
                properties.put(name, found.text());
                effective.put(prefix + name, shown(prefix + name, found.text()) + " (" + found.source() + ")");
            }
        });
        return properties;
    }

    private void requireGiven(String name) {
        if (sources.find(name) == null) {
            problems.add(name + " is required: --" + name + " or " + SettingSources.environmentName(name));
        }
    }

    private <T> T value(String name, SettingType<T> type, T fallback, String fallbackText, String description) {
        asked.put(name, new Asked(type.placeholder(), fallbackText, description));
        Found found = sources.find(name);
        if (found == null) {
            effective.put(name, fallbackText + " (default)");
            return fallback;
        }
        String text = found.text() == null && type.equals(SettingType.FLAG) ? "true" : found.text();
        if (text == null) {
            problems.add(name + " needs a value: it must be " + type.rule());
            return fallback;
        }
        String shown = type.mayBeSecret() ? shown(name, text) : text;
        effective.put(name, shown + " (" + found.source() + ")");
        try {
            return type.parse().apply(text);
        } catch (RuntimeException e) {
            problems.add(
                    name + " must be " + type.rule() + ", not '" + shown(name, text) + "' (" + found.source() + ")");
            return fallback;
        }
    }

    private static String shown(String name, String text) {
        String lowerCase = name.toLowerCase(Locale.ROOT);
        return SECRETS.stream().anyMatch(lowerCase::contains)
                ? HIDDEN
                : USER_INFO.matcher(text).replaceAll("$1" + HIDDEN + "@");
    }

    /** Throws for everything that was wrong with what has been asked for, and for options that nobody asked for. */
    public void check() {
        List<String> all = new ArrayList<>(problems);
        List<String> unknown = sources.optionNames().stream()
                .filter(name -> !asked.containsKey(name) && prefixes.stream().noneMatch(name::startsWith))
                .toList();
        unknown.forEach(name -> all.add("--" + name + " is no option"));
        if (!unknown.isEmpty()) {
            all.add("The options are "
                    + asked.keySet().stream().map(name -> "--" + name).collect(Collectors.joining(", ")));
        }
        if (!all.isEmpty()) {
            throw new ConfigurationException(all);
        }
    }

    /** Whether the command line asks for help: then print {@link #help}, after all accessors have been called. */
    public boolean helpWanted() {
        return sources.helpWanted();
    }

    /** Every setting asked for, with what it is for. */
    public String help() {
        return lines(asked.entrySet().stream()
                .map(setting ->
                        "  --" + setting.getKey() + " " + setting.getValue().placeholder() + System.lineSeparator()
                                + "      " + setting.getValue().description() + " ("
                                + setting.getValue().fallback() + ")"));
    }

    /** The values in effect and where each stood; what may be a secret is hidden. */
    public String describe() {
        return lines(effective.entrySet().stream().map(setting -> setting.getKey() + " = " + setting.getValue()));
    }

    private static String lines(Stream<String> lines) {
        return lines.collect(Collectors.joining(System.lineSeparator()));
    }
}
