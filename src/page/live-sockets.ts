// The WebSocket of the live page (RFC 6455): one text frame a sample to each tab. A tab that does not read is let go, one
// that talks too much as well; neither is heard by the others or by the sampling.
import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { WebSocket, WebSocketServer } from 'ws';
import { guardSocket } from '../sockets/index.ts';
import type { LiveFeed, LiveFrame } from './live-feed.ts';

/** The sockets of one page. */
export interface LiveSockets {
  /** Takes an upgrade that may be. */
  take(request: IncomingMessage, socket: Duplex, head: Buffer): void;
  /** Tells every tab that the daemon goes, and waits shortly for their answers. */
  close(): Promise<void>;
}

/** What a tab may be told at once; it reads that in a blink, or not at all. */
const MAX_WAITING_BYTES = 1 << 20;
/** The page says nothing here: whoever does so is not the page. */
const MAX_MESSAGES = 32;
const MAX_MESSAGE_BYTES = 1024;
const PING_MS = 20_000;
const CLOSE_MS = 500;
/** Close codes of RFC 6455, section 7.4.1, and 1013 of its registry: try again later. */
const GOING_AWAY = 1001;
const POLICY_VIOLATION = 1008;
const TRY_AGAIN_LATER = 1013;

/** Creates the sockets. @param readStatus what a tab is told first */
export function createLiveSockets(feed: LiveFeed, readStatus: () => Promise<LiveFrame>): LiveSockets {
  const server = new WebSocketServer({
    noServer: true,
    maxPayload: MAX_MESSAGE_BYTES,
    perMessageDeflate: false,
    handleProtocols: (protocols) => (protocols.has('ruvector-page') ? 'ruvector-page' : false),
  });
  const alive = new WeakSet<WebSocket>();
  const pings = setInterval(() => {
    for (const ws of server.clients) {
      if (!alive.delete(ws)) ws.terminate();
      else ws.ping();
    }
  }, PING_MS).unref();
  const serve = async (ws: WebSocket): Promise<void> => {
    guardSocket(ws);
    alive.add(ws);
    ws.on('pong', () => alive.add(ws));
    let messages = 0;
    ws.on('message', () => {
      if (++messages > MAX_MESSAGES) letGo(ws, POLICY_VIOLATION, 'the page sends nothing here');
    });
    const send = (text: string): void => {
      if (ws.readyState !== WebSocket.OPEN) return;
      if (ws.bufferedAmount > MAX_WAITING_BYTES) letGo(ws, TRY_AGAIN_LATER, 'too slow');
      else ws.send(text);
    };
    // Samples that come while the status is read wait behind it.
    let waiting: string[] | null = [];
    const leave = feed.join((text) => (waiting === null ? send(text) : void waiting.push(text)));
    ws.once('close', leave);
    const status = await readStatus().catch(() => null);
    if (status !== null) send(JSON.stringify(status));
    for (const text of waiting) send(text);
    waiting = null;
  };
  return {
    take: (request, socket, head) => server.handleUpgrade(request, socket, head, (ws) => void serve(ws)),
    async close() {
      clearInterval(pings);
      const open = [...server.clients].filter((ws) => ws.readyState !== WebSocket.CLOSED);
      const closed = open.map((ws) => once(ws, 'close'));
      for (const ws of open) letGo(ws, GOING_AWAY, 'the daemon ends');
      await Promise.all(closed);
    },
  };
}

/** Asks for the end, and does not wait for who does not answer. */
function letGo(ws: WebSocket, code: number, reason: string): void {
  ws.close(code, reason);
  setTimeout(() => ws.terminate(), CLOSE_MS);
}
