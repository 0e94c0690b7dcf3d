/** The Pusher app that servers and load generator agree on. The secret guards nothing: servers listen on loopback. */
export const benchApp = { id: "1001", key: "bench-key", secret: "bench-secret" } as const;

/** The channel that the load generator subscribes to and publishes on. */
export const benchChannel = "bench";
