// Whose a script is: what may be stopped, and where a debugger may stand. Both threads ask.
import { RegExp, URL } from './primordials.ts';

/** The user's own, this kernel's, a library's (the product is one to cells) or Node's. */
export type CodeOwner = 'user' | 'kernel' | 'library' | 'node';

/** Address that those of the kernel's files begin with. */
export const kernelRoot: string = new URL('..', import.meta.url).href;
/** The product's own code, as sources and built, keeps rows and files in order: it is a library to cells. */
const product = new URL(import.meta.url.endsWith('.ts') ? '../../src/' : '../../', import.meta.url).href;
/** Scripts that the kernel evaluates are called after what they call. */
export const KERNEL_SCRIPT = '^(?:\\$kernel|kernel\\.ts$)';
const kernelScript = new RegExp(KERNEL_SCRIPT);

/** Tells whose a script is. */
export function ownerOf(scriptName: string): CodeOwner {
  if (scriptName.startsWith(kernelRoot) || kernelScript.test(scriptName)) return 'kernel';
  if (scriptName.startsWith('node:')) return 'node';
  const isLibrary = scriptName.includes('/node_modules/');
  return isLibrary || scriptName.startsWith(product) ? 'library' : 'user';
}
