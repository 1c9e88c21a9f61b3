// The way of bytes between the kernel and Python. Types only; open-transfer.ts chooses one.

/** Where the bytes of a value are; who takes them removes them. */
export type Stored = { readonly bytes: number } & (
  | { readonly path: string }
  | { readonly segment: string }
  /** Number of a ZeroMQ message. */
  | { readonly message: number }
);

/** `shared`: segments in memory; `files`: files, in memory where there is some; `zmq`, `tcp`: ZeroMQ. */
export type TransferKind = 'shared' | 'files' | 'zmq' | 'tcp';

/** The way of bytes between two processes. */
export interface ValueTransfer {
  readonly kind: TransferKind;
  readonly directory: string;
  /** What the other side must know of it, as environment variables. */
  readonly env: Readonly<Record<string, string>>;
  store(parts: readonly Uint8Array[]): Promise<Stored>;
  /** A path for a library that writes its own file, to be told as `{ path, bytes }`; null when files do not cross. */
  newFilePath(): string | null;
  /**
   * The bytes, this process's own.
   * @throws Error when the other side ends before they came
   */
  take(stored: Stored): Promise<ArrayBuffer>;
  /** Removes what nobody took. */
  readonly close: () => void;
}
