// What the kernel says of itself. Pure.
import { JUPYTER_PROTOCOL_VERSION } from './message.ts';
import type { JsonObject } from './message.ts';

/** Content of kernel_info_reply. */
export function buildKernelInfo(version: string): JsonObject {
  return {
    status: 'ok',
    protocol_version: JUPYTER_PROTOCOL_VERSION,
    implementation: 'ruvector-memopt',
    implementation_version: version,
    language_info: {
      name: 'typescript',
      version: process.versions.node,
      mimetype: 'text/typescript',
      file_extension: '.ts',
      pygments_lexer: 'typescript',
      codemirror_mode: { name: 'javascript', typescript: true },
      nbconvert_exporter: 'script',
    },
    banner: `ruvector-memopt ${version} · TypeScript on Node ${process.versions.node}`,
    help_links: [
      { text: 'TypeScript', url: 'https://www.typescriptlang.org/docs/' },
      { text: 'Node', url: `https://nodejs.org/docs/v${process.versions.node}/api/` },
    ],
    supported_features: ['kernel subshells', 'debugger'],
    debugger: true,
  };
}
