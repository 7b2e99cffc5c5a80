"""A login is what it is to OpenSSH: the same configuration, the same keys, the same refusals."""

from __future__ import annotations

import subprocess

import pytest

from frrgen.errors import DeviceError
from frrgen.model.router import Router
from frrgen.platforms.frr.device import FrrDevice

pytestmark = pytest.mark.sample("8.4")


@pytest.fixture
def edge(lab):
    router = lab.router("r1")
    router.start("router bgp 65001\n")
    return router


def shown(lab, more="", **ssh):
    config = lab.ssh_config()
    config.write_text(config.read_text() + more)
    one = FrrDevice(Router(name="r1", ssh=ssh), ssh_config=config)
    try:
        return one.fetch().text
    finally:
        one.close()


@pytest.mark.parametrize(
    "weak",
    [
        "Ciphers 3des-cbc",
        "Ciphers aes128-cbc,aes192-cbc,aes256-cbc",
        "MACs hmac-md5,hmac-md5-96,hmac-sha1-96",
        "KexAlgorithms diffie-hellman-group1-sha1,diffie-hellman-group14-sha1,diffie-hellman-group-exchange-sha1",
    ],
)
def test_a_router_that_can_only_do_what_openssh_refuses_is_refused(lab, edge, weak):
    lab.sshd(edge, weak)
    with pytest.raises(DeviceError, match="r1: "):
        shown(lab)


@pytest.mark.parametrize(
    "line",
    ["Ciphers aes256-ctr", "MACs hmac-sha2-512", "KexAlgorithms ecdh-sha2-nistp384", "HostKeyAlgorithms ssh-ed25519"],
)
def test_what_the_configuration_asks_for_is_agreed_on(lab, edge, line):
    lab.sshd(edge, line)
    assert "router bgp" in shown(lab, f"  {line}\n")


def test_what_the_configuration_asks_for_and_the_router_lacks_is_an_error(lab, edge):
    lab.sshd(edge, "Ciphers aes128-ctr")
    with pytest.raises(DeviceError):
        shown(lab, "  Ciphers aes256-ctr\n")
    with pytest.raises(DeviceError, match="none is known here"):
        shown(lab, "  Ciphers chacha20-poly1305@openssh.com\n")


def test_preferred_authentications_are_honoured(lab, edge):
    lab.sshd(edge)
    with pytest.raises(DeviceError) as caught:
        shown(lab, "  PreferredAuthentications password\n")
    assert caught.value.findings[0].code == "FRR504"


def test_the_tokens_of_a_proxy_command_are_filled_in_and_a_missing_program_is_named(lab, edge):
    lab.sshd(edge)
    script = lab.folder / "relay.py"
    script.write_text(
        "import os, socket, sys, threading\n"
        "s = socket.create_connection((sys.argv[1], int(sys.argv[2])))\n"
        "def up():\n    while data := os.read(0, 65536): s.sendall(data)\n"
        "threading.Thread(target=up, daemon=True).start()\n"
        "while data := s.recv(65536): os.write(1, data)\n"
    )
    assert "router bgp" in shown(lab, f"  ProxyCommand python3 {script} %h %p\n")
    with pytest.raises(DeviceError, match="no program 'nowhere'"):
        _only(lab, "nowhere %h")


def _only(lab, command):
    config = lab.folder / "other_config"
    config.write_text(f"Host r1\n  ProxyCommand {command}\n")
    FrrDevice(Router(name="r1"), ssh_config=config).fetch()


def test_a_revoked_key_is_refused_and_a_marked_authority_is_no_key(lab, edge):
    lab.sshd(edge)
    line = lab.known_hosts.read_text()
    _, kind, key = line.split()
    lab.known_hosts.write_text(f"@cert-authority * {kind} {key}\n")
    with pytest.raises(DeviceError, match="is not known"):
        shown(lab)
    lab.known_hosts.write_text(f"{line}@revoked * {kind} {key}\n")
    with pytest.raises(DeviceError, match="REVOKED"):
        shown(lab)
    lab.known_hosts.write_text(f"nonsense\n{line.split()[0]} {kind} AAAA\n{line}")
    assert "router bgp" in shown(lab)


def test_a_key_with_a_passphrase_opens_with_the_password_of_the_inventory(lab, edge):
    lab.sshd(edge)
    subprocess.run(["ssh-keygen", "-q", "-p", "-P", "", "-N", "a-long-passphrase", "-f", lab.key], check=True)
    with pytest.raises(DeviceError, match="ssh-agent"):
        shown(lab)
    assert "router bgp" in shown(lab, password="a-long-passphrase")


def test_a_router_is_reached_by_ipv6(lab, edge):
    sshd = lab.sshd(edge, "ListenAddress ::1")
    known = lab.known_hosts.read_text().split()
    lab.known_hosts.write_text(f"[::1]:{sshd.port} {known[1]} {known[2]}\n")
    assert "router bgp" in shown_at(lab, "::1", sshd.port)


def shown_at(lab, host, port):
    config = lab.folder / "six_config"
    config.write_text(f"Host *\n  User root\n  IdentityFile {lab.key}\n  UserKnownHostsFile {lab.known_hosts}\n")
    one = FrrDevice(Router(name="r1", ssh={"host": host, "port": port}), ssh_config=config)
    try:
        return one.fetch().text
    finally:
        one.close()
