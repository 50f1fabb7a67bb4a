"""The exit codes, and what each means."""

DONE, TROUBLED, USER_MUST_ACT, OUR_BUG, NOTHING_NEW, WORSE, INCOMPLETE = 0, 1, 2, 3, 4, 5, 6

EXIT_CODES = {
    DONE: "done",
    TROUBLED: "done, but something was rejected, set aside, deferred or failed",
    USER_MUST_ACT: "you must change something; the message says what",
    OUR_BUG: "a bug of this program",
    NOTHING_NEW: "nothing new: no dump, no edition, no message (run, publish, fetch)",
    WORSE: "the second configuration is worse than the first (backtest)",
    INCOMPLETE: "done, but a source is broken, stale or missing of today or yesterday (run, publish)",
}
