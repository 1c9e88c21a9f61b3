// /proc/PID/mountinfo: what is mounted where. Pure. https://man7.org/linux/man-pages/man5/proc_pid_mountinfo.5.html

/** One mount. */
export interface Mount {
  /** Major and minor number in decimal, `8:1`. */
  readonly device: string;
  /** What of the file system the mount point shows. */
  readonly root: string;
  readonly mountPoint: string;
  readonly type: string;
  /** Of the file system, `rw,cpu,memory`. */
  readonly options: readonly string[];
}

/** Parses the mounts, in the order of the kernel. A line that was cut off is none. */
export function parseMounts(text: string): Mount[] {
  return text.split('\n').flatMap((line) => {
    const [left, right] = line.split(' - ');
    const [, , device, root, mountPoint] = (left ?? '').split(' ');
    const [type, , options] = (right ?? '').split(' ');
    if (device === undefined || root === undefined || mountPoint === undefined || !type) return [];
    return [
      {
        device,
        root: unescapeMount(root),
        mountPoint: unescapeMount(mountPoint),
        type,
        options: options?.split(',') ?? [],
      },
    ];
  });
}

// Space, tab, newline and backslash are written in octal.
const unescapeMount = (text: string): string =>
  text.replaceAll(/\\([0-7]{3})/g, (_, octal: string) => String.fromCodePoint(Number.parseInt(octal, 8)));

/** File system type by device, written as smaps writes devices: `08:01`. */
export function parseFileSystems(text: string): Map<string, string> {
  return new Map(parseMounts(text).map(({ device, type }) => [device.split(':').map(hex).join(':'), type]));
}

const hex = (decimal: string): string => Number(decimal).toString(16).padStart(2, '0');
