// A sink into a file of one number a line, as a file sink is meant to be: made beside its target, cut back to what a
// checkpoint names, in its place when it is whole.
import { open, rm, stat } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import { renameDurably, writeAll } from '../../../src/files/index.ts';
import type { Batch, CheckpointState, Sink } from '../../../src/pipeline/index.ts';
import { numbersOf } from './number-batches.ts';

export class LineFileSink implements Sink {
  readonly #path: string;
  #file: FileHandle | null = null;
  #sizeBytes = 0;
  #isComplete = false;

  constructor(path: string) {
    this.#path = path;
  }

  /** Where it is until it is whole. */
  get #partPath(): string {
    return `${this.#path}.part`;
  }

  async consume(batch: Batch): Promise<void> {
    const bytes = Buffer.from(
      numbersOf([batch])
        .map((number) => `${number}\n`)
        .join(''),
    );
    const file = await this.#open();
    await writeAll(file, bytes, this.#sizeBytes);
    this.#sizeBytes += bytes.length;
  }

  async flush(): Promise<void> {
    if (!this.#isComplete) await (await this.#open()).sync();
  }

  memoryUsage(): number {
    return 0;
  }

  checkpoint(): CheckpointState {
    return { sizeBytes: this.#sizeBytes };
  }

  async resume(state: CheckpointState): Promise<void> {
    this.#sizeBytes = (state as { sizeBytes: number }).sizeBytes;
    // Killed behind the rename, before the checkpoint was removed.
    const found = await stat(this.#path).catch(() => null);
    this.#isComplete = found?.size === this.#sizeBytes;
    if (this.#isComplete) return;
    this.#file = await open(this.#partPath, 'r+');
    await this.#file.truncate(this.#sizeBytes);
  }

  async finish(): Promise<void> {
    if (this.#isComplete) return;
    await (await this.#open()).close();
    await renameDurably(this.#partPath, this.#path);
  }

  async abort(): Promise<void> {
    await this.#file?.close();
    await rm(this.#partPath, { force: true });
  }

  async suspend(): Promise<void> {
    await this.#file?.close();
  }

  async #open(): Promise<FileHandle> {
    this.#file ??= await open(this.#partPath, 'w');
    return this.#file;
  }
}
