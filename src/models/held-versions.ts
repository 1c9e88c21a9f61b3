// The versions a host has loaded: their folders stay, since a lost worker loads them again.
import type { ModelRegistry } from './registry-types.ts';

/** Holds as many versions as are named, no others. */
export class HeldVersions {
  readonly #registry: ModelRegistry;
  readonly #name: string;
  readonly #held = new Map<string, Disposable>();

  constructor(registry: ModelRegistry, name: string) {
    this.#registry = registry;
    this.#name = name;
  }

  /** Holds these versions, and lets go of all others. */
  keep(models: readonly ({ readonly version: string } | null)[]): void {
    const wanted = new Set(models.flatMap((model) => (model === null ? [] : [model.version])));
    for (const version of wanted) {
      if (!this.#held.has(version)) this.#held.set(version, this.#registry.hold(this.#name, version));
    }
    for (const [version, hold] of this.#held) {
      if (wanted.has(version)) continue;
      hold[Symbol.dispose]();
      this.#held.delete(version);
    }
  }
}
