// Attacks every door of a running daemon for a while: raw sockets that are reset in every state, damaged
// frames, strangers and clients. Knows nothing of what must hold afterwards. As a command, beside other work:
//   node test/support/app/doors/fuzz-doors.ts --home <folder> --seconds 3600 [--seed 7] [--doors ws,tcp,ipc,pipe]
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { connectDaemon, readBridgeFile } from '../../../../src/bridge/index.ts';
import { resolveHome } from '../../../../src/core/index.ts';
import { createChoices } from './attack.ts';
import type { Attack, Door } from './attack.ts';
import { pipeAttacks } from './pipe-attacks.ts';
import { websocketAttacks, websocketBurst } from './websocket-attacks.ts';
import { zeromqAttacks, zeromqBurst } from './zeromq-attacks.ts';

export interface FuzzOptions {
  readonly doors: readonly Door[];
  readonly durationMs: number;
  /** The order of attacks of each lane, and their bytes. */
  readonly seed: number;
  /** Attacks at a time. @default 12 */
  readonly lanes?: number;
  /** Pause between two attacks of a lane. @default 0 */
  readonly pauseMs?: number;
}

/** Attacks by endpoint. */
export type FuzzReport = Readonly<Record<string, number>>;

/** Share of attacks that are hundreds of connections at once. */
const BURST_SHARE = 0.004;

/** RUVECTOR_FUZZ_SEED, else from the clock; to be printed. */
export function chooseSeed(): number {
  const given = process.env['RUVECTOR_FUZZ_SEED'];
  return given === undefined ? Date.now() % 2 ** 31 : Number(given);
}

/** The doors of the daemon of a home: its bridge, and each stream that it serves. */
export async function findDoors(homeRoot: string): Promise<Door[]> {
  const { bridgeFile } = resolveHome(homeRoot);
  const { endpoints, token } = await readBridgeFile(bridgeFile);
  await using client = await connectDaemon(bridgeFile);
  const streams = (await client.request('stream.list', {})).result as { endpoint: string }[];
  return [
    { endpoint: endpoints.control, speaks: 'bridge', token },
    { endpoint: endpoints.data, speaks: 'bridge', token },
    ...streams.map(({ endpoint }) => ({ endpoint, speaks: 'stream' as const })),
  ];
}

/** Attacks until the time is over. */
export async function fuzzDoors(options: FuzzOptions): Promise<FuzzReport> {
  const { doors, seed, durationMs, lanes = 12, pauseMs = 0 } = options;
  const endMs = performance.now() + durationMs;
  const counts: Record<string, number> = Object.fromEntries(doors.map(({ endpoint }) => [endpoint, 0]));
  const lane = async (_: unknown, number: number): Promise<void> => {
    const random = createChoices(seed + number * 7919);
    while (performance.now() < endMs) {
      const door = random.pick(doors);
      const [attacks, burst] = attacksOn(door);
      const attack = burst !== null && random.chance(BURST_SHARE) ? burst : random.pick(attacks);
      await attack(door, random);
      counts[door.endpoint]!++;
      await sleep(pauseMs);
    }
  };
  await Promise.all(Array.from({ length: lanes }, lane));
  return counts;
}

function attacksOn({ endpoint }: Door): [readonly Attack[], Attack | null] {
  if (endpoint.startsWith('ws:')) return [websocketAttacks, websocketBurst];
  return endpoint.startsWith('pipe:') ? [pipeAttacks, null] : [zeromqAttacks, zeromqBurst];
}

if (process.argv[1] === import.meta.filename) {
  const { values } = parseArgs({
    options: {
      home: { type: 'string' },
      seconds: { type: 'string', default: '60' },
      seed: { type: 'string', default: String(chooseSeed()) },
      doors: { type: 'string', default: 'ws,tcp,ipc,pipe' },
      lanes: { type: 'string', default: '12' },
      'pause-ms': { type: 'string', default: '0' },
    },
  });
  const schemes = values.doors.split(',');
  const found = await findDoors(resolveHome(values.home).root);
  const doors = found.filter(({ endpoint }) => schemes.includes(endpoint.split(':')[0]!));
  process.stdout.write(`seed ${values.seed}, ${doors.map(({ endpoint }) => endpoint).join(' ')}\n`);
  const report = await fuzzDoors({
    doors,
    durationMs: Number(values.seconds) * 1000,
    seed: Number(values.seed),
    lanes: Number(values.lanes),
    pauseMs: Number(values['pause-ms']),
  });
  process.stdout.write(`${JSON.stringify(report)}\n`);
}
