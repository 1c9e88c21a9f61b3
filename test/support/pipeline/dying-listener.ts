// Listens at the path of its first argument and dies at once, so that its socket stays. Node removes one that is closed.
import { createServer } from 'node:net';

createServer().listen(process.argv[2], () => process.kill(process.pid, 'SIGKILL'));
