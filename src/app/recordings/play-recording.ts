// `events play`: a recording on the terminal, in its own time. Where standard output is no terminal, a number of frames
// as plain text.
import { setTimeout as sleep } from 'node:timers/promises';
import { eventOptionsError, openEvents, viewEvents } from '../../events/index.ts';
import type { EventColumns, Geometry, OpenEventsOptions } from '../../events/index.ts';
import { formatSeconds } from '../terminal.ts';
import { TerminalPicture } from './terminal-picture.ts';
import type { PictureSize } from './terminal-picture.ts';

/** How it is played. */
export interface PlayOptions {
  /** Frames a second. */
  readonly fps: number;
  /** Seconds of the recording a second. */
  readonly speed: number;
  /** Ends after so many. @default all */
  readonly frames?: number | undefined;
}

/** Where it is drawn: standard output. */
export interface PlayTerminal {
  readonly isTTY?: boolean;
  readonly columns?: number;
  readonly rows?: number;
  write(text: string): boolean;
}

const USUAL: PictureSize = { columns: 80, rows: 24 };
/** What is assumed of a recording that does not say its size. */
const USUAL_GEOMETRY: Geometry = { width: 1280, height: 720 };
/** Batches are short, so that a pause in a pipe is seen soon. */
const BATCH_EVENTS = 65_536;

const ENTER = '\x1b[?1049h\x1b[?25l\x1b[2J';
const LEAVE = '\x1b[?25h\x1b[?1049l';

/**
 * Plays a recording.
 * @throws RuvectorError `ERR_EVENTS_OPTIONS` where there is no terminal and no number of frames; `ERR_EVENTS_*`
 */
export async function playRecording(
  path: string,
  reading: OpenEventsOptions,
  options: PlayOptions,
  terminal: PlayTerminal,
): Promise<void> {
  const isLive = terminal.isTTY === true;
  if (!isLive && options.frames === undefined) {
    throw eventOptionsError(
      'output',
      'standard output',
      'it is no terminal',
      'play on a terminal, or give --frames N for N frames as text',
    );
  }
  await using events = await openEvents(path, { chunkSize: BATCH_EVENTS, ...reading, reuseMemory: true });
  const unitsPerSecond = events.info.timeUnit === 'ns' ? 1e9 : 1e6;
  const player = new Player(terminal, options, events.info.geometry ?? USUAL_GEOMETRY, unitsPerSecond);
  if (isLive) terminal.write(ENTER);
  try {
    for await (const batch of events) {
      if (await player.play(batch.events, reading.signal)) break;
    }
    await player.finish(reading.signal);
  } catch (error) {
    // Ctrl-C is how one leaves.
    if (!reading.signal?.aborted) throw error;
  } finally {
    if (isLive) terminal.write(LEAVE);
  }
}

/** Cuts events into frames and draws each when its time has come. */
class Player {
  readonly #terminal: PlayTerminal;
  readonly #options: PlayOptions;
  readonly #geometry: Geometry;
  readonly #unitsPerSecond: number;
  readonly #frameUnits: bigint;
  #picture: TerminalPicture;
  /** End of the frame that is being collected; null before the first event. */
  #until: bigint | null = null;
  #begin = 0n;
  #events = 0;
  #frames = 0;
  #startMs = 0;
  #lastMs = 0;
  #shownFps = 0;

  constructor(terminal: PlayTerminal, options: PlayOptions, geometry: Geometry, unitsPerSecond: number) {
    this.#terminal = terminal;
    this.#options = options;
    this.#geometry = geometry;
    this.#unitsPerSecond = unitsPerSecond;
    this.#frameUnits = BigInt(Math.max(1, Math.round((unitsPerSecond * options.speed) / options.fps)));
    this.#picture = this.#newPicture();
  }

  /** @returns true when enough frames were drawn */
  async play(events: EventColumns, signal: AbortSignal | undefined): Promise<boolean> {
    for (let from = 0; from < events.length;) {
      const { t } = events;
      if (this.#until === null) this.#start(t[from]!);
      let to = from;
      while (to < events.length && t[to]! < this.#until!) to++;
      this.#picture.add(viewEvents(events, from, to));
      this.#events += to - from;
      from = to;
      if (from === events.length) return false;
      if (await this.#show(signal)) return true;
      // Time in which nothing happened is skipped over, not drawn frame by frame.
      if (t[from]! >= this.#until!) this.#until = t[from]! + this.#frameUnits;
    }
    return false;
  }

  /** Draws what is left. */
  async finish(signal: AbortSignal | undefined): Promise<void> {
    if (this.#events > 0) await this.#show(signal);
  }

  #start(first: bigint): void {
    this.#begin = first;
    this.#until = first + this.#frameUnits;
    this.#startMs = performance.now();
    this.#lastMs = this.#startMs;
  }

  async #show(signal: AbortSignal | undefined): Promise<boolean> {
    if (this.#terminal.isTTY === true) await this.#showLive(signal);
    else this.#terminal.write(`${this.#picture.drawLetters()}\n${this.#describe()}\n`);
    this.#until! += this.#frameUnits;
    this.#events = 0;
    this.#frames++;
    return this.#frames === this.#options.frames;
  }

  async #showLive(signal: AbortSignal | undefined): Promise<void> {
    const dueMs = this.#startMs + (this.#frames * 1000) / this.#options.fps;
    const waitMs = dueMs - performance.now();
    if (waitMs > 0) await sleep(waitMs, undefined, { signal });
    const nowMs = performance.now();
    this.#shownFps = 1000 / Math.max(1, nowMs - this.#lastMs);
    this.#lastMs = nowMs;
    this.#terminal.write(`\x1b[H${this.#picture.drawColours()}\n${this.#describe()}\x1b[K\x1b[J`);
    // The terminal may have another size by now.
    this.#picture = this.#newPicture();
  }

  #describe(): string {
    const seconds = Number(this.#until! - this.#begin) / this.#unitsPerSecond;
    const rate = (this.#events * this.#unitsPerSecond) / Number(this.#frameUnits);
    const fps = this.#terminal.isTTY === true ? `, ${this.#shownFps.toFixed(1)} frames/s` : '';
    return `${formatSeconds(seconds)}, ${Math.round(rate).toLocaleString('en')} events/s${fps}`;
  }

  #newPicture(): TerminalPicture {
    const { columns = USUAL.columns, rows = USUAL.rows } = this.#terminal;
    // The last line says how fast it is.
    return new TerminalPicture(this.#geometry, { columns, rows: Math.max(1, rows - 1) });
  }
}
