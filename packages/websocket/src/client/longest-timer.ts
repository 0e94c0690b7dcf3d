/** The longest delay that `setTimeout` keeps to, 24 days; above it, it fires at once. */
export const longestTimerMs = 2 ** 31 - 1;
