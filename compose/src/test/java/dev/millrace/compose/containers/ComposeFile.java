package dev.millrace.compose.containers;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Pattern;
import org.yaml.snakeyaml.LoaderOptions;
import org.yaml.snakeyaml.Yaml;
import org.yaml.snakeyaml.constructor.SafeConstructor;

/** {@code docker-compose.yml} as Compose sees it when no variable is set: anchors merged, every variable its default. */
record ComposeFile(List<Service> services) {

    static final Path FILE = Path.of("docker-compose.yml");

    private static final Pattern VARIABLE = Pattern.compile("\\$\\{\\w+:-([^}]*)}");

    /** @param json what stands under the service's name */
    record Service(String name, JsonNode json) {

        /** Empty where there is none. */
        String text(String pointer) {
            return json.at(pointer).asText();
        }

        List<String> list(String pointer) {
            List<String> items = new ArrayList<>();
            json.at(pointer).forEach(item -> items.add(item.asText()));
            return items;
        }

        Map<String, String> environment() {
            Map<String, String> variables = new TreeMap<>();
            json.path("environment")
                    .properties()
                    .forEach(variable ->
                            variables.put(variable.getKey(), variable.getValue().asText()));
            return variables;
        }

        List<String> gpus() {
            List<String> gpus = new ArrayList<>();
            json.at("/deploy/resources/reservations/devices")
                    .forEach(device -> device.path("device_ids").forEach(id -> gpus.add(id.asText())));
            return gpus;
        }

        @Override
        public String toString() {
            return name;
        }
    }

    static ComposeFile read() {
        List<Service> services = new ArrayList<>();
        yaml(FILE)
                .path("services")
                .properties()
                .forEach(service -> services.add(new Service(service.getKey(), service.getValue())));
        return new ComposeFile(services);
    }

    /** Any YAML file, as the tree that JSON would give. */
    static JsonNode yaml(Path file) {
        try {
            String text = VARIABLE.matcher(Files.readString(file)).replaceAll("$1");
            Object tree = new Yaml(new SafeConstructor(new LoaderOptions())).load(text);
            return new ObjectMapper().valueToTree(tree);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    Service service(String name) {
        return services.stream()
                .filter(service -> service.name().equals(name))
                .findFirst()
                .orElseThrow();
    }

    /** Built from this repository: workers and the gateway. */
    List<Service> processes() {
        return services.stream().filter(service -> service.json().has("build")).toList();
    }

    List<Service> workers() {
        return services.stream()
                .filter(service -> service.name().startsWith("worker"))
                .toList();
    }
}
