package dev.millrace.schemas.protocol;

/**
 * How much may happen.
 *
 * @param sessions that may begin, each with a worker of its own: all but one may be killed or lose the partition
 * @param models that workers may have
 * @param copies of the prompt, each in a partition of its own
 * @param failures of sends
 * @param metadataLosses how often the committed epoch may be forgotten
 * @param trims how often a worker may find the beginning of the log deleted
 * @param clocksBehind whether a clock may be behind every epoch; otherwise it is above all earlier ones
 * @param cancelled whether the prompt may be cancelled
 * @param deadStaySilent whether a session begins only after the one before was killed, and what that one had in flight
 *     never lands
 * @param promptComesLater whether sessions may begin before the prompt is appended
 */
record Bounds(
        int sessions,
        int models,
        int copies,
        int failures,
        int metadataLosses,
        int trims,
        boolean clocksBehind,
        boolean cancelled,
        boolean promptComesLater,
        boolean deadStaySilent) {

    static Bounds sessions(int sessions) {
        return new Bounds(sessions, 1, 1, 0, 0, 0, false, false, false, false);
    }

    Bounds models(int count) {
        return new Bounds(
                sessions,
                count,
                copies,
                failures,
                metadataLosses,
                trims,
                clocksBehind,
                cancelled,
                promptComesLater,
                deadStaySilent);
    }

    Bounds copies(int count) {
        return new Bounds(
                sessions,
                models,
                count,
                failures,
                metadataLosses,
                trims,
                clocksBehind,
                cancelled,
                promptComesLater,
                deadStaySilent);
    }

    Bounds failures(int count) {
        return new Bounds(
                sessions,
                models,
                copies,
                count,
                metadataLosses,
                trims,
                clocksBehind,
                cancelled,
                promptComesLater,
                deadStaySilent);
    }

    Bounds metadataLosses(int count) {
        return new Bounds(
                sessions,
                models,
                copies,
                failures,
                count,
                trims,
                clocksBehind,
                cancelled,
                promptComesLater,
                deadStaySilent);
    }

    Bounds trims(int count) {
        return new Bounds(
                sessions,
                models,
                copies,
                failures,
                metadataLosses,
                count,
                clocksBehind,
                cancelled,
                promptComesLater,
                deadStaySilent);
    }

    Bounds withClocksBehind() {
        return new Bounds(
                sessions,
                models,
                copies,
                failures,
                metadataLosses,
                trims,
                true,
                cancelled,
                promptComesLater,
                deadStaySilent);
    }

    Bounds withCancellation() {
        return new Bounds(
                sessions,
                models,
                copies,
                failures,
                metadataLosses,
                trims,
                clocksBehind,
                true,
                promptComesLater,
                deadStaySilent);
    }

    Bounds withPromptLater() {
        return new Bounds(
                sessions,
                models,
                copies,
                failures,
                metadataLosses,
                trims,
                clocksBehind,
                cancelled,
                true,
                deadStaySilent);
    }

    Bounds withSilentDead() {
        return new Bounds(
                sessions,
                models,
                copies,
                failures,
                metadataLosses,
                trims,
                clocksBehind,
                cancelled,
                promptComesLater,
                true);
    }

    @Override
    public String toString() {
        StringBuilder text = new StringBuilder(sessions + (sessions == 1 ? " session" : " sessions"));
        text.append(models > 1 ? ", " + models + " models" : "");
        text.append(copies > 1 ? ", " + copies + " copies of the prompt" : "");
        text.append(failures > 0 ? ", failed sends: " + failures : "");
        text.append(metadataLosses > 0 ? ", lost metadata: " + metadataLosses : "");
        text.append(trims > 0 ? ", deleted history: " + trims : "");
        text.append(clocksBehind ? ", clocks may be behind" : "");
        text.append(cancelled ? ", a cancellation" : "");
        text.append(promptComesLater ? ", the prompt comes later" : "");
        return text.append(deadStaySilent ? ", the dead stay silent" : "").toString();
    }
}
