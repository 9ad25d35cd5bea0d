package dev.millrace.gateway.dialect;

import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * How a response shall be looked at over HTTP.
 *
 * @param stream as events; else as it is now
 * @param startingAfter the sequence number of the last event that the client has; -1: none
 */
public record RetrieveRequest(boolean stream, int startingAfter) {
    private static final Pattern NUMBER = Pattern.compile("\\d{1,9}");

    /** Of the query's parameters. */
    public static RetrieveRequest of(@Nullable String stream, @Nullable String startingAfter) throws BadEventException {
        if (stream != null && !stream.equals("true") && !stream.equals("false")) {
            throw invalid("stream", "true or false");
        }
        if (startingAfter == null) {
            return new RetrieveRequest("true".equals(stream), -1);
        }
        if (!"true".equals(stream) || !NUMBER.matcher(startingAfter).matches()) {
            throw invalid("starting_after", "the number of an event, beside stream=true");
        }
        return new RetrieveRequest(true, Integer.parseInt(startingAfter));
    }

    private static BadEventException invalid(String name, String wanted) {
        return new BadEventException(ErrorCode.INVALID_VALUE, name, name + " must be " + wanted);
    }
}
