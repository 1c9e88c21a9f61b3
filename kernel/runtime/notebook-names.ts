// What a notebook's cells declared: names, which of them are constants, and what JSX compiles to.
import type { JsxSettings } from './compiler-settings.ts';
import { Set } from './primordials.ts';

/** Names of all cells; adding one says that it is no constant. */
export class NotebookNames extends Set<string> {
  readonly constants = new Set<string>();
  /** What the last pragma said; null when there was none. */
  jsx: JsxSettings | null = null;

  /** Notes what a cell declares. */
  declare(names: readonly string[], constants: readonly string[]): void {
    for (const name of names) this.add(name);
    for (const name of constants) this.constants.add(name);
  }

  override add(name: string): this {
    this.constants?.delete(name);
    return super.add(name);
  }

  override delete(name: string): boolean {
    this.constants.delete(name);
    return super.delete(name);
  }

  override clear(): void {
    this.constants.clear();
    this.jsx = null;
    super.clear();
  }
}
