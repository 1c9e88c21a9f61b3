// Contents of replies that several requests share. Pure.
import type { JsonObject } from './message.ts';

/** Content of a reply that says what went wrong. */
export function errorContent(ename: string, evalue: string): JsonObject {
  return { status: 'error', ename, evalue, traceback: [`${ename}: ${evalue}`] };
}

/** Content of debug_reply: kernel_info's `supported_features` says already that there is no debugger. */
export function buildDebugRefusal(request: JsonObject): JsonObject {
  const message = 'This kernel has no debugger';
  return {
    ...errorContent('UnsupportedError', message),
    type: 'response',
    request_seq: request['seq'] ?? 0,
    success: false,
    command: request['command'] ?? '',
    message,
  };
}
