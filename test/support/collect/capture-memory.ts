// Records a real memory capture of this host at 1 Hz as JSON lines, for the storage benchmarks.
// `node test/support/collect/capture-memory.ts <seconds> <out.jsonl>`; then `pack` turns it into the fixture:
// `node test/support/collect/capture-memory.ts pack <in.jsonl> <out.json.gz>`. It reads /proc by itself so
// that a capture does not depend on the code whose storage it measures. Linux only.
import { appendFileSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import { memoryKind } from '../../../src/core/index.ts';
import type { AnyRow } from '../../../src/core/index.ts';

const vmstatColumns = new Set<string>(
  memoryKind.fields.filter((field) => field.source === '/proc/vmstat').map((field) => field.name),
);

function parsePairs(text: string): Map<string, number> {
  const pairs = new Map<string, number>();
  for (const match of text.matchAll(/^(\S+?):?\s+(\d+)/gm)) pairs.set(match[1]!, Number(match[2]));
  return pairs;
}

/** `active_anon_kib` ← `Active(anon)`; the odd names are spelt out. */
function meminfoNameOf(column: string): string {
  const odd: Record<string, string> = {
    slab_reclaimable_kib: 'SReclaimable',
    slab_unreclaimable_kib: 'SUnreclaim',
    committed_as_kib: 'Committed_AS',
  };
  const stem = column.replace(/_kib$/, '');
  const group = /^(active|inactive)_(anon|file)$/.exec(stem);
  if (group) return `${capital(group[1]!)}(${group[2]})`;
  return odd[column] ?? stem.split('_').map(capital).join('');
}

function capital(word: string): string {
  return word.charAt(0).toUpperCase() + word.slice(1);
}

function readOrNull(path: string): string | null {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return null;
  }
}

function readPressure(row: AnyRow): void {
  for (const what of ['memory', 'io', 'cpu']) {
    for (const line of (readOrNull(`/proc/pressure/${what}`) ?? '').split('\n')) {
      const match = /^(some|full) .*total=(\d+)/.exec(line);
      if (match) row[`psi_${what}_${match[1]}_us`] = Number(match[2]);
    }
  }
}

function readProcesses(row: AnyRow): void {
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  const rss = pids.map((pid) => Number((readOrNull(`/proc/${pid}/statm`) ?? '').split(' ')[1] ?? 0) * 4);
  row['process_count'] = pids.length;
  row['top_process_rss_kib'] = Math.max(0, ...rss);
}

function readCgroup(row: AnyRow): void {
  const own = readOrNull('/proc/self/cgroup') ?? '';
  const v1 = /^\d+:memory:(.*)$/m.exec(own)?.[1];
  const v2 = /^0::(.*)$/m.exec(own)?.[1];
  const usage =
    (v1 === undefined ? null : readOrNull(`/sys/fs/cgroup/memory${v1}/memory.usage_in_bytes`)) ??
    (v2 === undefined ? null : readOrNull(`/sys/fs/cgroup${v2}/memory.current`));
  if (usage !== null) row['cgroup_usage_bytes'] = Number(usage);
}

function readRow(): AnyRow {
  const meminfo = parsePairs(readFileSync('/proc/meminfo', 'utf8'));
  const vmstat = parsePairs(readFileSync('/proc/vmstat', 'utf8'));
  const row: AnyRow = {};
  for (const { name } of memoryKind.fields) {
    const value = vmstatColumns.has(name) ? vmstat.get(name) : meminfo.get(meminfoNameOf(name));
    row[name] = value ?? null;
  }
  readPressure(row);
  readProcesses(row);
  readCgroup(row);
  row['timestamp'] = Date.now();
  return row;
}

async function capture(seconds: number, path: string): Promise<void> {
  const startMs = Math.ceil(Date.now() / 1000) * 1000;
  for (let i = 0; i < seconds; i++) {
    await sleep(Math.max(0, startMs + i * 1000 - Date.now()));
    appendFileSync(path, `${JSON.stringify(readRow())}\n`);
  }
}

/** Columns of differences from the row before: small when compressed, exact when summed. */
function pack(from: string, to: string): void {
  const rows = readFileSync(from, 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, number | null>);
  const columns = Object.fromEntries(
    memoryKind.fields.map(({ name }) => {
      let before = 0;
      const deltas = rows.map((row) => {
        const value = row[name] ?? null;
        if (value === null) return null;
        const delta = value - before;
        before = value;
        return delta;
      });
      return [name, deltas];
    }),
  );
  writeFileSync(to, gzipSync(JSON.stringify({ rows: rows.length, deltas: columns }), { level: 9 }));
}

const [first = '', second = '', third = ''] = process.argv.slice(2);
if (first === 'pack') pack(second, third);
else await capture(Number(first), second);
