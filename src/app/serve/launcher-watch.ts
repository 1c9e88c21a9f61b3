// A launcher that could not become this process waits for it (bin/become.mjs). What it is sent it hands on; that it was
// killed nobody tells, but its end of a pipe closes.
import { Socket } from 'node:net';

/** `<pid of the launcher>:<descriptor>` of the pipe. */
const VARIABLE = 'RUVECTOR_LAUNCHER';

/** Takes the end of the launcher as SIGTERM; nothing without one. */
export function followLauncher(): void {
  const [pid, fd] = (process.env[VARIABLE] ?? '').split(':').map(Number);
  // Programs that this one starts have this one as their parent.
  delete process.env[VARIABLE];
  if (!pid || !fd || pid !== process.ppid) return;
  const pipe = new Socket({ fd, readable: true, writable: false });
  pipe.once('end', () => {
    pipe.destroy();
    process.kill(process.pid, 'SIGTERM');
  });
  pipe.on('error', () => {}).unref();
  pipe.resume();
}
