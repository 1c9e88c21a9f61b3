// Device nodes of one's own in a folder of one's own: a test that fails then destroys nothing of /dev.
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Major and minor number; the block device is one that no driver has. */
const nodes = { null: ['c', '1', '3'], full: ['c', '1', '7'], block: ['b', '240', '255'] } as const;

/** Makes a node. */
export function makeNode(path: string, node: keyof typeof nodes): void {
  execFileSync('mknod', [path, ...nodes[node]]);
}

/** Root may, outside of most sandboxes; a node on a file system mounted without devices cannot be opened. */
export const canMakeNodes: boolean = tryNodes();

function tryNodes(): boolean {
  if (process.platform !== 'linux' || process.getuid?.() !== 0) return false;
  const folder = mkdtempSync(join(tmpdir(), 'ruvector-nodes-'));
  try {
    const path = join(folder, 'null');
    if (spawnSync('mknod', [path, ...nodes.null]).status !== 0) return false;
    return spawnSync('sh', ['-c', 'echo > "$0"', path]).status === 0;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
