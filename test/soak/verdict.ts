// What must hold after a bad day, each with the figure that was seen.
import { openHistory } from '../../src/store/index.ts';
import type { Home } from '../../src/core/index.ts';
import type { Life, Look } from './life.ts';

const MAX_LOST_MS = 1000;
const MAX_RSS_SPREAD = 0.1;
const MAX_CPU_PERCENT = 3;
/** Compiling and loading after a kill; counted, and shown by itself. */
const START_S = 15;

interface Finding {
  readonly what: string;
  readonly seen: string;
  readonly holds: boolean;
}

/** Prints each finding; resolves with whether all hold. */
export async function judge(
  lives: readonly Life[],
  home: Home,
  { damaged }: { damaged: number },
): Promise<boolean> {
  const stored = await readStored(home);
  const findings = [
    unhandledErrors(lives),
    lostRows(lives, stored.counts),
    {
      what: 'rows doubled',
      seen: `${stored.doubled} of ${stored.rows}`,
      holds: stored.doubled === 0 && stored.rows > 0,
    },
    rssAcrossLives(lives),
    rssWithinLives(lives),
    cpu(lives),
  ];
  process.stdout.write(`${damaged} files of /proc were damaged\n`);
  for (const { what, seen, holds } of findings)
    process.stdout.write(`${holds ? 'ok  ' : 'MISS'} ${what}: ${seen}\n`);
  return findings.every(({ holds }) => holds);
}

async function readStored(
  home: Home,
): Promise<{ rows: number; doubled: number; counts: Map<number, number> }> {
  await using history = await openHistory(home.history, { readOnly: true });
  const counts = new Map<number, number>();
  const whole = new Set<string>();
  let rows = 0;
  for (const row of await history.rows('memory')) {
    rows++;
    counts.set(row.timestamp, (counts.get(row.timestamp) ?? 0) + 1);
    whole.add(JSON.stringify(row, (_, value: unknown) => (typeof value === 'bigint' ? `${value}n` : value)));
  }
  return { rows, doubled: rows - whole.size, counts };
}

function unhandledErrors(lives: readonly Life[]): Finding {
  const lines = lives.flatMap(({ end }) =>
    end.stderr.split('\n').filter((line) => /uncaught|unhandled/i.test(line)),
  );
  return { what: 'unhandled errors', seen: `${lines.length} ${lines[0] ?? ''}`, holds: lines.length === 0 };
}

/** Of what a subscriber had got, what the history lacks: at most what came within the last second before the end. */
function lostRows(lives: readonly Life[], counts: ReadonlyMap<number, number>): Finding {
  let lost = 0;
  let longestMs = 0;
  for (const { seen, endedMs } of lives) {
    for (const { timestamp, receivedMs } of seen) {
      if (counts.has(timestamp)) continue;
      lost++;
      longestMs = Math.max(longestMs, endedMs - receivedMs);
    }
  }
  return {
    what: 'samples lost by a kill',
    seen: `${lost}, the oldest ${Math.round(longestMs)} ms before the kill, of ${lives.reduce((sum, { seen }) => sum + seen.length, 0)} seen`,
    holds: longestMs <= MAX_LOST_MS && lives.every(({ seen }) => seen.length > 0),
  };
}

const mebibytes = (looks: readonly Look[]): number =>
  Math.round(median(looks.map(({ rssKib }) => rssKib)) / 1024);

/** The rest after all troubles of a round. */
const restOf = ({ looks }: Life, last: boolean): readonly Look[] => {
  const rounds = looks.filter(({ trouble }) => trouble === 'after');
  const round = (last ? rounds.at(-1) : rounds[0])?.round;
  return rounds.filter((look) => look.round === round);
};

/** What a day leaves behind: the second half of the lives beside the first. */
function rssAcrossLives(lives: readonly Life[]): Finding {
  const ends = lives.map((life) => mebibytes(restOf(life, true)));
  const half = Math.floor(ends.length / 2);
  const growth = median(ends.slice(half)) / median(ends.slice(0, half)) - 1;
  return {
    what: 'RSS at the end of each life',
    seen: `${ends.join(', ')} MiB; second half of the day ${percent(growth)} above the first`,
    holds: growth <= MAX_RSS_SPREAD,
  };
}

/** What a round of troubles leaves behind: the rest after the last beside the rest after the first. */
function rssWithinLives(lives: readonly Life[]): Finding {
  const growth = lives.map((life) => mebibytes(restOf(life, true)) / mebibytes(restOf(life, false)) - 1);
  return {
    what: 'RSS grown from one round of troubles to the next',
    seen: `median ${percent(median(growth))}, most ${percent(Math.max(...growth))}`,
    holds: median(growth) <= MAX_RSS_SPREAD,
  };
}

function cpu(lives: readonly Life[]): Finding {
  const byTrouble = new Map<string, { cpuS: number; s: number }>();
  for (const { looks } of lives) {
    for (const [i, look] of looks.entries()) {
      const before = looks[i - 1];
      if (!before) continue;
      const trouble = look.atS < START_S ? 'start' : look.trouble;
      const sum = byTrouble.get(trouble) ?? { cpuS: 0, s: 0 };
      sum.cpuS += look.cpuS - before.cpuS;
      sum.s += look.atS - before.atS;
      byTrouble.set(trouble, sum);
    }
  }
  const sums = [...byTrouble.values()];
  const all = sums.reduce((sum, { cpuS }) => sum + cpuS, 0) / sums.reduce((sum, { s }) => sum + s, 0);
  const each = [...byTrouble].map(([trouble, { cpuS, s }]) => `${trouble} ${percent(cpuS / s)}`);
  return {
    what: 'CPU of a core at 1 Hz',
    seen: `${percent(all)} (${each.join(', ')})`,
    holds: all * 100 <= MAX_CPU_PERCENT,
  };
}

const percent = (share: number): string => `${(100 * share).toFixed(1)} %`;

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? NaN;
}
