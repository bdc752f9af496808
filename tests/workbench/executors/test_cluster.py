"""Is a cluster reached only in ways that are safe, and does it survive the death of its workers?"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import dask
import psutil
import pytest
from distributed import LocalCluster, Security

from interlith.errors import MissingDependency, StudyError
from interlith.workbench.executors import cluster as cluster_module
from interlith.workbench.executors import remote
from interlith.workbench.executors.addresses import allowed_address
from interlith.workbench.executors.cluster import Cluster
from interlith.workbench.running.jobs import Job
from tests.conftest import REPOSITORY
from tests.workbench.executors import toys
from tests.workbench.executors.conftest import gone
from tests.workbench.executors.toys import toy


def fileless(key: str, what: str = "echo", **options: Any) -> Job:
    """A toy without raw files, which somebody else's workers would have to see."""
    return Job(key, "cycling", "summary", f"cell {key}", options={"what": what, **options})


@pytest.mark.parametrize(
    ("address", "allowed"),
    [
        ("tcp://127.0.0.1:8786", "tcp://127.0.0.1:8786"),
        ("tcp://127.8.9.10:8786", "tcp://127.8.9.10:8786"),
        ("tcp://localhost:8786", "tcp://127.0.0.1:8786"),
        ("tcp://[::1]:8786", "tcp://[::1]:8786"),
        ("tcp://[::ffff:127.0.0.1]:8786", None),
    ],
)
def test_without_tls_only_the_own_loop_is_reached_by_number(address: str, allowed: str | None) -> None:
    found = allowed_address(address)
    assert found == allowed or (allowed is None and "127.0.0.1" in found)


def test_a_name_that_leads_elsewhere_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    numbers = [(2, 1, 6, "", ("127.0.0.1", 0)), (2, 1, 6, "", ("192.0.2.1", 0))]
    monkeypatch.setattr("socket.getaddrinfo", lambda *_, **__: numbers)
    with pytest.raises(StudyError, match="is not this machine"):
        allowed_address("tcp://localhost:8786")


def test_without_dask_the_message_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cluster_module, "find_spec", lambda name: None)
    with pytest.raises(MissingDependency, match=r"pip install 'interlith\[cluster\]'"):
        Cluster(tmp_path)


def test_nobody_answers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cluster_module, "CONNECT_LIMIT", 1.0)
    with pytest.raises(StudyError, match="no dask scheduler answers"), Cluster(tmp_path, "tcp://127.0.0.1:9") as pool:
        pool.prepare(1)


@pytest.fixture
def somebodys(findable: None) -> Iterator[LocalCluster]:
    """A cluster that somebody else runs on this machine."""
    remote.fingerprint.cache_clear()  # the sources may be older here than for a worker that starts now
    with LocalCluster(
        n_workers=1, threads_per_worker=2, processes=True, host="127.0.0.1", dashboard_address="127.0.0.1:0", memory_limit=0,
        silence_logs=50,
    ) as found:  # fmt: skip
        yield found


def test_an_address_is_checked_and_does_jobs(somebodys: LocalCluster, tmp_path: Path, monkeypatch: Any) -> None:
    address = somebodys.scheduler_address
    terms = {"time_limit": 5.0, "memory_limit": 10**9, "perform": toys.PERFORM}
    with Cluster(tmp_path / "store", address, **terms) as pool:
        found = list(pool.run([fileless(f"{number}") for number in range(20)] + [fileless("bad", "segfault")]))
        assert sorted(done.fate for done in found) == ["crashed"] + ["done"] * 20
        assert list((tmp_path / "store").glob("seen-*")) == []
        pids = {done.documents[done.key]["pid"] for done in found if done.fate == "done"}
        with pytest.raises(StudyError, match=r"does not see /data/cells/x.ndax"):
            list(pool.run([toy("x")]))
        answers = pool.run([fileless("long", "sleep", seconds=30), fileless("short")])
        pids.add(next(answers).documents["short"]["pid"])
        answers.close()
    assert all(gone(pid) for pid in pids)  # the cluster goes on, our children do not
    with Cluster(tmp_path / "store", address, **terms) as pool:
        monkeypatch.setattr(remote, "fingerprint", lambda: "interlith sources 0000")
        with pytest.raises(StudyError, match="install the same versions there"):
            list(pool.run([fileless("a")]))
        monkeypatch.undo()
        monkeypatch.setattr(Path, "write_text", lambda *_, **__: Path.touch(_[0]))
        with pytest.raises(StudyError, match="does not see the store"):
            list(pool.run([fileless("a")]))


def test_a_killed_dask_worker_costs_nothing(findable: None, tmp_path: Path) -> None:
    notes = tmp_path / "notes"
    notes.mkdir()
    with Cluster(tmp_path / "store", workers=2, perform=toys.PERFORM) as pool:
        jobs = [toy(f"{number}", "sleep", seconds=0.1, notes=str(notes)) for number in range(30)]
        keys, kills = [], 0
        for done in pool.run(jobs):
            keys.append(done.key)
            assert done.fate == "done"
            if len(keys) == 5:
                worker = psutil.Process(done.documents[done.key]["pid"]).parent()
                (child,) = [one for one in worker.children() if "executors.worker" in " ".join(one.cmdline())]
                worker.kill()
                kills += 1
                assert gone(child.pid)
        assert sorted(keys, key=int) == [job.key for job in jobs]
        assert kills == 1


_PARENT = """
import sys
from pathlib import Path
from interlith.workbench.executors.cluster import Cluster
from tests.workbench.executors import toys
if __name__ == "__main__":
    pool = Cluster(Path(sys.argv[1]), workers=2, perform=toys.PERFORM)
    jobs = [toys.toy(str(n), "sleep" if n > 1 else "echo", seconds=20) for n in range(10)]
    for done in pool.run(jobs):
        print(done.key, flush=True)
"""


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGINT])
def test_nothing_of_an_own_cluster_outlives_its_parent(tmp_path: Path, how: signal.Signals) -> None:
    (tmp_path / "parent.py").write_text(_PARENT)
    with subprocess.Popen(
        [sys.executable, str(tmp_path / "parent.py"), str(tmp_path / "store")], stdout=subprocess.PIPE,
        stderr=subprocess.PIPE, text=True, cwd=REPOSITORY, start_new_session=True,
    ) as parent:  # fmt: skip
        parent.stdout.readline()
        parent.stdout.readline()
        time.sleep(0.3)
        below = psutil.Process(parent.pid).children(recursive=True)
        assert sum("executors.worker" in " ".join(one.cmdline()) for one in below) == 2
        began = time.monotonic()
        if how is signal.SIGINT:
            os.killpg(parent.pid, how)  # as a terminal does: to all of its group
        else:
            parent.kill()
        words = parent.communicate(timeout=15)[1]
        assert time.monotonic() - began < 5.0
        assert all(gone(one.pid) for one in below)
        assert how is signal.SIGKILL or words.rstrip().endswith("KeyboardInterrupt")
        assert words.count("Traceback") == (how is signal.SIGINT), words


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """A certificate for 127.0.0.1 that vouches for itself, made for this test."""
    if shutil.which("openssl") is None:
        pytest.skip("the command openssl is absent: no certificates for this test")
    folder = tmp_path_factory.mktemp("tls")
    cert, key = folder / "cert.pem", folder / "key.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
         "-keyout", str(key), "-out", str(cert), "-subj", "/CN=interlith-test", "-addext", "subjectAltName=IP:127.0.0.1"],
        check=True, capture_output=True,
    )  # fmt: skip
    return {"ca": str(cert), "cert": str(cert), "key": str(key)}


def test_tls_connects_with_certificates_and_is_refused_without(
    certificates: dict[str, str], findable: None, tmp_path: Path
) -> None:
    ca, cert, key = certificates["ca"], certificates["cert"], certificates["key"]
    security = Security(
        require_encryption=True, tls_ca_file=ca, tls_client_cert=cert, tls_client_key=key, tls_scheduler_cert=cert,
        tls_scheduler_key=key, tls_worker_cert=cert, tls_worker_key=key,
    )  # fmt: skip
    remote.fingerprint.cache_clear()
    with LocalCluster(
        n_workers=1, threads_per_worker=1, processes=True, host="127.0.0.1", protocol="tls://", security=security,
        dashboard_address="127.0.0.1:0", memory_limit=0, silence_logs=50,
    ) as somebodys:  # fmt: skip
        address = somebodys.scheduler_address
        assert address.startswith("tls://")
        with pytest.raises(StudyError, match="ca-file is not set"):
            Cluster(tmp_path, address)
        words = {"ca-file": ca, "client.cert": cert, "client.key": key}
        with dask.config.set({f"distributed.comm.tls.{word}": path for word, path in words.items()}):
            with Cluster(tmp_path / "store", address, perform=toys.PERFORM) as pool:
                assert {done.fate for done in pool.run([fileless(f"{number}") for number in range(5)])} == {"done"}
            with (
                dask.config.set({"distributed.comm.tls.client.cert": str(tmp_path / "absent.pem")}),
                pytest.raises(StudyError, match=r"names .*absent.pem, which is no file"),
            ):
                Cluster(tmp_path, address)
