"""Runs as `python -I -S launcher.py ...` in a job's process: shows the job's folder at /opt/ml, then becomes the job.

A script of its own, with the standard library only and no import of this package, because every job waits for it.
"""

import ctypes
import errno
import os
import signal
import stat
import sys

CLONE_NEWNS = 0x00020000
CLONE_NEWUSER = 0x10000000
MS_BIND = 0x1000
MS_REC = 0x4000
MS_PRIVATE = 0x40000
PR_SET_PDEATHSIG = 1

PARENT_OF_ML = "/opt"
ML = "/opt/ml"
# What a shell and Docker answer when the command is not there, or is not executable.
NOT_FOUND = 127
NOT_STARTED = 126

_libc = ctypes.CDLL(None, use_errno=True)


def _failed(what: str) -> OSError:
    """Build the error of a C call that just failed."""
    code = ctypes.get_errno()
    return OSError(code, f"{what}: {os.strerror(code)}")


def _unshare(flags: int) -> None:
    if _libc.unshare(flags) != 0:
        raise _failed("unshare")


def _mount(source: str | None, target: str, kind: str | None, flags: int, data: str | None = None) -> None:
    texts = [None if text is None else os.fsencode(text) for text in (source, target, kind)]
    if _libc.mount(*texts, ctypes.c_ulong(flags), None if data is None else data.encode()) != 0:
        raise _failed(f"mount on {target!r}")


def _write(path: str, text: str) -> None:
    with open(path, "w", encoding="ascii") as file:  # noqa: PTH123 - pathlib would double the time to start
        file.write(text)


def enter_namespace() -> None:
    """Take a private mount namespace, with the same user and group ids as outside."""
    user, group = os.geteuid(), os.getegid()
    try:
        # A privileged endpoint keeps its rights: a user namespace would hide files of other users from the job.
        _unshare(CLONE_NEWNS)
    except OSError as error:
        if error.errno != errno.EPERM:
            raise
        _unshare(CLONE_NEWUSER | CLONE_NEWNS)
        # The kernel accepts a group map of an unprivileged process only after setgroups is off.
        _write("/proc/self/setgroups", "deny")
        _write("/proc/self/uid_map", f"{user} {user} 1")
        _write("/proc/self/gid_map", f"{group} {group} 1")
    # Otherwise the mounts below would appear outside, too.
    _mount(None, "/", None, MS_REC | MS_PRIVATE)


def _show(folder: int, name: str) -> None:
    """Put an entry of the real /opt, that `folder` still refers to, into the view of it."""
    target = f"{PARENT_OF_ML}/{name}"
    mode = os.stat(name, dir_fd=folder, follow_symlinks=False).st_mode
    if stat.S_ISLNK(mode):
        os.symlink(os.readlink(name, dir_fd=folder), target)  # noqa: PTH211 - as above
        return
    if stat.S_ISDIR(mode):
        os.mkdir(target)  # noqa: PTH102 - as above
    else:
        os.close(os.open(target, os.O_CREAT | os.O_WRONLY))
    # An unprivileged process may bind only whole trees: a part would uncover what is mounted below.
    _mount(f"/proc/self/fd/{folder}/{name}", target, None, MS_BIND | MS_REC)


def show_at_opt_ml(folder: str) -> None:
    """Mount `folder` at /opt/ml, which the host need not have: then /opt becomes a view of itself plus `ml`."""
    job = os.open(folder, os.O_PATH | os.O_DIRECTORY)
    if not os.path.isdir(ML):  # noqa: PTH112 - as above
        opt = os.open(PARENT_OF_ML, os.O_RDONLY | os.O_DIRECTORY)
        _mount("tmpfs", PARENT_OF_ML, "tmpfs", 0, "mode=755")
        for name in os.listdir(opt):  # noqa: PTH208 - as above
            _show(opt, name)
        os.mkdir(ML)  # noqa: PTH102 - as above
        os.close(opt)
    _mount(f"/proc/self/fd/{job}", ML, None, MS_BIND | MS_REC)
    os.close(job)


def die_with_parent(parent: int) -> None:
    """Ask the kernel to kill this process when the endpoint's thread that started it ends.

    After the namespace: a change of credentials clears the wish. It survives exec, and reaches no grandchildren.
    """
    if not hasattr(_libc, "prctl"):
        return
    _libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != parent:  # it died before the wish was heard
        os._exit(NOT_STARTED)


def main(arguments: list[str]) -> None:
    """Become the job: STATUS_FD PARENT_PID FOLDER|"" WORKING_FOLDER COMMAND...

    What goes wrong before the job's own program runs is written to STATUS_FD, which that program does not inherit.
    """
    status, parent, folder, working_folder, *command = arguments
    status_fd = int(status)
    os.set_inheritable(status_fd, False)
    try:
        if folder:
            enter_namespace()
            show_at_opt_ml(folder)
        die_with_parent(int(parent))
        os.umask(0o022)  # the endpoint's is stricter than a container's
        os.chdir(working_folder)
        os.execvp(command[0], command)  # noqa: S606 - no shell is the point
    except OSError as error:
        os.write(status_fd, str(error.strerror).encode())
        os._exit(NOT_FOUND if error.errno == errno.ENOENT else NOT_STARTED)


if __name__ == "__main__":
    main(sys.argv[1:])
