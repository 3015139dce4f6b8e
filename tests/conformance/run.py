"""Runs the Autobahn test cases for RFC 6455 against a server's `/echo`, and prints what each section came to.

    python run.py PROGRAM      a teahouse that was built with the feature `echo`

The cases come from the package `kosoku`, which runs them as Autobahn does. Three kinds of them are judged here:

- Cases of 9.* with a message of more than 64 KiB. This server's limit is meant: it must close with 1009.
- 12.* and 13.* are about compression, which this server does not offer: they must be found unimplemented.
- All others must pass, strictly or, where the RFC says SHOULD, not strictly.
"""

import asyncio
import collections
import subprocess
import sys
import tempfile

from kosoku import FailureError, run_fuzzingclient

LONGEST = 600  # seconds, for all cases
TOO_BIG = 1009
# How many cases Autobahn has: fewer would mean that something was not run.
CASES = 517


def judge(case):
    """What a case came to, and whether that is as it should be."""
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
        return await asyncio.wait_for(run_fuzzingclient(f"ws://{address}/echo", concurrency=4), LONGEST)
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
    sections, wrong = collections.defaultdict(collections.Counter), []
    for case in cases:
        outcome, is_right = judge(case)
        sections[int(case.case_id.split(".")[0])][outcome] += 1
        if not is_right:
            wrong.append(f"{case.case_id}: {case.behavior.value}, {case.behavior_close.value}, "
                         f"code {case.remote_close_code}: {case.result} {case.result_close}")
    for section, outcomes in sorted(sections.items()):
        print(f"{section:>3}  " + ", ".join(f"{many} {outcome}" for outcome, many in sorted(outcomes.items())))
    print(*wrong, sep="\n")
    if len(cases) != CASES:
        print(f"{len(cases)} cases were run, not {CASES}")
    print(f"{len(cases)} cases, {len(wrong)} not as they should be")
    return 1 if wrong or len(cases) != CASES else 0


if __name__ == "__main__":
    sys.exit(main())
