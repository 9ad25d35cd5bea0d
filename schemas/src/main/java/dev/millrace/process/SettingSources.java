package dev.millrace.process;

import java.io.IOException;
import java.io.Reader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Properties;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Where settings come from, as text: a properties file, the environment, the command line; later wins.
 *
 * <p>Read once by the main thread and not changed after.
 */
final class SettingSources {
    /** A setting's text and where it stood. The text is null for a command-line option with no value. */
    record Found(@Nullable String text, String source) {}

    static final String CONFIG = "config";

    private final Map<String, String> file = new TreeMap<>();
    private final Map<String, String> environment;
    private final Map<String, @Nullable String> options = new LinkedHashMap<>();
    private boolean helpWanted;

    SettingSources(List<String> commandLine, Map<String, String> environment, List<String> problems) {
        this.environment = Map.copyOf(environment);
        parse(commandLine, problems);
        Found config = find(CONFIG);
        if (config != null) {
            readFile(config.text(), problems);
        }
    }

    private void parse(List<String> commandLine, List<String> problems) {
        for (int i = 0; i < commandLine.size(); i++) {
            String argument = commandLine.get(i);
            if (argument.equals("--help") || argument.equals("-h")) {
                helpWanted = true;
            } else if (!argument.startsWith("--") || argument.length() == 2) {
                problems.add("Argument " + (i + 1) + " is not understood: options begin with --, as in --name value");
            } else if (argument.contains("=")) {
                int end = argument.indexOf('=');
                options.put(argument.substring(2, end), argument.substring(end + 1));
            } else if (i + 1 < commandLine.size() && !commandLine.get(i + 1).startsWith("--")) {
                options.put(argument.substring(2), commandLine.get(++i));
            } else {
                options.put(argument.substring(2), null);
            }
        }
    }

    private void readFile(@Nullable String name, List<String> problems) {
        if (name == null) {
            problems.add("--config needs the name of a properties file");
            return;
        }
        Properties properties = new Properties();
        try (Reader reader = Files.newBufferedReader(Path.of(name))) {
            properties.load(reader);
        } catch (IOException | IllegalArgumentException e) {
            problems.add("The configuration file " + name + " cannot be read: " + e);
        }
        properties.stringPropertyNames().forEach(key -> file.put(key, properties.getProperty(key)));
    }

    /** By the setting's name; null when it stands nowhere. */
    @Nullable
    Found find(String name) {
        if (options.containsKey(name)) {
            return new Found(options.get(name), "command line");
        }
        String inEnvironment = environment.get(environmentName(name));
        if (inEnvironment != null) {
            return new Found(inEnvironment, "environment");
        }
        String inFile = file.get(name);
        return inFile == null ? null : new Found(inFile, "file");
    }

    /**
     * All settings whose name begins with the prefix, by their name without it.
     *
     * @param others settings that have a variable of the environment for themselves
     */
    Map<String, Found> findAll(String prefix, Collection<String> others) {
        Map<String, Found> all = new TreeMap<>();
        file.forEach((name, text) -> putWithout(all, prefix, name, new Found(text, "file")));
        String environmentPrefix = environmentName(prefix);
        Set<String> taken = others.stream().map(SettingSources::environmentName).collect(Collectors.toSet());
        environment.forEach((name, text) -> {
            if (name.startsWith(environmentPrefix) && !taken.contains(name)) {
                String dotted = name.toLowerCase(Locale.ROOT).replace('_', '.');
                putWithout(all, prefix, dotted, new Found(text, "environment"));
            }
        });
        options.forEach((name, text) -> putWithout(all, prefix, name, new Found(text, "command line")));
        return all;
    }

    private static void putWithout(Map<String, Found> all, String prefix, String name, Found found) {
        if (name.startsWith(prefix) && name.length() > prefix.length()) {
            all.put(name.substring(prefix.length()), found);
        }
    }

    /** The names of all options of the command line. */
    List<String> optionNames() {
        return new ArrayList<>(options.keySet());
    }

    boolean helpWanted() {
        return helpWanted;
    }

    /** {@code kafka-port} is {@code KAFKA_PORT} in the environment. */
    static String environmentName(String name) {
        return name.toUpperCase(Locale.ROOT).replace('-', '_').replace('.', '_');
    }
}
