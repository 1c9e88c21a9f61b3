// The steps of the Containerfile without a container engine: a root of its own, made of this machine's /usr with a layer of
// its own above (overlayfs), namespaces for mounts and processes, the host's /proc read-only at /host/proc, and the user of
// the image. What this cannot show: that the base image has what this machine has.
import { existsSync, readFileSync } from 'node:fs';
import { copyFile, mkdir, symlink, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { run } from './shell.ts';

const root = join(import.meta.dirname, '../..');

interface Image {
  readonly workdir: string;
  readonly copies: readonly string[];
  readonly runs: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly user: string;
  /** ENTRYPOINT and CMD. */
  readonly command: readonly string[];
}

/** Reads the instructions that are used; others are a mistake of this reader. */
export function parseContainerfile(text: string): Image {
  const image = {
    workdir: '/',
    copies: [] as string[],
    runs: [] as string[],
    env: {} as Record<string, string>,
    user: 'root',
  };
  const command: string[] = [];
  const read: Readonly<Record<string, (rest: string) => void>> = {
    FROM: () => {},
    VOLUME: () => {},
    WORKDIR: (rest) => (image.workdir = rest),
    COPY: (rest) => image.copies.push(rest.split(' ')[0]!),
    RUN: (rest) => image.runs.push(rest),
    ENV: (rest) => {
      const [name, ...value] = rest.split('=');
      image.env[name!] = value.join('=');
    },
    USER: (rest) => (image.user = rest),
    ENTRYPOINT: (rest) => command.push(...(JSON.parse(rest) as string[])),
    CMD: (rest) => command.push(...(JSON.parse(rest) as string[])),
  };
  for (const line of text.split('\n').filter((row) => row.trim() !== '' && !row.startsWith('#'))) {
    const [, word = '', rest = ''] = /^(\w+) (.*)$/.exec(line) ?? [];
    if (!Object.hasOwn(read, word)) throw new Error(`Cannot read Containerfile: "${line}" is not known here`);
    read[word]!(rest);
  }
  return { ...image, command };
}

/** Builds and runs it. @returns whether `serve` saw the host and stored what it saw */
export async function runContainer(tarball: string, folder: string): Promise<boolean> {
  if (process.getuid?.() !== 0) {
    process.stdout.write('skip the Containerfile: its steps need root\n');
    return true;
  }
  const image = parseContainerfile(readFileSync(join(root, 'Containerfile'), 'utf8'));
  const place = join(folder, 'container');
  await makeRoot(place);
  await mkdir(join(place, 'root', image.workdir), { recursive: true });
  await copyFile(tarball, join(place, 'root', image.workdir, basename(tarball)));
  await writeFile(join(place, 'build.sh'), buildScript(image));
  await writeFile(join(place, 'serve.sh'), serveScript(image));
  const script = `${mountScript(place)}\nchroot root /bin/sh /build.sh && unshare --pid --fork --kill-child sh -c 'mount -t proc proc root/proc && exec chroot root /bin/sh /serve.sh'`;
  for (const name of ['build.sh', 'serve.sh']) await copyFile(join(place, name), join(place, 'root', name));
  const { code, said } = await run(`unshare --mount --propagation private bash -euc "$SCRIPT"`, {
    cwd: place,
    env: { ...process.env, SCRIPT: script },
  });
  const seen = /SEEN rows=(\d+) processes=(\d+) uid=(\d+)/.exec(said);
  // In its own namespace there would be a handful.
  const holds = code === 0 && Number(seen?.[1]) > 0 && Number(seen?.[2]) > 10 && seen?.[3] === '1000';
  process.stdout.write(`${holds ? 'ok  ' : 'FAIL'} Containerfile: ${seen?.[0] ?? said.slice(-2000)}\n`);
  return holds;
}

/** Folders of the root; /usr and what leads into it come from this machine. */
async function makeRoot(place: string): Promise<void> {
  const base = join(place, 'root');
  for (const name of ['usr', 'etc/ssl', 'proc', 'host/proc', 'dev', 'tmp', 'root', 'var/lib', 'home/node'])
    await mkdir(join(base, name), { recursive: true });
  for (const name of ['upper', 'work']) await mkdir(join(place, name), { recursive: true });
  for (const name of ['bin', 'sbin', 'lib', 'lib64']) await symlink(`usr/${name}`, join(base, name));
  await writeFile(
    join(base, 'etc/passwd'),
    'root:x:0:0::/root:/bin/sh\nnode:x:1000:1000::/home/node:/bin/sh\n',
  );
  await writeFile(join(base, 'etc/group'), 'root:x:0:\nnode:x:1000:\n');
  for (const name of ['resolv.conf', 'hosts', 'nsswitch.conf', 'ld.so.cache'])
    if (existsSync(join('/etc', name))) await copyFile(join('/etc', name), join(base, 'etc', name));
}

function mountScript(place: string): string {
  // The image's Node is in /usr/local/bin.
  return `cd ${place}
mkdir -p upper/local/bin
cp ${process.execPath} upper/local/bin/node
mount -t overlay overlay -o lowerdir=/usr,upperdir=${place}/upper,workdir=${place}/work root/usr
mount --rbind /etc/ssl root/etc/ssl
mount --rbind /dev root/dev
mount --bind /proc root/host/proc
mount -o remount,bind,ro root/host/proc`;
}

const exportsOf = ({ env }: Image): string =>
  Object.entries(env)
    .map(([name, value]) => `export ${name}=${value}`)
    .join('\n');

function buildScript(image: Image): string {
  return `set -eu\nexport HOME=/root\ncd ${image.workdir}\n${exportsOf(image)}\n${image.runs.join('\n')}\n`;
}

function serveScript(image: Image): string {
  const command = image.command.map((word) => `'${word}'`).join(' ');
  const as = `setpriv --reuid ${image.user} --regid ${image.user} --clear-groups`;
  return `set -eu
export HOME=/home/node
cd ${image.workdir}
${exportsOf(image)}
${as} ${command} > /tmp/serve.log 2>&1 &
for i in $(seq 60); do
  sleep 1
  ${as} ruvector-memopt status --json > /tmp/status.json 2>/dev/null && grep -q '"rows": *[1-9]' /tmp/status.json && break
done
cat /tmp/serve.log
${as} node -e '
const status = JSON.parse(require("node:fs").readFileSync("/tmp/status.json", "utf8"));
const rows = status.history?.kinds?.memory?.rows ?? status.samples?.taken ?? 0;
const processes = Number(require("node:fs").readdirSync("/host/proc").filter((name) => /^[0-9]+$/.test(name)).length);
console.log("SEEN rows=" + rows + " processes=" + processes + " uid=" + process.getuid());
'
`;
}
