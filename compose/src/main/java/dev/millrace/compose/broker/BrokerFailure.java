package dev.millrace.compose.broker;

/** The broker cannot start, and the operator must act. The message is one plain line. */
public final class BrokerFailure extends RuntimeException {
    private static final long serialVersionUID = 1L;

    public BrokerFailure(String message) {
        super(message);
    }

    public BrokerFailure(String message, Throwable cause) {
        super(message, cause);
    }
}
