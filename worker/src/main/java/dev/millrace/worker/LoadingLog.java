package dev.millrace.worker;

import dev.millrace.process.Health;
import dev.millrace.worker.llama.Device;
import dev.millrace.worker.llama.LoadProgress;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Tells every tenth of the loading of a model. Called on the thread that loads. */
final class LoadingLog implements LoadProgress {
    private static final Logger LOG = LoggerFactory.getLogger(LoadingLog.class);
    private static final int STEP_PERCENT = 10;

    private final String modelName;
    private final Device device;
    private final Health.Component health;
    private int toldPercent = -STEP_PERCENT;

    LoadingLog(String modelName, Device device, Health.Component health) {
        this.modelName = modelName;
        this.device = device;
        this.health = health;
    }

    @Override
    public boolean onProgress(float fraction) {
        int percent = (int) (fraction * 100);
        if (percent >= toldPercent + STEP_PERCENT) {
            toldPercent = percent;
            LOG.info("Loading {} on device {}: {}%", modelName, device, percent);
            health.starting("loading the model: " + percent + "%");
        }
        return true;
    }
}
