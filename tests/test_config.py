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
        fault.startswith("config.toml:2: mailbox.hots: there is no such setting; did you mean 'host'?")
        for fault in faults
    )
    assert any(fault.startswith("config.toml:3: mailbox.port:") for fault in faults)
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
        Config().mailbox.port = 1  # type: ignore[misc]
