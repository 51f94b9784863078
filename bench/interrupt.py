"""Kill the daemon at random instants, again and again, and count what went wrong: it should be nothing.

    python bench/interrupt.py [KILLS] [--seed N]

A real daemon process between a private Dovecot and a real SMTP server.  Each house gets a few mails and is killed
by SIGKILL at instants drawn uniformly from half the time that the work takes undisturbed, counted from the opening of
the house, until its work is done; then a run goes to its end, ten minutes later by its clock, and the house is
compared with one that nobody disturbed.

"Identical repeats" are answers that came twice, byte by byte the same under one Message-ID: when the server's word
was lost, SMTP cannot do better (RFC 1047).  Exit status 1 when a promise is broken.
"""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))

from faults.scene import LATER, MAILS, Outcome, Scene, Workshop
from servers import Dovecot, SmtpReceiver

MOST_KILLS = 10
"""In one house: as many tries as a mail may have."""
BROKEN = ("lost", "decided twice", "reversed twice", "answered twice", "otherwise different")


def count(outcome: Outcome, right: Outcome) -> Counter[str]:
    """What is not as it should be, by kind."""
    found: Counter[str] = Counter()
    for name in MAILS:
        _state, _copies, decisions, *_ = outcome.mails.get(name, ("", (), (), (), ()))
        found["lost"] += not decisions
        found["decided twice"] += len(decisions) > 1
        found["answered twice"] += sum(answer.startswith(f"{name}:") for answer in outcome.letters) > 1
    entries = Counter(
        charge
        for _state, _copies, decisions, *_ in outcome.mails.values()
        for _verdict, _reasons, lines in decisions
        for charge, *_ in lines
    )
    found["reversed twice"] = sum(times - 1 for times in entries.values())
    found["answered twice"] += len(outcome.altered) + sum(times > 2 for times in outcome.letters.values())
    found["identical repeats"] = sum(times - 1 for times in outcome.letters.values())
    found["second copies in the Sent folder"] = sum(times - 1 for times in outcome.copies.values())
    found["otherwise different"] = len(outcome.differences(right))
    return found


def main() -> int:
    options = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    options.add_argument("kills", nargs="?", type=int, default=50)
    options.add_argument("--seed", type=int, default=random.randrange(10**6))
    chosen = options.parse_args()
    chance = random.Random(chosen.seed)
    total: Counter[str] = Counter()
    progress: Counter[int] = Counter()
    kills = houses = 0
    print(f"seed {chosen.seed}")
    with tempfile.TemporaryDirectory(prefix="evidence-") as place, Dovecot() as dovecot, Workshop() as workshop:

        def house(smtp: SmtpReceiver) -> Scene:
            return Scene(Path(place) / str(houses), dovecot, f"casa{houses}", smtp, workshop, retries=MOST_KILLS)

        with SmtpReceiver() as smtp, house(smtp) as scene:
            span = scene.seconds_of_work()
            scene.settles(ahead=LATER)
            right = scene.outcome()
        spent = 0.0
        while kills < chosen.kills:
            houses += 1
            with SmtpReceiver() as smtp, house(smtp) as scene:
                began, here = time.monotonic(), 0
                while kills < chosen.kills and here < MOST_KILLS - 1 and not scene.at_rest():
                    scene.killed_after(chance.uniform(0, span / 2))
                    kills, here = kills + 1, here + 1
                    progress[scene.decided()] += 1
                scene.settles(ahead=LATER)
                scene.settles(ahead=2 * LATER)  # what was cut off in the run before waited for ten minutes again
                spent += time.monotonic() - began
                outcome = scene.outcome()
                found = count(outcome, right)
                total += found
                if any(found[kind] for kind in BROKEN):
                    print(f"house {houses}, after {here} kills:", *outcome.differences(right), sep="\n  ")
                    print(scene.log()[-3000:])
            if houses % 10 == 0:
                print(f"{kills} kills, {houses} houses …", flush=True)
    mails = houses * len(MAILS)
    print(f"{kills} kills in {houses} houses, {mails} mails")
    for kind in (*BROKEN, "identical repeats", "second copies in the Sent folder"):
        print(f"{total[kind]:6}  {kind}")
    print("at the kill, of", len(MAILS), "mails decided:", *(f"{n}: {times}" for n, times in sorted(progress.items())))
    print(f"{mails / spent:.2f} mails/s with all deaths and starts; {len(MAILS) / span:.2f} undisturbed, without them")
    return 1 if any(total[kind] for kind in BROKEN) else 0


if __name__ == "__main__":
    raise SystemExit(main())
