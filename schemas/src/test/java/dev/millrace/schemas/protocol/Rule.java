package dev.millrace.schemas.protocol;

/** The rules of docs/protocol.md, by their numbers there. The model can do without any of them, to show what it is for. */
enum Rule {
    EPOCH_RAISED("1a", "a session begins by committing an epoch above the one before"),
    EPOCHS_ARE_TIMES("1b", "an epoch is at least the time at which it is chosen"),
    COMMITS_CARRY_EPOCH("1c", "every commit carries the epoch"),
    COMMITS_ARE_FENCED("2a", "a commit is taken only from a member of the group's current generation"),
    REVOKED_CLOSES(
            "2b", "a session closes before its worker enters a generation in which the partition is not its own"),
    CLAIM_FIRST("3a", "the own claim is acknowledged before anything is read back"),
    READ_BACK("3b", "the log is read back"),
    READ_BACK_ALWAYS("3c", "also for a prompt that came after the session began"),
    SUPERSEDED_CLAIMS_AGAIN("4a", "an own claim that is not the current one is made again, above it"),
    COPY_IS_LEFT("4b", "a prompt claimed from another partition is left to that one"),
    OTHER_MODEL_RESTARTS("4c", "another model's text is voided by Restarted"),
    FAILED_CLAIMS_AGAIN("6a", "after a failed send claim again, and never send the event again"),
    FAILED_RAISES("6b", "the claim after a failed send has a higher epoch"),
    RAISES_ARE_COMMITTED("6c", "an epoch is raised by a fenced commit"),
    TERMINAL_WAITS("7a", "a terminal waits until all before it is acknowledged"),
    RESTARTED_WAITS("7b", "nothing follows Restarted until it is acknowledged"),
    CANCELLED_READS_BACK("8", "a cancelled prompt is ended after reading back, as any other"),
    COMMITTED_LAST("9", "an offset is committed when its terminal is acknowledged"),
    READER_COMPARES_EPOCHS("R1", "only a greater epoch changes the current claim"),
    READER_COMPARES_NONCES("R2", "of equal epochs the nonce tells apart"),
    READER_KNOWS_WRITER("R3", "only what the current claim's writer sends counts"),
    READER_COMPARES_INDEX("R4", "tokens count only at the next index"),
    READER_ENDS("R5", "nothing counts after the terminal");

    final String number;
    final String text;

    Rule(String number, String text) {
        this.number = number;
        this.text = text;
    }

    @Override
    public String toString() {
        return number + ": " + text;
    }
}
