// A stable fingerprint of the hardware, and the file that belongs to it. `hardwareId()` is pure;
// `readHardware()` touches the system.
import { readFileSync } from 'node:fs';
import { availableParallelism, totalmem } from 'node:os';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { userFolder } from '../../core/index.ts';

/** What the fingerprint is made of. */
export interface HardwareFacts {
  /** Processor cores this process may use. */
  readonly cores: number;
  /** `x64`, `arm64`, ... */
  readonly architecture: string;
  /** Widest vector instructions: `avx512`, `avx2`, `sse4_2`, `sve`, `neon` or `none`. */
  readonly simd: string;
  /** Memory in GiB, rounded up to a power of two: a firmware update or a kernel may take a little. */
  readonly memoryClassGib: number;
}

/** Reads the facts of this host. @param readText replaces reading /proc/cpuinfo */
export function readHardware(readText: () => string = readCpuInfo): HardwareFacts {
  return {
    cores: availableParallelism(),
    architecture: process.arch,
    simd: parseSimd(readText()),
    memoryClassGib: memoryClassOf(totalmem()),
  };
}

/** The widest vector instructions that the text of /proc/cpuinfo names. */
export function parseSimd(cpuInfo: string): string {
  const flags = new Set(/^(?:flags|Features)\s*:(.*)$/m.exec(cpuInfo)?.[1]?.split(/\s+/));
  const found = simdFlags.find(([flag]) => flags.has(flag));
  return found ? found[1] : 'none';
}

/** `/proc/cpuinfo` flag → name, widest first. */
const simdFlags: readonly [flag: string, name: string][] = [
  ['avx512f', 'avx512'],
  ['avx2', 'avx2'],
  ['sse4_2', 'sse4_2'],
  ['sve', 'sve'],
  ['asimd', 'neon'],
  ['neon', 'neon'],
];

/** Bytes of memory as GiB, rounded up to a power of two. */
export function memoryClassOf(totalBytes: number): number {
  return 2 ** Math.ceil(Math.log2(totalBytes / 2 ** 30));
}

/** Eight hex digits: the CRC-32 of `<cores>-<architecture>-<simd>-<memory GiB>-none-0` (no GPU), as the document builds it. */
export function hardwareId(
  { cores, architecture, simd, memoryClassGib }: HardwareFacts = readHardware(),
): string {
  const fingerprint = `${cores}-${architecture}-${simd}-${memoryClassGib}-none-0`;
  return crc32(fingerprint).toString(16).padStart(8, '0');
}

/** `training_data_<hardware id>.apr` in `directory`. @default `$XDG_CACHE_HOME/ruvector`, else `~/.cache/ruvector` */
export function cachePath(directory?: string, id: string = hardwareId()): string {
  return join(
    directory ?? join(userFolder('XDG_CACHE_HOME', '.cache'), 'ruvector'),
    `training_data_${id}.apr`,
  );
}

function readCpuInfo(): string {
  try {
    return readFileSync('/proc/cpuinfo', 'utf8');
  } catch {
    return ''; // not Linux: the fingerprint says `none`
  }
}
