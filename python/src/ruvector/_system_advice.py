"""What to do about a failed system call: the one place for such texts.

Its other half is src/core/system-advice.ts; a test there compares the codes.
"""

from __future__ import annotations

import errno

__all__ = ["advise_on"]

_ADVICE = {
    errno.ENOSPC: "free some space there",
    errno.EDQUOT: "remove files of this user or have the quota raised",
    errno.EFBIG: "raise the file size limit (`ulimit -f`)",
    errno.EROFS: "remount the file system writable",
    errno.EACCES: "check owner and mode of the folders",
    errno.EPERM: "check its owner and the rules of the container",
    errno.EMFILE: "raise this process's limit of open files (`ulimit -n`, `LimitNOFILE=`)",
    errno.ENFILE: "raise the system's limit of open files (`sysctl fs.file-max`)",
    errno.EIO: "look for the cause in `dmesg`",
    errno.ENOTDIR: "correct the path",
    errno.ELOOP: "correct the symbolic links of the path",
    errno.ENAMETOOLONG: "choose a shorter path",
}


def advise_on(error: OSError) -> str:
    """Return the next step, for the middle of a sentence."""
    return _ADVICE.get(error.errno or 0, "remove the cause")
