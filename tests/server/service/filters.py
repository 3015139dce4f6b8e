"""Writes the system call rules of a systemd unit as seccomp programs for `bwrap`: filters.py UNIT FOLDER.

systemd would derive the same rules when it starts the service. `calls` contains the allowed system calls, `arguments`
the restrictions on their arguments. Needs Debian's python3-seccomp, and systemd-analyze to expand the named sets.
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
MAX_FAMILIES = 64
# The position of the file mode in the arguments of a call.
MODES = {"chmod": 1, "fchmod": 1, "fchmodat": 2, "mkdir": 1, "mkdirat": 2, "mknod": 1, "mknodat": 2}


def settings(unit):
    """Returns every setting with its values, in order."""
    found = {}
    for line in open(unit, encoding="utf-8").read().replace("\\\n", " ").splitlines():
        name, is_setting, value = line.partition("=")
        if is_setting and not line.startswith("#"):
            found.setdefault(name, []).append(value)
    return found


def calls(name):
    """Returns the calls of a set, or the single call of this name."""
    if not name.startswith("@"):
        return {name}
    output = subprocess.run(["systemd-analyze", "syscall-filter", name], check=True, capture_output=True, text=True)
    lines = [line.strip() for line in output.stdout.splitlines()[1:]]
    return set().union(*(calls(line) for line in lines if line and not line.startswith("#")))


def write(seccomp, path):
    with open(path, "wb") as file:
        seccomp.export_bpf(file)


def call_filter(unit):
    allowed = set()
    for value in unit["SystemCallFilter"]:
        names = set().union(*(calls(name) for name in value.lstrip("~").split()))
        allowed = allowed - names if value.startswith("~") else allowed | names
    seccomp = SyscallFilter(ERRNO(getattr(errno, unit["SystemCallErrorNumber"][0])))
    for call in sorted(allowed):
        try:
            seccomp.add_rule(ALLOW, call)
        except (RuntimeError, ValueError):
            pass  # A call of another architecture.
    return seccomp


def argument_filter(unit):
    def is_on(name):
        return unit.get(name) == ["yes"]

    seccomp, deny = SyscallFilter(ALLOW), ERRNO(errno.EPERM)
    if is_on("MemoryDenyWriteExecute"):
        seccomp.add_rule(deny, "mmap", Arg(2, MASKED_EQ, WRITE | EXEC, WRITE | EXEC))
        for call in ("mprotect", "pkey_mprotect"):
            seccomp.add_rule(deny, call, Arg(2, MASKED_EQ, EXEC, EXEC))
        seccomp.add_rule(deny, "shmat", Arg(2, MASKED_EQ, SHM_EXEC, SHM_EXEC))
    if "RestrictAddressFamilies" in unit:
        allowed = {getattr(socket, name) for name in unit["RestrictAddressFamilies"][0].split()}
        deny_family = ERRNO(errno.EAFNOSUPPORT)
        for family in set(range(MAX_FAMILIES)) - allowed:
            seccomp.add_rule(deny_family, "socket", Arg(0, EQ, family))
        seccomp.add_rule(deny_family, "socket", Arg(0, GT, MAX_FAMILIES - 1))
    if is_on("RestrictNamespaces"):
        for flag in NAMESPACES:
            seccomp.add_rule(deny, "clone", Arg(0, MASKED_EQ, flag, flag))
        # A filter cannot read its flags, which are in memory. The C library falls back to clone.
        seccomp.add_rule(ERRNO(errno.ENOSYS), "clone3")
        for call in ("unshare", "setns"):
            seccomp.add_rule(deny, call)
    if is_on("LockPersonality"):
        seccomp.add_rule(deny, "personality", Arg(0, NE, 0))
    if is_on("RestrictSUIDSGID"):
        for call, position in MODES.items():
            for bit in SET_UID_OR_GID:
                seccomp.add_rule(deny, call, Arg(position, MASKED_EQ, bit, bit))
    return seccomp


if __name__ == "__main__":
    unit, folder = settings(sys.argv[1]), sys.argv[2]
    write(call_filter(unit), os.path.join(folder, "calls"))
    write(argument_filter(unit), os.path.join(folder, "arguments"))
