// The part of WebAssembly's JavaScript API that kernels use. TypeScript declares it only together with a browser's.

/** Compiled code; it may be posted to another thread. */
export interface WasmModule {
  readonly [Symbol.toStringTag]: string;
}

/** Memory that threads share. */
export interface WasmMemory {
  readonly buffer: SharedArrayBuffer;
  /** @throws RangeError when there is no room */
  grow(pages: number): number;
}

interface WasmInstance {
  readonly exports: unknown;
}

/** What this engine has of it. */
export interface WebAssemblyApi {
  readonly Module: new (bytes: Uint8Array) => WasmModule;
  readonly Memory: new (limits: { initial: number; maximum: number; shared: true }) => WasmMemory;
  readonly Instance: new (module: WasmModule, imports: { env: { memory: WasmMemory } }) => WasmInstance;
}

/** Undefined where the engine has none, as with `--jitless`. */
export const webAssembly = (globalThis as { WebAssembly?: WebAssemblyApi }).WebAssembly;
