// Swap on zram0 for one benchmark, only on a machine where nothing uses it, and put back afterwards.
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { undoAtExit } from './undo.ts';

/** An active zram swap. */
export interface ZramSwap extends Disposable {
  /** Bytes of memory that the compressed pages take. */
  usedBytes(): number;
}

const SYSFS = '/sys/block/zram0';
const DEVICE = '/dev/zram0';

/** Why zram0 cannot be used here; null when it can. */
export function whyNoZram(): string | null {
  if (process.getuid?.() !== 0) return 'only root may set up swap';
  if (!existsSync(`${SYSFS}/disksize`) || !existsSync(DEVICE)) return 'this kernel has no zram0';
  if (readFileSync(`${SYSFS}/disksize`, 'utf8').trim() !== '0') return 'zram0 is in use';
  if (readFileSync('/proc/swaps', 'utf8').trim().split('\n').length > 1) return 'this host swaps already';
  const missing = ['mkswap', 'swapon', 'swapoff'].filter(
    (tool) => spawnSync(tool, ['--version']).error !== undefined,
  );
  return missing.length === 0 ? null : `${missing.join(' and ')} cannot be found`;
}

/**
 * Sets it up.
 * @throws Error when a step fails; what was done by then is undone
 */
export function openZramSwap(sizeBytes: number): ZramSwap {
  const why = whyNoZram();
  if (why !== null) throw new Error(`Cannot swap to zram: ${why}`);
  const close = undoAtExit(turnOff);
  try {
    writeFileSync(`${SYSFS}/disksize`, String(sizeBytes));
    run('mkswap', [DEVICE]);
    run('swapon', [DEVICE]);
  } catch (error) {
    close();
    throw error;
  }
  return {
    usedBytes: () => Number(readFileSync(`${SYSFS}/mm_stat`, 'utf8').trim().split(/\s+/)[2]),
    [Symbol.dispose]: close,
  };
}

function turnOff(): void {
  if (readFileSync('/proc/swaps', 'utf8').includes(`${DEVICE} `)) run('swapoff', [DEVICE]);
  writeFileSync(`${SYSFS}/reset`, '1');
}

function run(command: string, args: readonly string[]): void {
  const { error, status, stderr } = spawnSync(command, args, { encoding: 'utf8' });
  if (error !== undefined || status !== 0)
    throw new Error(`Cannot run "${command} ${args.join(' ')}": ${error?.message ?? stderr.trim()}`);
}
