"""Writes a unit's rules about system calls as seccomp programs, for `bwrap`: filters.py UNIT FOLDER.

systemd makes the same of them when it starts the service; here there is none that could. `calls` says which calls there
are, `arguments` with which arguments. Needs Debian's python3-seccomp, and systemd-analyze for the names in a set.
"""

import errno
import os
import socket
import subprocess
import sys

from seccomp import ALLOW, EQ, ERRNO, GT, MASKED_EQ, NE, Arg, SyscallFilter

WRITE, EXEC, SHM_EXEC = 2, 4, 0o100000
SET_UID_OR_GID = (0o4000, 0o2000)
NAMESPACES = (0x80, 0x20000, 0x2000000, 0x4000000, 0x8000000, 0x10000000, 0x20000000, 0x40000000)
MOST_FAMILIES = 64
# Where a call takes the mode of a file.
MODES = {"chmod": 1, "fchmod": 1, "fchmodat": 2, "mkdir": 1, "mkdirat": 2, "mknod": 1, "mknodat": 2}


def settings(unit):
    """Every setting with its values, in order."""
    found = {}
    for line in open(unit, encoding="utf-8").read().replace("\\\n", " ").splitlines():
        name, is_setting, value = line.partition("=")
        if is_setting and not line.startswith("#"):
            found.setdefault(name, []).append(value)
    return found


def calls(name):
    """The calls in a set, or the one of that name."""
    if not name.startswith("@"):
        return {name}
    told = subprocess.run(["systemd-analyze", "syscall-filter", name], check=True, capture_output=True, text=True)
    lines = [line.strip() for line in told.stdout.splitlines()[1:]]
    return set().union(*(calls(line) for line in lines if line and not line.startswith("#")))


def write(seccomp, path):
    with open(path, "wb") as file:
        seccomp.export_bpf(file)


def which_calls(unit):
    allowed = set()
    for value in unit["SystemCallFilter"]:
        named = set().union(*(calls(name) for name in value.lstrip("~").split()))
        allowed = allowed - named if value.startswith("~") else allowed | named
    seccomp = SyscallFilter(ERRNO(getattr(errno, unit["SystemCallErrorNumber"][0])))
    for call in sorted(allowed):
        try:
            seccomp.add_rule(ALLOW, call)
        except (RuntimeError, ValueError):
            pass  # Another architecture's.
    return seccomp


def which_arguments(unit):
    def is_on(name):
        return unit.get(name) == ["yes"]

    seccomp, refuse = SyscallFilter(ALLOW), ERRNO(errno.EPERM)
    if is_on("MemoryDenyWriteExecute"):
        seccomp.add_rule(refuse, "mmap", Arg(2, MASKED_EQ, WRITE | EXEC, WRITE | EXEC))
        for call in ("mprotect", "pkey_mprotect"):
            seccomp.add_rule(refuse, call, Arg(2, MASKED_EQ, EXEC, EXEC))
        seccomp.add_rule(refuse, "shmat", Arg(2, MASKED_EQ, SHM_EXEC, SHM_EXEC))
    if "RestrictAddressFamilies" in unit:
        allowed = {getattr(socket, name) for name in unit["RestrictAddressFamilies"][0].split()}
        refused = ERRNO(errno.EAFNOSUPPORT)
        for family in set(range(MOST_FAMILIES)) - allowed:
            seccomp.add_rule(refused, "socket", Arg(0, EQ, family))
        seccomp.add_rule(refused, "socket", Arg(0, GT, MOST_FAMILIES - 1))
    if is_on("RestrictNamespaces"):
        for flag in NAMESPACES:
            seccomp.add_rule(refuse, "clone", Arg(0, MASKED_EQ, flag, flag))
        # Its flags are out of a filter's reach; the C library then does without it.
        seccomp.add_rule(ERRNO(errno.ENOSYS), "clone3")
        for call in ("unshare", "setns"):
            seccomp.add_rule(refuse, call)
    if is_on("LockPersonality"):
        seccomp.add_rule(refuse, "personality", Arg(0, NE, 0))
    if is_on("RestrictSUIDSGID"):
        for call, place in MODES.items():
            for bit in SET_UID_OR_GID:
                seccomp.add_rule(refuse, call, Arg(place, MASKED_EQ, bit, bit))
    return seccomp


if __name__ == "__main__":
    unit, folder = settings(sys.argv[1]), sys.argv[2]
    write(which_calls(unit), os.path.join(folder, "calls"))
    write(which_arguments(unit), os.path.join(folder, "arguments"))
