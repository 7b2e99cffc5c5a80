"""Editors: the real yaml-language-server takes every file that `init` and `import` write, and finds what is wrong."""

from __future__ import annotations

import json
import queue
import shutil
import subprocess
import threading
import time

import pytest

from frrgen.cli import main
from tests.web.browser import of_npm

PATIENCE = 20
RUNNING = """\
frr version 8.4.4
router bgp 65001
 bgp router-id 10.0.0.1
 neighbor 192.0.2.1 remote-as 65002
exit
end
"""


class Server:
    """A language server, and what it finds in each file."""

    def __init__(self, process):
        self.process = process
        self.said = queue.Queue()
        self.found = {}
        self.number = 0
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self):
        out = self.process.stdout
        while header := out.readline():
            length = int(header.split(b":")[1])
            while out.readline().strip():
                pass
            self.said.put(json.loads(out.read(length)))

    def _send(self, **message):
        data = json.dumps({"jsonrpc": "2.0", **message}).encode()
        self.process.stdin.write(b"Content-Length: %d\r\n\r\n%s" % (len(data), data))
        self.process.stdin.flush()

    def tell(self, method, params):
        self._send(method=method, params=params)

    def ask(self, method, params):
        self.number += 1
        self._send(id=self.number, method=method, params=params)

    def until(self, holds):
        """Answer what the server asks until something holds of one of its messages."""
        end = time.monotonic() + PATIENCE
        while True:
            message = self.said.get(timeout=max(0.0, end - time.monotonic()))
            method = message.get("method")
            if method == "workspace/configuration":
                settings = {"yaml": {"validate": True, "schemaStore": {"enable": False}}}
                self._send(
                    id=message["id"],
                    result=[settings.get(one["section"], {}) for one in message["params"]["items"]],
                )
            elif method is not None and "id" in message:
                self._send(id=message["id"], result=None)
            elif method == "textDocument/publishDiagnostics":
                self.found[message["params"]["uri"]] = message["params"]["diagnostics"]
            if holds(message):
                return

    def open(self, path):
        item = {"uri": path.as_uri(), "languageId": "yaml", "version": 1, "text": path.read_text()}
        self.tell("textDocument/didOpen", {"textDocument": item})

    def messages(self, path):
        found = self.found[path.as_uri()]
        return [f"{one['range']['start']['line'] + 1}: {one['message']}" for one in found]


@pytest.fixture
def server(tmp_path):
    program = of_npm("yaml-language-server/bin/yaml-language-server")
    node = shutil.which("node")
    if node is None:
        pytest.skip("node is not installed")
    process = subprocess.Popen(
        [node, program, "--stdio"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        cwd=tmp_path,
    )
    made = Server(process)
    try:
        workspace = {"configuration": True, "workspaceFolders": False}
        made.ask(
            "initialize", {"processId": None, "rootUri": tmp_path.as_uri(), "capabilities": {"workspace": workspace}}
        )
        made.until(lambda one: one.get("id") == 1 and "result" in one)
        made.tell("initialized", {})
        # a file that is opened before the settings are there is not looked at again
        made.until(lambda one: one.get("method") == "workspace/configuration")
        yield made
    finally:
        process.kill()
        process.wait(PATIENCE)
        process.stdin.close()
        process.stdout.close()


def test_an_editor_takes_what_init_and_import_write_and_finds_an_unknown_key(server, tmp_path, capsys):
    (tmp_path / "run.conf").write_text(RUNNING)
    assert main(["init", str(tmp_path / "first")]) == 0
    assert main(["import", "frr", str(tmp_path / "run.conf"), "--name", "r1", "-o", str(tmp_path / "new")]) == 0
    assert main(["-i", str(tmp_path / "new"), "check"]) == 0
    capsys.readouterr()
    good = sorted(
        [*tmp_path.rglob("routers/*.yaml"), *tmp_path.rglob("clusters/*.yaml"), *tmp_path.rglob("network.yaml")]
    )
    assert len(good) >= 6
    bad = [path.with_name(f"bad-{path.name}") for path in good]
    for path, other in zip(good, bad, strict=True):
        text = path.read_text()
        assert text.startswith("# yaml-language-server: $schema="), path
        other.write_text(text.replace("{}\n", "") + "not_a_key: 1\n")
    for path in [*good, *bad]:
        server.open(path)
    server.until(lambda _: all(server.found.get(path.as_uri()) for path in bad))
    assert [(path.name, *server.messages(path)) for path in good if server.messages(path)] == []
    for path in bad:
        assert any("not_a_key" in message for message in server.messages(path)), server.messages(path)
