package dev.millrace.gateway.dialect;

/** What fields of the contract are called in chat completions, where that is another name than in Responses. */
final class ChatNames {
    private static final String RESPONSE_FORMAT = "sampling.responseFormat";

    private ChatNames() {}

    static String nameInDialect(String nameInContract) {
        if (nameInContract.startsWith(RESPONSE_FORMAT)) {
            return "response_format" + nameInContract.substring(RESPONSE_FORMAT.length());
        }
        return nameInContract.equals("sampling.logprobs")
                ? "top_logprobs"
                : ResponseObject.nameInDialect(nameInContract);
    }
}
