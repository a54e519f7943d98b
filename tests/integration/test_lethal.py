"""A repository that ends the whole process twice starts last and parked; the others are served."""

from __future__ import annotations

import signal
import subprocess
import sys
from typing import TYPE_CHECKING

from tests.parts.api_client import eventually
from tests.parts.stage import config_map

if TYPE_CHECKING:
    from pathlib import Path

    from alumiini_py.controlplane.plane import ControlPlane
    from tests.parts.stage import Stage


def test_the_third_start_serves_the_others_and_says_why_one_waits(
    stage: Stage, control_plane: ControlPlane, tmp_path: Path
) -> None:
    stage.repository("deadly", files={"deadly.yaml": config_map("deadly")})
    calm = stage.repository("calm", files={"calm.yaml": config_map("calm")})
    stage.follow("deadly")
    command = [sys.executable, "-m", "tests.parts.lethal", stage.url("deadly"), str(tmp_path / "data")]
    command += [str(control_plane.kubeconfig), stage.namespace]

    ends = [subprocess.run(command, capture_output=True, timeout=60, check=False) for _ in range(2)]
    stage.follow("calm")
    third = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        stage.until_synced(calm.head(), "calm")
        message = stage.until_failed("WorkerCrashed", "deadly")["message"]
        eventually(lambda: third.poll() is None, "it goes on")
    finally:
        third.kill()
        third.wait(30)

    assert [end.returncode for end in ends] == [-signal.SIGSEGV, -signal.SIGSEGV]
    assert message.startswith(
        "the whole process ended more than once in a sync of this repository; it starts again at 20"
    )
    assert stage.value("deadly") is None
