// One life of a daemon: started with what is wrong on this host, watched every second, killed or stopped.
import type { ChildProcess } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import type { HostStatus } from '../../src/app/host/status-types.ts';
import { openDataStream } from '../../src/stream/index.ts';
import { poll, startDaemon } from '../support/daemon.ts';
import type { CommandResult, Daemon } from '../support/daemon.ts';
import type { Home } from '../../src/core/index.ts';

/** A look at the daemon's process. */
export interface Look {
  /** Seconds since the life began. */
  readonly atS: number;
  readonly rssKib: number;
  /** CPU time since the process began. */
  readonly cpuS: number;
  /** What was being done to the daemon then; `none` comes before, `after` when all of a round's troubles are over. */
  readonly trouble: string;
  /** Troubles come in rounds. */
  readonly round: number;
}

/** A row that a subscriber got. */
export interface SeenRow {
  readonly timestamp: number;
  readonly receivedMs: number;
}

/** What is known of a life once it is over. */
export interface Life {
  readonly looks: readonly Look[];
  readonly seen: readonly SeenRow[];
  readonly endedMs: number;
  readonly end: CommandResult;
  /** The last status it gave. */
  readonly status: HostStatus;
}

/** A daemon that is being watched. */
export interface RunningLife {
  readonly child: ChildProcess;
  /** Names what is done to it from now on. */
  note(trouble: string, round: number): void;
  /** SIGKILL or SIGTERM, and what was seen. Throws when it had ended by itself. */
  end(signal: 'SIGKILL' | 'SIGTERM'): Promise<Life>;
}

/** Options of {@link startLife}. */
export interface LifeOptions {
  readonly home: Home;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** Where its rows are streamed. */
  readonly stream: string;
}

const monotonicMs = (): number => performance.now();

/** Starts a daemon and watches it. */
export async function startLife({ home, args, env, stream }: LifeOptions): Promise<RunningLife> {
  const daemon = await startDaemon(home, args, env);
  const kill = (): void => void daemon.child.kill('SIGKILL');
  process.once('exit', kill);
  daemon.child.once('exit', () => process.off('exit', kill));
  const startedMs = monotonicMs();
  const looks: Look[] = [];
  const seen: SeenRow[] = [];
  let now = { trouble: 'none', round: 0 };
  const over = new AbortController();
  let status = (await daemon.client.request('status')).result as HostStatus;
  const watching = (async () => {
    while (!over.signal.aborted && daemon.child.exitCode === null) {
      looks.push({ atS: (monotonicMs() - startedMs) / 1000, ...now, ...readProcess(daemon.child.pid!) });
      if (looks.length % 5 === 0) status = (await daemon.client.request('status')).result as HostStatus;
      await sleep(1000);
    }
  })().catch(() => {}); // it ended; `end` says so
  // What the one before left of its socket would refuse a reader that comes too early.
  await poll(
    () => Promise.resolve(daemon.log()),
    (log) => log.includes(stream) || daemon.child.exitCode !== null,
  );
  if (daemon.child.exitCode !== null)
    throw new Error(`the daemon ended by itself: ${daemon.log().slice(-2000)}`);
  const reader = openDataStream(stream, { reconnect: false, connectTimeoutMs: 30_000 });
  const reading = (async () => {
    for await (const row of reader.subscribeMemory({ overflow: 'block' })) {
      seen.push({ timestamp: row.timestamp, receivedMs: monotonicMs() });
    }
  })().catch((error: unknown) => {
    // The connection ends with the daemon, not before.
    if (!over.signal.aborted) process.stdout.write(`the observer lost its stream: ${String(error)}\n`);
  });
  return {
    child: daemon.child,
    note: (trouble, round) => void (now = { trouble, round }),
    async end(signal) {
      if (daemon.child.exitCode !== null || daemon.child.signalCode !== null) {
        throw new Error(`the daemon ended by itself: ${(await daemon.stop()).stderr.slice(-2000)}`);
      }
      status = (await daemon.client.request('status')).result as HostStatus;
      over.abort();
      const endedMs = monotonicMs();
      const end = signal === 'SIGTERM' ? await daemon.stop() : await killed(daemon);
      await reader.close();
      await Promise.all([watching, reading]);
      return { looks, seen, endedMs, end, status };
    },
  };
}

async function killed(daemon: Daemon): Promise<CommandResult> {
  await daemon.kill();
  return { code: null, signal: 'SIGKILL', stdout: '', stderr: daemon.log() };
}

const TICKS_PER_S = 100;

function readProcess(pid: number): { rssKib: number; cpuS: number } {
  const fields = readFileSync(`/proc/${pid}/stat`, 'latin1').split(') ').at(-1)!.split(' ');
  const rss = /^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'latin1'));
  return { rssKib: Number(rss?.[1] ?? 0), cpuS: (Number(fields[11]) + Number(fields[12])) / TICKS_PER_S };
}
