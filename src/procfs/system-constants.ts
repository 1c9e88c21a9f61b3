// Page size and clock tick of the running kernel, from this process's auxiliary vector: statm counts pages (4, 16 or
// 64 KiB on ARM) and stat counts ticks. https://man7.org/linux/man-pages/man3/getauxval.3.html
import { endianness } from 'node:os';

/** Units of the numbers in /proc/PID. */
export interface SystemConstants {
  readonly pageKib: number;
  readonly tickMs: number;
}

const AT_PAGESZ = 6;
const AT_CLKTCK = 17;

/** Those of every 64-bit x86 kernel, for a copied tree without the vector. */
export const usualConstants: SystemConstants = { pageKib: 4, tickMs: 10 };

/** Parses /proc/PID/auxv: pairs of 64-bit words in the host's byte order. Unknown and absurd entries are ignored. */
export function parseAuxv(bytes: Uint8Array, littleEndian = endianness() === 'LE'): SystemConstants {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let { pageKib, tickMs } = usualConstants;
  for (let at = 0; at + 16 <= view.byteLength; at += 16) {
    const type = view.getBigUint64(at, littleEndian);
    const value = Number(view.getBigUint64(at + 8, littleEndian));
    if (type === BigInt(AT_PAGESZ) && value >= 4096 && value <= 1 << 20) pageKib = value / 1024;
    if (type === BigInt(AT_CLKTCK) && value >= 1 && value <= 1000) tickMs = 1000 / value;
  }
  return { pageKib, tickMs };
}
