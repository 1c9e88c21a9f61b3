// /proc/PID/smaps: which memory a process maps, and how much of it is there. Pure.
// https://docs.kernel.org/filesystems/proc.html

/** One mapping of /proc/PID/smaps. Sizes in bytes. */
export interface Mapping {
  readonly start: number;
  readonly end: number;
  readonly permissions: string;
  /** Offset of `start` in the file. */
  readonly offsetBytes: number;
  /** `major:minor` in hexadecimal, as /proc/PID/maps writes it. */
  readonly device: string;
  /** 0 for anonymous memory. */
  readonly inode: number;
  readonly path: string;
  readonly pageSizeBytes: number;
  readonly rssBytes: number;
  readonly sharedBytes: number;
  readonly privateCleanBytes: number;
  readonly privateDirtyBytes: number;
  readonly referencedBytes: number;
  readonly anonymousBytes: number;
  readonly lockedBytes: number;
  readonly vmFlags: ReadonlySet<string>;
}

const HEADER = /^([0-9a-f]+)-([0-9a-f]+) (\S{4}) ([0-9a-f]+) ([0-9a-f]+:[0-9a-f]+) (\d+) *(.*)$/;

/** Parses /proc/PID/smaps. Mappings beyond 2^53 (vsyscall) are left out: no user page lies there. */
export function parseSmaps(text: string): Mapping[] {
  const mappings: Mapping[] = [];
  let header: RegExpExecArray | null = null;
  let sizes = new Map<string, number>();
  for (const line of text.split('\n')) {
    const colon = line.indexOf(':');
    const key = line.slice(0, colon);
    if (key === 'VmFlags' && header !== null) {
      const mapping = buildMapping(header, sizes, line.slice(colon + 1));
      if (mapping.end <= Number.MAX_SAFE_INTEGER) mappings.push(mapping);
      header = null;
    } else if (/^[A-Z]/.test(key)) {
      sizes.set(key, Number.parseInt(line.slice(colon + 1), 10) * 1024);
    } else {
      header = HEADER.exec(line) ?? header;
      sizes = new Map();
    }
  }
  return mappings;
}

function buildMapping(header: RegExpExecArray, sizes: Map<string, number>, flags: string): Mapping {
  const size = (name: string): number => sizes.get(name) ?? 0;
  return {
    start: Number.parseInt(header[1]!, 16),
    end: Number.parseInt(header[2]!, 16),
    permissions: header[3]!,
    offsetBytes: Number.parseInt(header[4]!, 16),
    device: header[5]!,
    inode: Number(header[6]!),
    path: header[7]!,
    pageSizeBytes: size('KernelPageSize') || 4096,
    rssBytes: size('Rss'),
    sharedBytes: size('Shared_Clean') + size('Shared_Dirty'),
    privateCleanBytes: size('Private_Clean'),
    privateDirtyBytes: size('Private_Dirty'),
    referencedBytes: size('Referenced'),
    anonymousBytes: size('Anonymous'),
    lockedBytes: size('Locked'),
    vmFlags: new Set(flags.trim().split(/\s+/)),
  };
}
