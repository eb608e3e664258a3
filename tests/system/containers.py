"""Containers without a Docker engine and without an image registry: podman with all that it keeps in a folder of its own.

The base image is a stand-in under the official one's name: the same Debian and the same Python, from Debian's packages.
The containers of one `Containers` share a network that leads nowhere, so what they listen on is theirs alone.
"""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

ROOT: Final = Path(__file__).parents[2]
DEPLOY: Final = ROOT / "deploy"

BASE: Final = "docker.io/library/python:3.13-slim-trixie"
PROGRAMS: Final = {
    "podman": "podman",
    "runc": "runc",
    "mmdebstrap": "mmdebstrap",
    "ip": "iproute2",
    "iptables": "iptables",
    "/usr/lib/podman/netavark": "netavark",
    "/usr/lib/podman/aardvark-dns": "aardvark-dns",
    "/usr/libexec/podman/catatonit": "catatonit",
}
"""Each program that is needed, and its Debian package: the last five for pods in a network with names."""

AUTHORITIES: Final = "/etc/ssl/certs/ca-certificates.crt"
"""Debian's: whom this machine believes, a proxy among them if there is one."""

LONGEST: Final = 420.0
"""Seconds for one command: making the base image takes one minute on an idle machine."""

# No new limits and no systemd: neither may be had in a container or a small virtual machine that itself runs the tests.
_CONTAINERS: Final = """\
[containers]
default_ulimits = ["nofile=20000:20000", "nproc=20000:20000"]
[engine]
cgroup_manager = "cgroupfs"
events_logger = "file"
runtime = "runc"
[network]
network_backend = "netavark"
network_config_dir = "{folder}/networks"
"""
_STORAGE: Final = """\
[storage]
driver = "overlay"
graphroot = "{folder}/images"
runroot = "{folder}/running"
[storage.options.overlay]
skip_mount_home = "true"
"""

_APART: Final = """\
ip link set lo up
for name in netns containers; do mkdir -p /run/$name && mount -t tmpfs none /run/$name || exit; done
echo there
exec sleep infinity"""
"""Where podman keeps the networks of pods, and the names in them, is of one `Containers` alone."""

_BARE: Final = ("man", "doc", "locale")
"""Of /usr/share: what slim images are without."""

_ASK: Final = """\
import json, sys, urllib.request
method, url, headers, body = json.load(sys.stdin)
request = urllib.request.Request(url, method=method, headers=headers, data=body.encode() if body else None)
try:
    answer = urllib.request.urlopen(request, timeout=10)
except urllib.error.HTTPError as error:
    answer = error
except OSError:
    print("[0, null]")
    sys.exit()
text = answer.read().decode()
print(json.dumps([answer.status, text]))
"""


def forbidden() -> str:
    """Why this machine lets nobody run containers, whatever is installed; empty if it does."""
    tried = subprocess.run(["unshare", "--mount", "--net", "--pid", "--fork", "true"], capture_output=True, check=False)  # noqa: S607 - Debian's
    return f"no containers here: {tried.stderr.decode().strip()}" if tried.returncode else ""


def lacking() -> str:
    """What must be installed, or who one must be, to run containers here; empty if nothing is lacking."""
    absent = [package for program, package in PROGRAMS.items() if shutil.which(program) is None]
    if absent:
        return f"no containers here: apt-get install --no-install-recommends {' '.join(absent)}"
    return "" if os.geteuid() == 0 else "making a base image takes root"


class Containers:
    """Images and running containers in *folder*, which is empty; `end` comes before it goes."""

    def __init__(self, folder: Path) -> None:
        (folder / "containers.conf").write_text(_CONTAINERS.format(folder=folder))
        (folder / "storage.conf").write_text(_STORAGE.format(folder=folder))
        self._folder = folder
        self._started: list[str] = []
        self._inside: tuple[str, ...] = ()
        self._environment = {
            **os.environ,
            "CONTAINERS_CONF": str(folder / "containers.conf"),
            "CONTAINERS_STORAGE_CONF": str(folder / "storage.conf"),
            "BUILDAH_ISOLATION": "chroot",
            "ENGINE": "podman",
            "SSL_CERT_FILE": os.environ.get("SSL_CERT_FILE", AUTHORITIES),
            "SOURCE_DATE_EPOCH": "1767225600",  # a commit in between changes nothing
        }

    def stand_in(self) -> None:
        """Make the base image."""
        tar = self._folder / "base.tar"
        self._call(
            ["mmdebstrap", "--quiet", "--variant=minbase", "--components=main"]
            + ["--include=python3,python3-venv,ca-certificates"]
            + [f"--dpkgopt=path-exclude=/usr/share/{name}/*" for name in _BARE]
            + ['--customize-hook=rm -f "$1"/etc/resolv.conf "$1"/etc/hostname']
            + ['--customize-hook=ln -s /usr/bin/python3 "$1"/usr/local/bin/python']
            + [BASE.rpartition("-")[2], str(tar)]
        )
        self.podman("import", str(tar), BASE)
        tar.unlink()

    def build(self, target: str, *options: str) -> str:
        """Build the image of *target* as anybody would; its name. With options (a tag first): another one."""
        return self._call([str(DEPLOY / "build-image"), target, *options]).splitlines()[-1]

    def inspect(self, image: str) -> dict[str, Any]:
        """All that podman knows of *image*."""
        found: list[dict[str, Any]] = json.loads(self.podman("image", "inspect", image))
        return found[0]

    def start(
        self,
        name: str,
        image: str,
        *arguments: str,
        beside: "Container | None" = None,
        network: str = "none",
        entrypoint: str | None = None,
        environment: Mapping[str, str] | None = None,
        folders: Mapping[Path, str] | None = None,
        writable: Sequence[str] = (),
    ) -> "Container":
        """Run *image* as Kubernetes would: nothing to write to but /tmp and its volumes, no privileges, no other network.

        Args:
            name: of the container.
            image: its image.
            arguments: in place of the image's own.
            beside: the container whose network it shares; None gives it one of its own,
            network: or this one.
            entrypoint: in place of the image's own.
            environment: in addition to the image's.
            folders: (and files) of this machine, to be read where the container expects them.
            writable: where it has new volumes.

        """
        self._started.append(name)
        network = f"container:{beside.name}" if beside else network
        told = [f"--env={key}={value}" for key, value in (environment or {}).items()]
        told += [f"--volume={here}:{there}:ro" for here, there in (folders or {}).items()]
        told += [f"--volume={folder}" for folder in writable]
        told += [f"--entrypoint={entrypoint}"] if entrypoint else []
        self.podman(
            *("run", "--detach", f"--name={name}", f"--network={network}", "--read-only", "--tmpfs=/tmp"),
            *("--cap-drop=ALL", "--security-opt=no-new-privileges", "--memory=256m"),
            *told,
            *(image, *arguments),
        )
        return Container(self, name)

    def podman(self, *arguments: str, told: str = "", and_errors: bool = False) -> str:
        """Call podman; what it printed."""
        return self._call(["podman", *arguments], told, and_errors=and_errors)

    def compose(self, *arguments: str) -> None:
        """Call podman-compose, which is a Python package."""
        self._call([str(Path(sys.executable).with_name("podman-compose")), *arguments])

    @contextmanager
    def networks(self) -> Iterator[None]:
        """Meanwhile containers may have networks in which they know each other by name, out of sight of this machine's."""
        with subprocess.Popen(["unshare", "--mount", "--net", "sh", "-c", _APART], stdout=subprocess.PIPE) as apart:  # noqa: S607 - Debian's
            assert apart.stdout
            apart.stdout.readline()  # it is there
            self._inside = ("nsenter", f"--target={apart.pid}", "--mount", "--net")
            try:
                yield
            finally:
                self._inside = ()
                apart.kill()

    def settle(self, network: str) -> None:
        """Let the bridge of *network*, which has a container by now, keep its hardware address whoever joins or goes.

        Else it takes the lowest of theirs; what a container has learned before is wrong then, for up to 100 s it reaches no
        server of names (https://github.com/containers/netavark/pull/833, which Debian 12 does not have).
        """
        bridge = json.loads(self.podman("network", "inspect", network))[0]["network_interface"]
        (link,) = json.loads(self._call(["ip", "-json", "link", "show", bridge]))
        self._call(["ip", "link", "set", bridge, "address", link["address"]])

    def end(self) -> None:
        """End what runs; the folder may go then."""
        for name in reversed(self._started):  # those that share another's network go before it
            self.podman("rm", "--force", "--ignore", "--volumes", "--time=0", name)

    def _call(self, command: Sequence[str], told: str = "", *, and_errors: bool = False) -> str:
        done = subprocess.run(
            [*self._inside, *command],
            check=False,
            cwd=ROOT,
            env=self._environment,
            input=told,
            capture_output=True,
            text=True,
            timeout=LONGEST,
        )
        assert done.returncode == 0, (
            f"{' '.join(command)}: {done.returncode}\n{done.stdout[-4000:]}{done.stderr[-4000:]}"
        )
        return done.stdout + done.stderr if and_errors else done.stdout


class Container:
    """One that runs."""

    def __init__(self, containers: Containers, name: str) -> None:
        self.name = name
        self._containers = containers

    def run(self, *command: str, told: str = "") -> str:
        """Run *command* inside; what it printed."""
        try:
            return self._containers.podman("exec", "--interactive", self.name, *command, told=told).strip()
        except AssertionError as error:
            raise AssertionError(f"{error}\n{self.name} wrote:\n{self.log()}") from None

    def ask(self, method: str, url: str, body: object = None, **headers: str) -> tuple[int, Any]:
        """Ask *url* from inside; the status, and the body if it is JSON. Status 0: nobody answers."""
        given = [method, url, {"content-type": "application/json", **headers}, json.dumps(body) if body else ""]
        status, text = json.loads(self.run("python", "-c", _ASK, told=json.dumps(given)))
        try:
            return status, json.loads(text)
        except (TypeError, ValueError):
            return status, text

    def log(self) -> str:
        """What it wrote."""
        return self._containers.podman("logs", self.name, and_errors=True)

    def stop(self) -> int:
        """Send SIGTERM; the exit code (137 if it had to be killed after half a minute)."""
        self._containers.podman("stop", "--time=30", self.name)
        return int(self._containers.podman("inspect", "--format={{.State.ExitCode}}", self.name))
