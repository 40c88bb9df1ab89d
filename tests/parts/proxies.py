"""nginx and Caddy with the configurations of the documentation, on loopback, as a user without rights."""

from __future__ import annotations

import os
import re
import shutil
import socket
import ssl
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.attack.searching import no_key_in
from tests.parts.visitor import HOST, Visitor

DEPLOYING = Path(__file__).resolve().parents[2] / "docs" / "deploying.md"
NOBODY = 65534


def documented(language: str) -> str:
    """The one code block of a language in docs/deploying.md."""
    (code,) = re.findall(
        rf"^```{language}\n(.*?)^```$", DEPLOYING.read_text("utf-8"), re.DOTALL | re.MULTILINE
    )
    return str(code)


@contextmanager
def nginx(server: int, *, behind_another: bool = False) -> Iterator[Visitor]:
    """The documentation's nginx in front of a server.

    :param server: its port.
    :param behind_another: with what the documentation changes where a CDN stands before it.
    """
    config = documented("nginx")
    if behind_another:
        (adding,) = re.findall(r"`(proxy_set_header X-Forwarded-For [^`]+)`", DEPLOYING.read_text("utf-8"))
        config = _exchanged(config, ("proxy_set_header X-Forwarded-For $remote_addr;", adding))
    with _folder() as folder:
        port = _free_port()
        site = _exchanged(
            config,
            ("listen 443 ssl", f"listen 127.0.0.1:{port} ssl"),
            ("widget.example.org", HOST),
            ("/etc/ssl/widget.pem", f"{folder}/cert.pem"),
            ("/etc/ssl/widget.key", f"{folder}/key.pem"),
            ("127.0.0.1:8000", f"127.0.0.1:{server}"),
        )
        kinds = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
        places = "".join(f"{kind}_temp_path {folder}/{kind};\n" for kind in kinds)
        (folder / "nginx.conf").write_text(
            f"daemon off; worker_processes 1; pid {folder}/pid; error_log stderr;\n"
            f"events {{ worker_connections 1024; }}\n"
            f"http {{ access_log off;\n{places}\n{site}\n}}\n"
        )
        command = [_program("nginx"), "-p", str(folder), "-e", "stderr", "-c", f"{folder}/nginx.conf"]
        with _running(command, folder, port):
            yield Visitor(port, tls=_trusting(folder))


@contextmanager
def caddy(server: int) -> Iterator[Visitor]:
    """The documentation's Caddy in front of a server.

    :param server: its port.
    """
    with _folder() as folder:
        port = _free_port()
        program = _program("caddy")
        config = _exchanged(
            documented("caddy"),
            ("{\n    servers", "{\n    admin off\n    auto_https disable_redirects\n    servers"),
            (
                "widget.example.org {",
                f"https://{HOST}:{port} {{\n bind 127.0.0.1\n tls {folder}/cert.pem {folder}/key.pem",
            ),
            ("127.0.0.1:8000", f"127.0.0.1:{server}"),
        )
        said = subprocess.run([program, "version"], capture_output=True, text=True, check=True).stdout
        version = tuple(int(part) for part in re.findall(r"\d+", said)[:3])
        if () < version < (2, 6, 4):  # as docs/deploying.md says; a build from source may not know its own
            config = re.sub(r"request_buffers \w+", "buffer_requests", config)
        (folder / "Caddyfile").write_text(config)
        command = [program, "run", "--adapter", "caddyfile", "--config", f"{folder}/Caddyfile"]
        with _running(command, folder, port):
            yield Visitor(port, tls=_trusting(folder))


PROXIES: dict[str, Callable[[int], object]] = {"nginx": nginx, "caddy": caddy}


def _exchanged(text: str, *pairs: tuple[str, str]) -> str:
    """What only holds on a machine of its own exchanged for what holds here; all else as documented."""
    for written, here in pairs:
        assert written in text, f"docs/deploying.md has no {written!r} any more"
        text = text.replace(written, here)
    return text


@contextmanager
def _folder() -> Iterator[Path]:
    """With a certificate in it."""
    folder = Path(tempfile.mkdtemp(prefix="vaani-widget-proxy-"))
    try:
        key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"]
        names = ["-subj", f"/CN={HOST}", "-addext", f"subjectAltName=DNS:{HOST}"]
        files = ["-keyout", f"{folder}/key.pem", "-out", f"{folder}/cert.pem"]
        made = subprocess.run(
            [_program("openssl"), "req", "-x509", *key, *names, *files], capture_output=True, text=True
        )
        assert made.returncode == 0, made.stderr
        if os.getuid() == 0:
            for path in (folder, *folder.iterdir()):
                os.chown(path, NOBODY, NOBODY)
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def _running(command: list[str], folder: Path, port: int) -> Iterator[None]:
    if os.getuid() == 0:
        user = [f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups"]
        command = [_program("setpriv"), *user, "--", *command]
    places = {"HOME": str(folder), "XDG_DATA_HOME": str(folder), "XDG_CONFIG_HOME": str(folder)}
    log = folder / "log"
    with log.open("wb") as out:
        process = subprocess.Popen(
            command, cwd="/", env={"PATH": os.environ["PATH"], **places}, stdout=out, stderr=out
        )
    try:
        until = time.monotonic() + 30
        while not _listens(port):
            assert process.poll() is None, log.read_text(errors="replace")
            assert time.monotonic() < until, log.read_text(errors="replace")
            time.sleep(0.02)
        yield
    finally:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(10)
        no_key_in("the proxy's log", log.read_bytes())


def _trusting(folder: Path) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=str(folder / "cert.pem"))


def _program(name: str) -> str:
    found = shutil.which(name) or shutil.which(name, path="/usr/sbin:/usr/local/sbin")
    assert found, f"these tests need {name}: run make setup"
    return found


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
