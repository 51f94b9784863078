"""A real Asterisk on loopback with a telephone (SIPp) that answers as its number says.

Debian 12 has no Asterisk; its older release has, and a package can be unpacked without being installed.  That tree is
kept for later runs in the user's cache, under the hash of how it was made.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import signal
import socket
import subprocess
import time
from pathlib import Path
from types import TracebackType

from evidence_daemon import outreach

SECRET = "secreto-del-laboratorio"

# Ends of called numbers, and what the telephone does.
BUSY, UNKNOWN, TRUNK_FULL, REJECTS, RINGS_OUT, PRESSES_9, MACHINE, HANGS_UP, LISTENS = (
    "86", "04", "03", "63", "80", "10", "30", "40", "55",
)  # fmt: skip

_UNPACK = r"""
set -eu
D=$1; A=$D/apt
mkdir -p "$A/state/lists/partial" "$A/cache/archives/partial" "$A/etc/parts" "$A/etc/preferences.d" "$D/root"
: > "$A/state/status"
M=$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' | grep '/debian/$' | sort -u | head -1)
M=${M%/}
K=$(dpkg -L debian-archive-keyring | grep '/debian-archive-keyring.gpg$' | head -1)
printf 'deb [signed-by=%s] %s bullseye main\n' "$K" "$M" > "$A/etc/sources.list"
cat > "$A/apt.conf" <<END
Dir::Etc "$A/etc"; Dir::Etc::sourcelist "$A/etc/sources.list"; Dir::Etc::sourceparts "$A/etc/parts";
Dir::Etc::parts "$A/etc/parts"; Dir::State "$A/state"; Dir::State::status "$A/state/status"; Dir::Cache "$A/cache";
APT::Install-Recommends "false"; Acquire::Languages "none"; Debug::NoLocking "true"; APT::Sandbox::User "$(id -un)";
END
export APT_CONFIG=$A/apt.conf
apt-get -qq update
apt-get -qq -y -d install asterisk asterisk-modules libc6
for package in "$A"/cache/archives/*.deb; do dpkg-deb -x "$package" "$D/root"; done
rm -rf "$A"
"""


class NoLab(Exception):
    """This machine cannot have an Asterisk; the words say why."""


def unpacked() -> Path:
    """The tree of Asterisk 16; made at the first call (about 15 s and 240 MB), found again later.  Raises NoLab."""
    home = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "evidence-daemon"
    tree = home / f"asterisk-{hashlib.sha256(_UNPACK.encode()).hexdigest()[:12]}"
    home.mkdir(parents=True, exist_ok=True)
    with (home / "asterisk.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not tree.exists():
            draft = home / f"draft-{os.getpid()}"
            draft.mkdir()
            done = subprocess.run(
                ["sh", "-c", _UNPACK, "sh", str(draft)], capture_output=True, text=True, timeout=300, check=False
            )
            if done.returncode:
                shutil.rmtree(draft)
                raise NoLab(f"Asterisk's packages cannot be had: {done.stderr.strip()[-300:]}")
            draft.rename(tree)
    return tree


def _program(tree: Path) -> list[str]:
    """The unpacked Asterisk runs on its own C library, by its own loader."""
    loader = next(path for path in (tree / "root").rglob("ld-2.*.so") if path.is_file())
    places = [tree / "root" / part for part in ("lib/x86_64-linux-gnu", "usr/lib/x86_64-linux-gnu", "usr/lib")]
    return [str(loader), "--library-path", ":".join(map(str, places)), str(tree / "root/usr/sbin/asterisk")]


def _free(kind: socket.SocketKind) -> int:
    with socket.socket(socket.AF_INET, kind) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Lab:
    """An exchange of its own: `with Lab(directory) as lab:`; AMI at 127.0.0.1:`lab.port`, user "dialer"."""

    def __init__(self, place: Path, *, ring_seconds: int = 2) -> None:
        self.place, self.ring_seconds = place, ring_seconds
        self.sounds = place / "lib/sounds/evidence-daemon"
        self.cdr = place / "log/cdr-csv/Master.csv"
        self.port = _free(socket.SOCK_STREAM)
        self._sip, self._callee = _free(socket.SOCK_DGRAM), _free(socket.SOCK_DGRAM)
        self._started: list[subprocess.Popen[bytes]] = []

    def __enter__(self) -> Lab:
        if shutil.which("sipp") is None:
            raise NoLab("SIPp is not installed (Debian package sip-tester)")
        self._tree = unpacked()
        self._configure()
        self.start()
        self._answer_the_telephone()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        for process in self._started:
            process.send_signal(signal.SIGKILL)
            process.wait()

    def start(self) -> None:
        """Start the exchange and wait until it takes orders."""
        command = [*_program(self._tree), "-C", str(self.place / "etc/asterisk.conf")]
        with (self.place / "asterisk.out").open("wb") as log:
            self.exchange = subprocess.Popen([*command, "-f", "-n"], stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        self._started.append(self.exchange)
        until = time.monotonic() + 30
        while time.monotonic() < until:
            ready = subprocess.run([*command, "-rx", "core waitfullybooted"], capture_output=True, check=False)
            if b"fully booted" in ready.stdout:
                return
            time.sleep(0.1)
        raise NoLab(f"Asterisk did not start: {(self.place / 'asterisk.out').read_text(errors='replace')[-500:]}")

    def stop(self) -> None:
        """Kill the exchange."""
        self.exchange.send_signal(signal.SIGKILL)
        self.exchange.wait()

    def command(self, line: str) -> str:
        """What the exchange's own console says to a command."""
        shell = [*_program(self._tree), "-C", str(self.place / "etc/asterisk.conf"), "-rx", line]
        return subprocess.run(shell, capture_output=True, text=True, check=False).stdout

    def _configure(self) -> None:
        etc, share = self.place / "etc", self._tree / "root/usr/share/asterisk"
        for part in ("etc", "lib", "db", "spool/outgoing", "run", "log/cdr-csv"):
            (self.place / part).mkdir(parents=True, exist_ok=True)
        self.sounds.mkdir(parents=True, exist_ok=True)
        for part in ("documentation", "rest-api", "static-http"):
            (self.place / "lib" / part).symlink_to(share / part)
        modules = next((self._tree / "root").rglob("res_pjsip.so")).parent
        places = {
            "astetcdir": etc, "astmoddir": modules, "astvarlibdir": self.place / "lib", "astdbdir": self.place / "db",
            "astkeydir": self.place / "lib", "astdatadir": self.place / "lib", "astagidir": self.place / "lib",
            "astspooldir": self.place / "spool", "astrundir": self.place / "run", "astlogdir": self.place / "log",
        }  # fmt: skip
        files = {
            "asterisk.conf": "[directories]\n" + "".join(f"{name} => {at}\n" for name, at in places.items()),
            "modules.conf": "[modules]\nautoload=yes\nnoload => chan_sip.so\n",
            "pjsip.conf": f"""
[udp]
type=transport
protocol=udp
bind=127.0.0.1:{self._sip}
[trunk]
type=aor
contact=sip:127.0.0.1:{self._callee}
[trunk]
type=endpoint
context=inbound
disallow=all
allow=alaw
aors=trunk
direct_media=no
from_domain=127.0.0.1
[trunk-id]
type=identify
endpoint=trunk
match=127.0.0.1
""",
            "rtp.conf": "[general]\nrtpstart=20000\nrtpend=29998\n",
            "manager.conf": f"""
[general]
enabled = yes
bindaddr = 127.0.0.1
port = {self.port}
[dialer]
secret = {SECRET}
read = system,call,user,dtmf,cdr,reporting,originate
write = system,call,originate,reporting
""",
            "cdr.conf": "[general]\nenable=yes\nunanswered=yes\ncongestion=yes\n"
            "[csv]\nusegmtime=yes\nloguniqueid=yes\nloguserfield=yes\n",
            "logger.conf": "[logfiles]\nmessages => notice,warning,error,verbose(3)\n",
            "extensions.conf": f"[inbound]\nexten => _X.,1,Hangup(3)\n#include {etc}/evidence-daemon.conf\n",
            "evidence-daemon.conf": (Path(outreach.__file__).parent / "dialplan.conf").read_text(encoding="utf-8"),
        }
        for name, text in files.items():
            (etc / name).write_text(text, encoding="utf-8")
        for name in ("amd.conf", "indications.conf"):
            shutil.copy(self._tree / "root/etc/asterisk" / name, etc / name)

    def _answer_the_telephone(self) -> None:
        _speech("¿Aló? ¿Quién habla?", self.place / "human.alaw")
        _speech(
            "Hola, usted se ha comunicado con la familia Pérez. En este momento no podemos contestar su llamada, "
            "por favor deje su mensaje después del tono y le llamaremos tan pronto como nos sea posible.",
            self.place / "machine.alaw",
        )
        scenario = self.place / "telephone.xml"
        scenario.write_text(_scenario(), encoding="utf-8")
        with (self.place / "sipp.out").open("wb") as log:
            telephone = subprocess.Popen(
                ["sipp", "-sf", str(scenario), "-i", "127.0.0.1", "-p", str(self._callee), "-mi", "127.0.0.1",
                 "-nostdin", "-mp", str(_free(socket.SOCK_DGRAM)), "-max_socket", "4096"],
                cwd=self.place, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
            )  # fmt: skip
        self._started.append(telephone)


def _speech(text: str, path: Path) -> None:
    said = subprocess.run(["espeak-ng", "-v", "es-419", "--stdout", text], capture_output=True, check=True).stdout
    shape = ["-r", "8000", "-c", "1", "-e", "a-law", "-t", "raw"]
    subprocess.run(["sox", "-t", "wav", "-", *shape, str(path)], input=said, capture_output=True, check=True)


def _scenario() -> str:
    """The telephone, as SIPp reads it: what it does follows the last two digits of the called number."""
    via = "[last_Via:]\n[last_From:]\n[last_To:];tag=[pid]T[call_number]\n[last_Call-ID:]\n[last_CSeq:]\n"
    contact = "Contact: <sip:[local_ip]:[local_port]>\n"
    sdp = (
        "v=0\no=u 1 1 IN IP4 [local_ip]\ns=-\nc=IN IP4 [media_ip]\nt=0 0\nm=audio [media_port] RTP/AVP 8 101\n"
        "a=rtpmap:8 PCMA/8000\na=rtpmap:101 telephone-event/8000\n"
    )
    finals = {BUSY: "486 Busy Here", UNKNOWN: "404 Not Found", TRUNK_FULL: "503 Service Unavailable",
              REJECTS: "603 Decline"}  # fmt: skip

    def send(first: str, head: str = via, extra: str = "", body: str = "", attributes: str = "") -> str:
        length = "[len]" if body else "0"
        return f"<send{attributes}><![CDATA[\n{first}\n{head}{extra}Content-Length: {length}\n\n{body}\n]]></send>\n"

    def request(method: str, number: int, extra: str = "", body: str = "") -> str:
        """One of the telephone's own, inside the call."""
        first = f"{method} [$rc] SIP/2.0"
        head = (
            "Via: SIP/2.0/UDP [local_ip]:[local_port];branch=[branch]\nFrom:[$rt];tag=[pid]T[call_number]\n"
            f"To:[$rf]\n[last_Call-ID:]\nCSeq: {number} {method}\nMax-Forwards: 70\n"
        )
        return send(first, head, extra, body, ' retrans="500"')

    def speak(name: str) -> str:
        return f'<nop><action><exec rtp_stream="{name}.alaw,1,8,PCMA/8000"/></action></nop>\n'

    text = '<?xml version="1.0" encoding="UTF-8"?>\n<scenario name="telephone">\n'
    text += '<recv request="INVITE" rrs="true"><action>\n'
    for name, header, pattern in (
        ("rf", "From:", ".*"), ("rt", "To:", ".*"), ("rc", "Contact:", "sip:[^&gt;]*"), ("tail", "To:", "[0-9][0-9]@"),
    ):  # fmt: skip
        text += f'<ereg regexp="{pattern}" search_in="hdr" header="{header}" assign_to="{name}"/>\n'
    for tail in (*finals, RINGS_OUT, PRESSES_9, MACHINE, HANGS_UP):
        text += f'<strcmp assign_to="c{tail}" variable="tail" value="{tail}@"/>'
        text += f'<test assign_to="is{tail}" variable="c{tail}" compare="equal" value="0"/>\n'
    text += "</action></recv>\n"
    for tail in (*finals, RINGS_OUT):
        text += f'<nop next="L{tail}" test="is{tail}"/>\n'
    text += send("SIP/2.0 180 Ringing", extra=contact) + '<pause milliseconds="200"/>\n'
    ok = contact + "Content-Type: application/sdp\n"
    text += send("SIP/2.0 200 OK", extra=ok, body=sdp, attributes=' retrans="500"') + '<recv request="ACK"/>\n'
    for tail in (PRESSES_9, MACHINE, HANGS_UP):
        text += f'<nop next="L{tail}" test="is{tail}"/>\n'
    text += '<nop next="wait"/>\n'
    key = request("INFO", 3, "Content-Type: application/dtmf-relay\n", "Signal=9\nDuration=160")
    text += f'<label id="L{PRESSES_9}"/>\n{speak("human")}<pause milliseconds="2500"/>\n{key}<recv response="200"/>\n'
    text += '<nop next="wait"/>\n'
    text += f'<label id="L{MACHINE}"/>\n{speak("machine")}<nop next="wait"/>\n'
    text += f'<label id="L{HANGS_UP}"/>\n{speak("human")}<pause milliseconds="2500"/>\n{request("BYE", 2)}'
    text += '<recv response="200" next="end"/>\n'
    text += '<label id="wait"/>\n<recv request="BYE" timeout="90000"/>\n'
    text += send("SIP/2.0 200 OK", attributes=' next="end"')
    for tail, line in finals.items():
        text += f'<label id="L{tail}"/>\n' + send(f"SIP/2.0 {line}") + '<recv request="ACK" next="end"/>\n'
    text += f'<label id="L{RINGS_OUT}"/>\n' + send("SIP/2.0 180 Ringing", extra=contact) + '<recv request="CANCEL"/>\n'
    gone = via.replace("[last_CSeq:]", "CSeq: [cseq] INVITE")
    text += send("SIP/2.0 200 OK") + send("SIP/2.0 487 Request Terminated", head=gone)
    return text + '<recv request="ACK" next="end"/>\n<label id="end"/>\n</scenario>'
