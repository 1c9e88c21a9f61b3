// renameat2(RENAME_EXCHANGE): two paths swap in one step, which Node has no call for. Through koffi, which is optional.
// https://man7.org/linux/man-pages/man2/rename.2.html

const AT_FDCWD = -100;
const RENAME_EXCHANGE = 2;

/** True when the two paths were exchanged; false when this system or file system cannot. */
export async function exchangePaths(a: string, b: string): Promise<boolean> {
  if (process.platform !== 'linux') return false;
  try {
    const { default: koffi } = await import('koffi');
    const renameat2 = koffi.load(null).func('renameat2', 'int', ['int', 'str', 'int', 'str', 'uint']);
    return renameat2(AT_FDCWD, a, AT_FDCWD, b, RENAME_EXCHANGE) === 0;
  } catch {
    return false; // no koffi, or a C library without the call
  }
}
