/** The V8 flags to start again with: none for other commands than `serve`, or when they are given. */
export function missingDaemonFlags(args: readonly string[], execArgv: readonly string[]): string[];
