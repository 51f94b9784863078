from __future__ import annotations

from pathlib import Path

import pytest

from evidence_daemon import config as configuration
from evidence_daemon.config import Config
from evidence_daemon.errors import BadConfig

ROOT = Path(__file__).resolve().parents[1]


def _faults(text: str) -> list[str]:
    with pytest.raises(BadConfig) as refused:
        configuration.parse(text, Path("config.toml"))
    return refused.value.faults


def test_the_example_file_is_what_the_classes_say() -> None:
    assert (ROOT / "config.example.toml").read_text("utf-8") == configuration.example(), "run: make example"


def test_the_example_holds_the_defaults_and_nothing_else() -> None:
    parsed = configuration.parse(configuration.example(), Path("config.toml"))
    assert parsed.model_dump() == Config().model_dump()


def test_every_option_is_described_in_a_sentence() -> None:
    for section in configuration.sections().values():
        assert section.__doc__
        for name, info in section.model_fields.items():
            assert info.description and info.description.endswith("."), f"{section.__name__}.{name}"


def test_all_faults_are_told_at_once_with_line_and_key() -> None:
    faults = _faults('[mailbox]\nhots = "x"\nport = "many"\n[smpt]\nhost = "y"\n[documents]\nmax_pages = 0\n')
    assert len(faults) == 4
    assert any(
        fault.startswith("config.toml:2: mailboxes.0.hots: there is no such setting; did you mean 'host'?")
        for fault in faults
    )
    assert any(fault.startswith("config.toml:3: mailboxes.0.port:") for fault in faults)
    assert any("config.toml:4: smpt: there is no such section; did you mean 'smtp'?" in fault for fault in faults)
    assert any(fault.startswith("config.toml:7: documents.max_pages:") for fault in faults)


def test_broken_toml_names_the_line() -> None:
    assert "line 2" in _faults("[mailbox]\nhost = \n")[0]


def test_an_unreadable_file_is_a_clear_fault(tmp_path: Path) -> None:
    with pytest.raises(BadConfig, match=r"nothing\.toml: cannot be read"):
        configuration.load(tmp_path / "nothing.toml")


@pytest.mark.parametrize("section", ["mailbox", "smtp"])
def test_plain_text_logins_leave_this_machine_never(section: str) -> None:
    assert any("loopback" in fault for fault in _faults(f'[{section}]\nhost = "mail.example.ec"\nsecurity = "none"\n'))
    configuration.parse(f'[{section}]\nhost = "127.0.0.1"\nsecurity = "none"\n', Path("config.toml"))


def test_a_secret_that_anybody_may_read_is_refused(tmp_path: Path) -> None:
    secret = tmp_path / "imap_password"
    secret.write_text("secreto\n")
    secret.chmod(0o644)
    config = configuration.parse("", tmp_path / "config.toml")
    with pytest.raises(BadConfig, match=f"chmod 600 {secret}"):
        config.secret("imap_password")
    secret.chmod(0o600)
    assert config.secret("imap_password") == "secreto"


def test_credentials_of_systemd_come_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for place, text in (("beside", "beside"), ("credentials", "from systemd")):
        (tmp_path / place).mkdir()
        file = tmp_path / place / "imap_password"
        file.write_text(text)
        file.chmod(0o400)
    config = configuration.parse("", tmp_path / "beside" / "config.toml")
    assert config.secret("imap_password") == "beside"
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path / "credentials"))
    assert config.secret("imap_password") == "from systemd"


def test_a_missing_secret_says_where_it_was_looked_for(tmp_path: Path) -> None:
    config = configuration.parse("", tmp_path / "config.toml")
    with pytest.raises(BadConfig, match=str(tmp_path / "imap_password")):
        config.secret("imap_password")


def test_a_frozen_configuration_cannot_be_changed() -> None:
    with pytest.raises(ValueError, match="frozen"):
        Config().smtp.port = 1  # type: ignore[misc]


# ── several mailboxes ────────────────────────────────────────────────────────────────────────────


def test_one_mailbox_may_be_written_short() -> None:
    for header in ("[mailbox]", "[mailboxes]", "[[mailboxes]]"):
        config = configuration.parse(f'{header}\nname = "quejas"\n', Path("config.toml"))
        assert [mailbox.name for mailbox in config.mailboxes] == ["quejas"]


def test_several_mailboxes_of_both_kinds_keep_their_order() -> None:
    text = '[[mailboxes]]\nname = "b"\n[[mailboxes]]\nname = "a"\nkind = "maildir"\npath = "Maildir"\n'
    config = configuration.parse(text, Path("config.toml"))
    assert [(mailbox.name, mailbox.kind) for mailbox in config.mailboxes] == [("b", "imap"), ("a", "maildir")]


@pytest.mark.parametrize(
    ("text", "faults"),
    [
        ("mailboxes = []\n", ["1: mailboxes: there must be one"]),
        ('[[mailboxes]]\nkind = "pop3"\n', ['1: mailboxes.0: kind: expected "imap" or "maildir"']),
        (
            '[[mailboxes]]\n[[mailboxes]]\nport = 0\n[[mailboxes]]\nname = "posventa"\n',
            [
                "3: mailboxes.1.port: Input should be greater than or equal to 1 (found 0)",
                "2: mailboxes.1.name: another block has this name already (found 'posventa')",
                "5: mailboxes.2.name: another block has this name already (found 'posventa')",
            ],
        ),
        (
            '[[mailboxes]]\nkind = "maildir"\nhost = "x"\n',
            ["1: mailboxes.0.path: Field required", "3: mailboxes.0.host: there is no such setting; known here: name,"],
        ),
        ('[mailbox]\n[[mailboxes]]\nname = "b"\n', ["1: mailbox: there is [[mailboxes]] too; write all as that"]),
        (
            '[[mailboxes]]\noauth = "x"\n[smtp]\noauth = "y"\n[[oauth]]\nname = "z"\nprovider = "google"\n',
            [
                "5: oauth.0.client_id: Field required",
                "2: mailboxes.0.oauth: there is no [[oauth]] block with this name (found 'x')",
                "4: smtp.oauth: there is no [[oauth]] block with this name (found 'y')",
            ],
        ),
        (
            '[[oauth]]\nname = "z"\nprovider = "other"\nclient_id = "c"\ntoken_url = "http://x.ec/t"\n',
            ["5: oauth.0.token_url: must begin with https://"],
        ),
        ('[[oauth]]\nname = "z"\nprovider = "other"\nclient_id = "c"\n', ["1: oauth.0: provider = "]),
        (
            '[[oauth]]\nname = "z"\nprovider = "microsoft"\nclient_id = "c"\ngrant = "client_credentials"\n',
            ["1: oauth.0: grant = "],
        ),
    ],
)
def test_faults_of_blocks_are_told_all_at_once_each_with_its_line(text: str, faults: list[str]) -> None:
    found = _faults(text)
    assert len(found) == len(faults), found
    for fault, begins in zip(found, faults, strict=True):
        assert fault.startswith(f"config.toml:{begins}")
