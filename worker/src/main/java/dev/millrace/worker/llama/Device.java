package dev.millrace.worker.llama;

/** What a model runs on. */
public sealed interface Device {
    /** The processor; whose kind is chosen when llama.cpp's library is loaded. */
    record Cpu() implements Device {
        @Override
        public String toString() {
            return "cpu";
        }
    }

    /** A GPU by its number, from 0, among those that the driver shows to the process. */
    record Gpu(int number) implements Device {
        public Gpu {
            if (number < 0) {
                throw new IllegalArgumentException("a GPU's number is 0 or more, not " + number);
            }
        }

        @Override
        public String toString() {
            return Integer.toString(number);
        }
    }

    /** The device of this name, {@code cpu} or a GPU's number. */
    static Device parse(String name) {
        if (name.equals("cpu")) {
            return new Cpu();
        }
        if (name.matches("[0-9]{1,4}")) {
            return new Gpu(Integer.parseInt(name));
        }
        throw new IllegalArgumentException("a device is \"cpu\" or the number of a GPU, not \"" + name + "\"");
    }
}
