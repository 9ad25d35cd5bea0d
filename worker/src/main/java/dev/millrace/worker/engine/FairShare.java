package dev.millrace.worker.engine;

import java.util.HashMap;
import java.util.Map;

/**
 * What the device has done for each principal that has prompts here, in tokens. Who was served least goes next. One that
 * comes begins with the least of the others, so that being away earns nothing. Owned by the engine's thread.
 */
final class FairShare {
    private static final class Account {
        private long tokens;
        private int prompts;
    }

    private final Map<String, Account> accounts = new HashMap<>();

    void enter(String principal) {
        Account account = accounts.get(principal);
        if (account == null) {
            account = new Account();
            account.tokens = accounts.values().stream()
                    .mapToLong(other -> other.tokens)
                    .min()
                    .orElse(0);
            accounts.put(principal, account);
        }
        account.prompts++;
    }

    /** One of its prompts has ended. */
    void leave(String principal) {
        accounts.computeIfPresent(principal, (name, account) -> --account.prompts == 0 ? null : account);
    }

    void charge(String principal, int tokens) {
        accounts.computeIfPresent(principal, (name, account) -> {
            account.tokens += tokens;
            return account;
        });
    }

    long served(String principal) {
        Account account = accounts.get(principal);
        return account == null ? 0 : account.tokens;
    }
}
