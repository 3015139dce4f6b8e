"""Runs the Autobahn test cases for RFC 6455 against a server's `/echo`, and prints the results of each section.

    python run.py PROGRAM      PROGRAM: a teahouse built with the feature `echo`

The cases come from the package `kosoku`, which runs them as Autobahn does. They are judged as follows:

- Cases of 9.* with a message of more than 64 KiB: that is over this server's limit, so it must close with 1009.
- 12.* and 13.* are about compression, which this server does not offer: they must report it as unimplemented.
- All others must pass, strictly, or non-strictly where the RFC says SHOULD.
"""

import asyncio
import collections
import subprocess
import sys
import tempfile

from kosoku import FailureError, run_fuzzingclient

TIMEOUT = 600  # seconds, for all cases
TOO_BIG = 1009
# How many cases Autobahn has. Fewer would mean that some were not run.
CASES = 517


def judge(case):
    """Returns the outcome of a case, and whether it is as expected."""
    section = case.case_id.split(".")[0]
    if section in ("12", "13"):
        return "not offered", case.behavior.value == "UNIMPLEMENTED"
    if case.passed:
        return ("passed" if case.behavior.value == "OK" else case.behavior.value.lower()), True
    if section == "9" and case.remote_close_code == TOO_BIG:
        return "closed with 1009", True
    return "failed", False


async def run(address):
    try:
        return await asyncio.wait_for(run_fuzzingclient(f"ws://{address}/echo", concurrency=4), TIMEOUT)
    except FailureError as failure:
        return failure.results


def main():
    with tempfile.TemporaryDirectory() as data:
        command = [sys.argv[1], "serve", "--unlimited", "--listen", "127.0.0.1:0", "--data", data]
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as server:
            try:
                address = server.stdout.readline().strip().removeprefix("listening on http://")
                cases = asyncio.run(run(address))
            finally:
                server.terminate()
    sections, unexpected = collections.defaultdict(collections.Counter), []
    for case in cases:
        outcome, is_expected = judge(case)
        sections[int(case.case_id.split(".")[0])][outcome] += 1
        if not is_expected:
            unexpected.append(f"{case.case_id}: {case.behavior.value}, {case.behavior_close.value}, "
                         f"code {case.remote_close_code}: {case.result} {case.result_close}")
    for section, outcomes in sorted(sections.items()):
        print(f"{section:>3}  " + ", ".join(f"{count} {outcome}" for outcome, count in sorted(outcomes.items())))
    print(*unexpected, sep="\n")
    if len(cases) != CASES:
        print(f"{len(cases)} cases were run, not {CASES}")
    print(f"{len(cases)} cases, {len(unexpected)} unexpected")
    return 1 if unexpected or len(cases) != CASES else 0


if __name__ == "__main__":
    sys.exit(main())
