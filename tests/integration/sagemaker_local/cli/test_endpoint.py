"""An endpoint that runs for a door: found, started once, left alone, and refused clearly."""

from __future__ import annotations

import os
import signal
import socket
import threading
import time
from dataclasses import replace
from pathlib import Path

import pytest

from sagemaker_local.cli.endpoint import RunningEndpoint, ensure_up, find
from sagemaker_local.cli.process import stop
from sagemaker_local.cli.state_lock import holder
from sagemaker_local.errors import EndpointError, PortInUse, StateLocked
from sagemaker_local.settings import HOST, Settings
from tests.integration.sagemaker_local.cli.conftest import COMMAND
from tests.integration.sagemaker_local.conftest import client, free_port


def test_endpoint_is_started_on_demand_and_found_again(settings: Settings) -> None:
    assert find(settings) is None

    started = ensure_up(settings, COMMAND)

    assert started == RunningEndpoint(
        settings.url, "eu-west-1", "000000000000", settings.root, holder(settings.root) or 0
    )
    assert find(settings) == started
    assert ensure_up(settings, COMMAND) == started
    assert find(replace(settings, port=free_port())) == started


def test_two_callers_at_once_get_the_same_endpoint(settings: Settings) -> None:
    found: list[RunningEndpoint] = []
    callers = [threading.Thread(target=lambda: found.append(ensure_up(settings, COMMAND))) for _ in range(4)]

    for caller in callers:
        caller.start()
    for caller in callers:
        caller.join()

    assert len(found) == 4
    assert len(set(found)) == 1


def test_port_of_another_program_is_refused_by_number(settings: Settings) -> None:
    with socket.socket() as other:
        other.bind((HOST, settings.port))
        other.listen()

        with pytest.raises(PortInUse, match=f"The port {settings.port} on 127.0.0.1 cannot be used.*--port"):
            ensure_up(settings, COMMAND)

    assert find(settings) is None
    assert holder(settings.root) is None


def test_port_of_another_root_is_refused(shared: Settings, tmp_path: Path) -> None:
    with pytest.raises(PortInUse, match=f"The port {shared.port}"):
        ensure_up(replace(shared, root=tmp_path / "other"), COMMAND)


def test_second_endpoint_on_a_root_is_refused(settings: Settings) -> None:
    first = ensure_up(settings, COMMAND)
    (settings.root / "endpoint.json").unlink()
    os.kill(first.pid, signal.SIGSTOP)
    try:
        from sagemaker_local.cli.process import start

        with pytest.raises(StateLocked, match=rf"Another endpoint \(process {first.pid}\) works on the state folder"):
            start(replace(settings, port=free_port()), COMMAND)
    finally:
        os.kill(first.pid, signal.SIGCONT)


def test_endpoint_of_another_region_is_refused(shared: Settings) -> None:
    with pytest.raises(EndpointError, match="runs for region 'eu-west-1', not 'us-east-1'"):
        ensure_up(replace(shared, region="us-east-1"), COMMAND)


def test_endpoint_that_cannot_start_says_why(settings: Settings) -> None:
    with pytest.raises(EndpointError, match=r"ended with code 1: .*No module named.*endpoint\.log"):
        ensure_up(settings, (COMMAND[0], "-m", "tests.fakes.no_such_module"))


def test_stop_lets_the_endpoint_end_in_order(settings: Settings) -> None:
    ensure_up(settings, COMMAND)

    assert stop(settings.root)

    assert find(settings) is None
    assert holder(settings.root) is None
    assert not {"endpoint.json", "endpoint.token"} & {path.name for path in settings.root.iterdir()}
    assert not stop(settings.root)


def test_stop_ends_an_endpoint_that_hangs(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    from sagemaker_local.cli import client as http_client, process

    started = ensure_up(settings, COMMAND)
    monkeypatch.setattr(http_client, "_TIMEOUT_SECONDS", 0.2)
    monkeypatch.setattr(process, "_STOP_SECONDS", 0.3)
    os.kill(started.pid, signal.SIGSTOP)

    assert stop(settings.root)

    assert holder(settings.root) is None


def test_process_id_in_a_stale_file_is_never_killed(settings: Settings) -> None:
    settings.root.mkdir()
    (settings.root / "endpoint.json").write_text(f'{{"pid": {os.getpid()}, "port": {settings.port}}}')
    (settings.root / "endpoint.lock").touch()

    assert not stop(settings.root)


def test_endpoint_outlives_a_kill_of_its_predecessor(settings: Settings) -> None:
    killed = ensure_up(settings, COMMAND)
    os.kill(killed.pid, signal.SIGKILL)
    while holder(settings.root) is not None:
        time.sleep(0.01)

    started = ensure_up(settings, COMMAND)

    assert started.pid != killed.pid
    assert started.url == killed.url


def test_endpoint_has_one_listener_on_this_machine_only(shared: Settings) -> None:
    started = ensure_up(shared, COMMAND)
    client("s3", started.url).list_buckets()

    assert _listeners(started.pid) == [("127.0.0.1", shared.port)]


def test_endpoint_process_has_no_credentials_of_the_user(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_PROFILE", "production")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "of the user")

    started = ensure_up(settings, COMMAND)

    environment = Path(f"/proc/{started.pid}/environ").read_bytes()
    assert b"production" not in environment
    assert b"of the user" not in environment


def _listeners(pid: int) -> list[tuple[str, int]]:
    """Read the listening TCP sockets of one process from the kernel's tables."""
    inodes = set()
    for descriptor in Path(f"/proc/{pid}/fd").iterdir():
        target = str(descriptor.readlink())
        if target.startswith("socket:["):
            inodes.add(target[8:-1])
    found = []
    for table, width in (("tcp", 8), ("tcp6", 32)):
        for line in Path(f"/proc/{pid}/net/{table}").read_text().splitlines()[1:]:
            fields = line.split()
            if fields[3] == "0A" and fields[9] in inodes:
                address, _, port = fields[1].partition(":")
                host = socket.inet_ntoa(bytes.fromhex(address)[::-1]) if width == 8 else address
                found.append((host, int(port, 16)))
    return found
