// How much of its batch size and parallelism a run should use while memory is short: a factor between a sixteenth and
// 1. It halves as soon as one reading is high and doubles after several calm ones; between high and calm it stays.
// What is read comes from a function (read-memory-pressure.ts for this host).

/** What memory looks like at one moment; null where the host does not say. */
export interface PressureReading {
  /** When this was read, in ms of any steady clock. */
  readonly atMs: number;
  /** Time tasks of the host waited for memory since boot (PSI `some`), in µs. */
  readonly hostStallUs: number | null;
  /** The cgroup with a limit that is fullest, of those that this process's pages count against. */
  readonly cgroup: CgroupReading | null;
  /** Resident bytes of this process. */
  readonly rssBytes: number;
}

/** One cgroup with a limit. */
export interface CgroupReading {
  readonly limitBytes: number;
  /** What it has, without the pages of files that the kernel drops first. */
  readonly usedBytes: number;
  /** Time its tasks waited for memory, in µs; null in version 1. */
  readonly stallUs: number | null;
}

/** Options of a pressure handler. */
export interface PressureOptions {
  readonly read: () => PressureReading;
  /** Time between readings. @default 500 */
  readonly intervalMs?: number;
  /** Most resident bytes that this process should have. @default none */
  readonly maxRssBytes?: number;
}

/** Watches memory from `start` to `stop`. */
export interface PressureHandler {
  /** 1 while memory is no concern, down to 1/16. Multiply rows of a batch and workers by it. */
  readonly factor: number;
  /** Reads once, now; gives the factor. */
  update(): number;
  start(): void;
  stop(): void;
}

const SMALLEST_FACTOR = 1 / 16;
const DEFAULT_INTERVAL_MS = 500;
/** Readings without concern before the factor doubles. */
const CALM_READINGS = 4;

/** From which share on a reading is high, and up to which it is calm. */
interface Band {
  readonly high: number;
  readonly calm: number;
}

/** Share of the time that tasks stall on memory. */
const STALL: Band = { high: 0.1, calm: 0.02 };
/** Share of the cgroup's limit in use. */
const CGROUP: Band = { high: 0.9, calm: 0.8 };
/** Share of the resident bytes this process should have. */
const RSS: Band = { high: 0.95, calm: 0.85 };

type Level = 'high' | 'between' | 'calm';

/** Creates a handler; it reads nothing before `start` or `update`. */
export function createPressureHandler({
  read,
  intervalMs = DEFAULT_INTERVAL_MS,
  maxRssBytes,
}: PressureOptions): PressureHandler {
  let factor = 1;
  let calmReadings = 0;
  let last: PressureReading | null = null;
  let timer: NodeJS.Timeout | null = null;
  const update = (): number => {
    const now = read();
    const level = levelOf(last, now, maxRssBytes);
    last = now;
    calmReadings = level === 'calm' ? calmReadings + 1 : 0;
    if (level === 'high') factor = Math.max(SMALLEST_FACTOR, factor / 2);
    if (calmReadings >= CALM_READINGS) {
      factor = Math.min(1, factor * 2);
      calmReadings = 0;
    }
    return factor;
  };
  return {
    get factor() {
      return factor;
    },
    update,
    start() {
      update();
      timer ??= setInterval(update, intervalMs).unref();
    },
    stop() {
      if (timer) clearInterval(timer);
      timer = null;
    },
  };
}

/** The worst of what is known; what the host does not say is no concern. */
function levelOf(last: PressureReading | null, now: PressureReading, maxRssBytes: number | undefined): Level {
  const levels = [
    levelIn(
      STALL,
      stallShare(last, now, (reading) => reading.hostStallUs),
    ),
    levelIn(
      STALL,
      stallShare(last, now, (reading) => reading.cgroup?.stallUs ?? null),
    ),
    levelIn(CGROUP, now.cgroup && now.cgroup.usedBytes / now.cgroup.limitBytes),
    levelIn(RSS, maxRssBytes === undefined ? null : now.rssBytes / maxRssBytes),
  ];
  return levels.find((level) => level === 'high') ?? levels.find((level) => level === 'between') ?? 'calm';
}

function levelIn({ high, calm }: Band, share: number | null): Level {
  if (share === null || share <= calm) return 'calm';
  return share >= high ? 'high' : 'between';
}

function stallShare(
  last: PressureReading | null,
  now: PressureReading,
  stallUsOf: (reading: PressureReading) => number | null,
): number | null {
  const before = last && stallUsOf(last);
  const after = stallUsOf(now);
  const passedUs = last === null ? 0 : (now.atMs - last.atMs) * 1000;
  return before === null || after === null || passedUs <= 0 ? null : (after - before) / passedUs;
}
