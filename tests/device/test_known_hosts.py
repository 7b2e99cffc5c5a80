"""known_hosts is read as OpenSSH reads it; ssh-keygen -F is the judge of names."""

from __future__ import annotations

import base64
import subprocess

import pytest

from frrgen.transport.known_hosts import known

KEY = base64.b64encode(b"\0\0\0\x0bssh-ed25519\0\0\0 " + bytes(32)).decode()
OTHER = base64.b64encode(b"\0\0\0\x0bssh-ed25519\0\0\0 " + bytes(31) + b"\1").decode()


def blob(key):
    return base64.b64decode(key)


@pytest.mark.parametrize(
    ("hosts", "name"),
    [
        ("r1", "r1"),
        ("r1", "R1"),
        ("R1", "r1"),
        ("r1,192.0.2.1", "192.0.2.1"),
        ("*.example.net", "r1.example.net"),
        ("*.example.net,!r1.example.net", "r1.example.net"),
        ("!r1.example.net,*.example.net", "r2.example.net"),
        ("r?", "r1"),
        ("r?", "r12"),
        ("*", "anything"),
        ("2001:db8::1", "2001:db8::1"),
        ("r1", "r2"),
    ],
)
def test_a_name_is_meant_where_ssh_keygen_says_so(tmp_path, hosts, name):
    file = tmp_path / "known_hosts"
    file.write_text(f"{hosts} ssh-ed25519 {KEY}\n")
    judged = subprocess.run(["ssh-keygen", "-F", name, "-f", file], capture_output=True, check=False)
    assert bool(known([file.read_text()], name).keys) == (judged.returncode == 0)


def test_a_hashed_name_is_found(tmp_path):
    file = tmp_path / "known_hosts"
    file.write_text(f"[r1]:2222 ssh-ed25519 {KEY}\n")
    subprocess.run(["ssh-keygen", "-H", "-f", file], capture_output=True, check=True)
    assert "|1|" in file.read_text()
    assert known([file.read_text()], "r1", 2222).keys == [("ssh-ed25519", blob(KEY))]
    assert not known([file.read_text()], "r1").keys


def test_a_host_on_another_port_is_known_by_its_name_alone_if_by_nothing_else():
    text = f"r1 ssh-ed25519 {KEY}\n"
    assert known([text], "r1", 2222).keys
    text += f"[r1]:2222 ssh-ed25519 {OTHER}\n"
    assert known([text], "r1", 2222).keys == [("ssh-ed25519", blob(OTHER))]


def test_several_keys_of_a_type_markers_and_bad_lines():
    text = (
        f"# a comment\n\nr1 ssh-ed25519 {KEY} first\nr1 ssh-ed25519 {OTHER}\nr1 ssh-ed25519 !!!\nr1\n"
        f"@cert-authority * ssh-ed25519 {KEY}\n@revoked * ssh-ed25519 {OTHER}\n"
    )
    found = known([text], "r1")
    assert [key for _, key in found.keys] == [blob(KEY), blob(OTHER)]
    assert found.revoked == {blob(OTHER)}
    assert not known([text], "r2").keys


def test_algorithms_of_known_keys_come_first():
    found = known([f"r1 ssh-rsa {KEY}\n"], "r1")
    offered = ["ssh-ed25519", "rsa-sha2-512", "rsa-sha2-256"]
    assert found.algorithms(offered) == ["rsa-sha2-512", "rsa-sha2-256", "ssh-ed25519"]
