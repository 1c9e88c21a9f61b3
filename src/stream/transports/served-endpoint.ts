// What the server needs of a transport: where it listens, and its end. No code.

/** A bound endpoint. */
export interface ServedEndpoint {
  readonly endpoint: string;
  /** Drains, then closes every connection. */
  close(): Promise<void>;
}
