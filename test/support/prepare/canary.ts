// A thousand secrets of every kind, and the tree of /proc, the events and the history they are planted in.
// Each is told apart from any other text by digits of a hash.
import { createHash } from 'node:crypto';
import { cp, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createCollector } from '../../../src/collect/index.ts';
import type { OptimizationEvent, ProcessRecord } from '../../../src/core/index.ts';
import { openHistory } from '../../../src/store/index.ts';
import { pressuredSnapshots } from '../memory-rows.ts';
import { optimizationEvent } from './process-rows.ts';

const digits = (index: number): string => createHash('sha256').update(`canary ${index}`).digest('hex');

/** One secret of each kind by its digits; every one holds enough of them to be unique. */
const kinds: Readonly<Record<string, (hex: string) => string>> = {
  user: (hex) => `user_${hex.slice(0, 8)}`,
  host: (hex) => `db-${hex.slice(0, 8)}`,
  domain: (hex) => `${hex.slice(0, 8)}.corp.example.com`,
  ipv4: (hex) => [1, 3, 5, 7].map((at) => 100 + (Number.parseInt(hex.slice(at, at + 2), 16) % 150)).join('.'),
  ipv6: (hex) => `2001:db8:${hex.slice(0, 4)}:${hex.slice(4, 8)}::${hex.slice(8, 12)}`,
  mac: (hex) => `02:${hex.slice(0, 10).match(/../g)!.join(':')}`,
  mail: (hex) => `${hex.slice(0, 8)}@example.org`,
  posix: (hex) => `/home/${hex.slice(0, 6)}/taxes-${hex.slice(6, 12)}.ods`,
  windows: (hex) => `C:\\Users\\${hex.slice(0, 6)}\\${hex.slice(6, 12)}.docx`,
  unc: (hex) => `\\\\srv-${hex.slice(0, 6)}\\share-${hex.slice(6, 10)}`,
  url: (hex) => `https://intranet.example/${hex.slice(0, 12)}?q=${hex.slice(12, 16)}`,
  token: (hex) => `ghp_${hex.slice(0, 36)}`,
  password: (hex) => `hunter-${hex.slice(0, 8)}`,
  environment: (hex) => `ACME_${hex.slice(0, 8).toUpperCase()}=${hex.slice(8, 16)}`,
  argument: (hex) => `--api-key=${hex.slice(0, 16)}`,
};

/** 250 process names of at most 15 bytes, as the kernel cuts them. */
export const secretNames: readonly string[] = Array.from(
  { length: 250 },
  (_, i) => `p-${digits(i).slice(0, 12)}`,
);

/** 750 others: 50 of each kind. */
export const secretTexts: readonly string[] = Array.from({ length: 750 }, (_, i) => {
  const make = Object.values(kinds)[i % Object.keys(kinds).length]!;
  return make(digits(1000 + i));
});

/** All of them. */
export const secrets: readonly string[] = [...secretNames, ...secretTexts];

/** Reads 250 processes from a tree of /proc whose names, arguments and environments are the secrets. */
export async function collectSecretProcesses(folder: string): Promise<readonly ProcessRecord[]> {
  const modern = join(import.meta.dirname, '../../fixtures/proc/modern');
  await cp(modern, folder, { recursive: true });
  await Promise.all(secretNames.map((name, i) => writeProcess(join(folder, 'proc'), 1000 + i, name, i)));
  const roots = { procRoot: join(folder, 'proc'), cgroupRoot: join(folder, 'cgroup') };
  await using collector = await createCollector({ ...roots, source: 'procfs' });
  const { processes } = await collector.sample();
  return processes!.filter(({ pid }) => pid >= 1000);
}

async function writeProcess(procRoot: string, pid: number, name: string, at: number): Promise<void> {
  const folder = join(procRoot, String(pid));
  await mkdir(folder);
  const own = secretTexts.slice(at * 3, at * 3 + 3);
  const numbers = `${pid} ${pid} 0 -1 4194304 2012 0 3 0 12 5 0 0 20 0 2 0 ${10_000 + at} 0 0 1 1 1`;
  await writeFile(join(folder, 'stat'), `${pid} (${name}) S 1 ${numbers}${' 0'.repeat(26)}\n`);
  await writeFile(join(folder, 'comm'), `${name}\n`);
  await writeFile(join(folder, 'statm'), '20000 5000 1000 10 0 3000 0\n');
  await writeFile(join(folder, 'cmdline'), ['/usr/bin/thing', ...own, ''].join('\0'));
  await writeFile(join(folder, 'environ'), own.map((secret, i) => `SECRET_${i}=${secret}\0`).join(''));
}

/** Events that name every secret: in their errors, and some in columns that hold words only. */
export function secretEvents(): OptimizationEvent[] {
  return secrets.map((secret, i) =>
    optimizationEvent({
      error: `Cannot trim "${secret}" for ${secrets[(i + 1) % secrets.length]}: EPERM, operation not permitted`,
      model_version: `${secretTexts[i % secretTexts.length]}@1`,
      ...(i % 10 === 0 && { actuator: secret, trigger: secret, label: secret, mode: secret }),
    }),
  );
}

/** Rows that were planted. */
export interface PlantedRows {
  readonly memory: readonly ReturnType<typeof pressuredSnapshots>[number][];
  readonly process: readonly ProcessRecord[];
  readonly optimization: readonly OptimizationEvent[];
}

/** Fills a history with memory under pressure, six scans of the secret processes and the secret events. */
export async function plantSecrets(historyFolder: string, procFolder: string): Promise<PlantedRows> {
  const startMs = Math.floor(Date.now() / 3_600_000) * 3_600_000 - 4 * 3_600_000;
  const memory = pressuredSnapshots(800);
  const shiftMs = startMs - memory[0]!.timestamp;
  const scan = await collectSecretProcesses(procFolder);
  const rows: PlantedRows = {
    memory: memory.map((row) => ({ ...row, timestamp: row.timestamp + shiftMs })),
    process: [0, 1, 2, 3, 4, 5].flatMap((at) =>
      scan.map((row) => ({ ...row, timestamp: startMs + at * 10_000 })),
    ),
    optimization: secretEvents().map((event, i) => ({ ...event, timestamp: startMs + i * 1000 })),
  };
  await mkdir(historyFolder, { recursive: true });
  await using history = await openHistory(historyFolder);
  history.append('memory', rows.memory);
  history.append('process', rows.process);
  history.append('optimization', rows.optimization);
  return rows;
}
