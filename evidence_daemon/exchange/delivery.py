"""Files are handed over: into a folder, or by SFTP to the one server whose key we know.

Each file arrives whole or not at all (another name first, then renamed), and may be handed over again: what is
there already with the same bytes is left, what is there with other bytes is not overwritten.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Callable, Sequence
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from evidence_daemon.config import BatchesConfig
from evidence_daemon.errors import BadConfig, LoginRefused, Permanent, Temporary
from evidence_daemon.exchange import forms
from evidence_daemon.store.batches import ExportedFile

if TYPE_CHECKING:
    from asyncssh import SFTPClient

_PATIENCE_SECONDS = 60
"""For a whole delivery: the largest batch has some megabytes."""


def hand_over(
    settings: BatchesConfig,
    files: Sequence[ExportedFile],
    *,
    folder: Callable[[str], Path],
    secret: Callable[[str], str],
) -> str:
    """Deliver by the settings; where to, in words, or "" when nothing is set up.

    `folder` makes a path of a setting, `secret` reads the secret that a setting names.  Raises `Temporary` when the
    server cannot be reached, `LoginRefused` when it does not let us in, `Permanent` when it shows another key than
    ours or has other bytes under the same name, `BadFile` when the folder cannot be written, `BadConfig`.
    """
    match settings.delivery:
        case "none":
            return ""
        case "folder":
            directory = folder(settings.folder)
            into_folder(directory, files)
            return str(directory)
        case "sftp":
            asyncio.run(_by_sftp(settings, files, secret))
            return f"sftp://{settings.sftp_host}:{settings.sftp_port}/{settings.sftp_folder.strip('/')}"


def into_folder(directory: Path, files: Sequence[ExportedFile]) -> None:
    """Write the files into a folder, which is made when it is missing."""
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    for file in files:
        path = directory / file.name
        if path.is_file():
            _same_or_refuse(file, path.read_bytes(), str(path))
        else:
            forms.write(path, file.content)


def _same_or_refuse(file: ExportedFile, there: bytes, where: str) -> None:
    if hashlib.sha256(there).hexdigest() != file.sha256:
        raise Permanent(f"{where} is there already with other bytes: look at it, and move it away")


async def _by_sftp(settings: BatchesConfig, files: Sequence[ExportedFile], secret: Callable[[str], str]) -> None:
    import asyncssh

    try:
        pinned = asyncssh.import_public_key(settings.sftp_host_key)
    except asyncssh.KeyImportError as trouble:
        raise BadConfig(f"batches.sftp_host_key: not a public key (ssh-ed25519 AAAA…): {trouble}") from trouble
    login: dict[str, object] = {"password": None, "client_keys": None}
    if settings.sftp_key_file:
        try:
            login["client_keys"] = [asyncssh.import_private_key(secret(settings.sftp_key_file) + "\n")]
        except asyncssh.KeyImportError as trouble:
            raise BadConfig(f"batches.sftp_key_file: not a private key: {trouble}") from trouble
    else:
        login["password"] = secret(settings.sftp_password_file)
    try:
        async with asyncio.timeout(_PATIENCE_SECONDS):
            async with (
                asyncssh.connect(
                    settings.sftp_host,
                    settings.sftp_port,
                    username=settings.sftp_user,
                    known_hosts=([pinned], [], []),
                    agent_path=None,
                    config=None,
                    connect_timeout=15,
                    **login,
                ) as connection,
                connection.start_sftp_client() as client,
            ):
                for file in files:
                    await _put(client, PurePosixPath(settings.sftp_folder or "."), file)
    except asyncssh.HostKeyNotVerifiable as trouble:
        raise Permanent(
            f"{settings.sftp_host} shows another key than the one in batches.sftp_host_key: nothing was sent"
        ) from trouble
    except asyncssh.PermissionDenied as trouble:
        raise LoginRefused(f"{settings.sftp_host} refused the login of {settings.sftp_user}") from trouble
    except (OSError, TimeoutError, asyncssh.Error) as trouble:
        raise Temporary(f"{settings.sftp_host}: the files were not delivered: {trouble}") from trouble


async def _put(client: SFTPClient, folder: PurePosixPath, file: ExportedFile) -> None:
    target, draft = str(folder / file.name), str(folder / f".{file.name}.part")
    if await client.exists(target):
        async with client.open(target, "rb") as there:
            _same_or_refuse(file, await there.read(), target)
        return
    async with client.open(draft, "wb") as part:
        await part.write(file.content)
    await client.rename(draft, target)
