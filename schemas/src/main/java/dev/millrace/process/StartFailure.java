package dev.millrace.process;

/** The process cannot start, or cannot go on, and the operator must act. The message is one plain line. */
public final class StartFailure extends RuntimeException {
    private static final long serialVersionUID = 1L;

    private static final int FAILED = 1;

    private final int exitStatus;

    public StartFailure(String message) {
        this(message, FAILED);
    }

    public StartFailure(String message, Throwable cause) {
        super(message, cause);
        this.exitStatus = FAILED;
    }

    /** With an exit status that tells scripts what it is; 1 and 2 have a meaning already. */
    public StartFailure(String message, int exitStatus) {
        super(message);
        this.exitStatus = exitStatus;
    }

    /** What the process ends with. */
    public int exitStatus() {
        return exitStatus;
    }
}
