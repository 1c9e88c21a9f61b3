// The facts of a recording: what its header says, and what reading it through shows.
import { openEvents } from '../../events/index.ts';
import type { EventColumns, OpenEventsOptions, RecordingInfo } from '../../events/index.ts';

/** What a recording is. */
export interface RecordingFacts {
  readonly info: RecordingInfo;
  /** False when only its header was looked at. */
  readonly isScanned: boolean;
  readonly onEvents: number;
  /** Least and largest time of its events; null without events. */
  readonly firstTime: bigint | null;
  readonly lastTime: bigint | null;
  readonly durationSeconds: number;
  readonly eventsPerSecond: number;
}

/** @param isHeaderOnly opens it and reads no event */
export async function measureRecording(
  path: string,
  options: OpenEventsOptions,
  isHeaderOnly: boolean,
): Promise<RecordingFacts> {
  await using reading = await openEvents(path, { ...options, reuseMemory: true });
  const span = new TimeSpan();
  let onEvents = 0;
  if (!isHeaderOnly) {
    for await (const { events } of reading) {
      span.add(events);
      for (let i = 0; i < events.length; i++) onEvents += events.p[i]! > 0 ? 1 : 0;
    }
  }
  const { info } = reading;
  const durationSeconds = span.length / (info.timeUnit === 'ns' ? 1e9 : 1e6);
  return {
    info,
    isScanned: !isHeaderOnly,
    onEvents,
    firstTime: span.first,
    lastTime: span.last,
    durationSeconds,
    eventsPerSecond: durationSeconds === 0 ? 0 : info.counts.events / durationSeconds,
  };
}

/** Least and largest time. */
class TimeSpan {
  first: bigint | null = null;
  last: bigint | null = null;

  get length(): number {
    return this.first === null ? 0 : Number(this.last! - this.first);
  }

  add({ t, length }: EventColumns): void {
    if (length === 0) return;
    let [least, largest] = [t[0]!, t[0]!];
    for (let i = 1; i < length; i++) {
      const time = t[i]!;
      if (time < least) least = time;
      else if (time > largest) largest = time;
    }
    if (this.first === null || least < this.first) this.first = least;
    if (this.last === null || largest > this.last) this.last = largest;
  }
}
