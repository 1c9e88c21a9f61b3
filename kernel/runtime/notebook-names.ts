// The names that a notebook's cells declared, and which of them are constants.
import { Set } from './primordials.ts';

/** Names of all cells; adding one says that it is no constant. */
export class NotebookNames extends Set<string> {
  readonly constants = new Set<string>();

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
    super.clear();
  }
}
